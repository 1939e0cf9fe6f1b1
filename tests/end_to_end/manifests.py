"""Manifests for the end-to-end tests, built from a few words."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SERVICE = Path(__file__).with_name("service.py")
HEALTH = "{interval: 500ms, healthyStateDuration: 1s, maxElasticDuration: 20s}"
ERRORS = (
    "{name: error-rate, interval: 1s, count: 3, successCondition: {max: 0.05}, "
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
            lines.append(f'  "{version}": {{workload: {{env: {{BEHAVIOUR: {text}}}}}}}')
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
