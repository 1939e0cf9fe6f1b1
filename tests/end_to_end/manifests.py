"""Manifests for the end-to-end tests, built from a few words."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SERVICE = Path(__file__).with_name("service.py")
HEALTH = "{interval: 250ms, healthyStateDuration: 500ms, maxElasticDuration: 20s}"
ERRORS = (
    "{name: error-rate, interval: 500ms, count: 2, successCondition: {max: 0.05}, "
    'scrape: {ratio: [{counter: app_requests_total, where: {code: "5.."}}, {counter: app_requests_total}]}}'
)


def environment(name: str, target: str = "{kind: processes}", extra: str = "") -> str:
    """An Environment document."""
    return f"---\napiVersion: convoy/v1\nkind: Environment\nname: {name}\ntarget: {target}\n{extra}"


def component(
    name: str,
    *,
    depends_on: tuple[str, ...] = (),
    replicas: int = 1,
    versions: dict[str, dict[str, Any]] | None = None,
    metrics: bool = True,
    irreversible: tuple[str, ...] = (),
    extra: str = "",
) -> str:
    """A Component that runs the test service; ``versions`` gives each version's BEHAVIOUR."""
    lines = [
        "---",
        "apiVersion: convoy/v1",
        "kind: Component",
        f"name: {name}",
        f"dependsOn: [{', '.join(depends_on)}]",
        f"workload: {{command: [{json.dumps(sys.executable)}, {json.dumps(str(SERVICE))}], replicas: {replicas}}}",
        f"gates: {{health: {HEALTH}, metrics: [{ERRORS if metrics else ''}]}}",
    ]
    if versions:
        lines.append("versions:")
        for version, behaviour in versions.items():
            text = json.dumps(json.dumps(behaviour))
            back = ", reversible: false" if version in irreversible else ""
            lines.append(f'  "{version}": {{workload: {{env: {{BEHAVIOUR: {text}}}}}{back}}}')
    return "\n".join(lines) + "\n" + extra


def external(name: str, *, depends_on: tuple[str, ...] = ()) -> str:
    """A Component that a command target moves."""
    return (
        f"---\napiVersion: convoy/v1\nkind: Component\nname: {name}\ndependsOn: [{', '.join(depends_on)}]\n"
        "workload: {kind: external}\n"
    )


def rollout(name: str, where: str, changes: dict[str, tuple[str | None, str]], extra: str = "") -> str:
    """A Rollout document; ``changes`` maps each component to its versions."""
    lines = [
        "---",
        "apiVersion: convoy/v1",
        "kind: Rollout",
        f"name: {name}",
        f"environment: {where}",
        "components:",
    ]
    for component_name, (before, after) in changes.items():
        start = f"from: {before}, " if before else ""
        lines.append(f"  {component_name}: {{{start}to: {after}}}")
    return "\n".join(lines) + "\n" + extra


@dataclass
class Scenario:
    """One test's environment, components and rollout, with names of its own."""

    place: str
    parts: dict[str, str] = field(default_factory=dict)
    target: str = "{kind: processes}"
    environment_extra: str = ""

    def name(self, short: str) -> str:
        """Component names are unique across all manifests: the full name of a component."""
        return f"{self.place[:28].strip('-')}-{short}"

    def names(self, *short: str) -> list[str]:
        """Several full names."""
        return [self.name(one) for one in short]

    @property
    def dag_id(self) -> str:
        """The rollout's DAG."""
        return f"rollout.{self.place}.{self.place}"

    def service(self, short: str, needs: str = "", **more: Any) -> Scenario:
        """Add a component that runs the test service; ``needs`` are short names, separated by spaces."""
        self.parts[short] = component(self.name(short), depends_on=tuple(self.names(*needs.split())), **more)
        return self

    def moved(self, short: str, needs: str = "") -> Scenario:
        """Add a component that a command target moves."""
        self.parts[short] = external(self.name(short), depends_on=tuple(self.names(*needs.split())))
        return self

    def text(self, before: str | None, after: str, extra: str = "", **other: str) -> str:
        """All documents: every component goes from ``before`` to ``after``, or to what ``other`` says."""
        changes = {self.name(short): (before, other.get(short, after)) for short in self.parts}
        return (
            environment(self.place, self.target, self.environment_extra)
            + "".join(self.parts.values())
            + rollout(self.place, self.place, changes, extra)
        )
