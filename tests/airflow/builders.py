"""Published rollouts for tests, compiled from small manifests."""

from __future__ import annotations

from pathlib import Path

from convoy.airflow.compile import compile_rollouts
from convoy.airflow.published import Published

HEADER = "---\napiVersion: convoy/v1\n"
METRIC = "{name: errors, scrape: {gauge: {gauge: errors}}, interval: 1s, count: 2, successCondition: {max: 1}}"


def component(name: str, depends_on: str = "", extra: str = "") -> str:
    """A Component document."""
    return (
        f"{HEADER}kind: Component\nname: {name}\ndependsOn: [{depends_on}]\n"
        f"workload: {{command: [serve], replicas: 4}}\n{extra}"
    )


def rollout(name: str, components: str, extra: str = "") -> str:
    """A Rollout document in ``local``, all of the components (separated by spaces) from 1.0.0 to 2.0.0."""
    changes = "".join(f"  {component}: {{from: 1.0.0, to: 2.0.0}}\n" for component in components.split())
    return f"{HEADER}kind: Rollout\nname: {name}\nenvironment: local\ncomponents:\n{changes}{extra}"


def shop() -> str:
    """db <- api <- web and db <- jobs; api is a canary, web has a metric."""
    canary = "strategy: {type: canary, steps: [{setWeight: 25}, {pause: {duration: 5s}}, {analysis: true}]}\n"
    return (
        component("db")
        + component("api", "db", canary + f"gates: {{health: {{}}, metrics: [{METRIC}]}}\n")
        + component("jobs", "db")
        + component("web", "api", f"gates: {{metrics: [{METRIC}]}}\n")
    )


def published(folder: Path, text: str) -> Published:
    """The only rollout of a manifest, compiled."""
    (folder / "m.yaml").write_text(text)
    compiled = compile_rollouts(folder)
    assert not compiled.errors, compiled.errors
    (only,) = compiled.rollouts
    return only
