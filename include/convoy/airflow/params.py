"""The trigger form: reason, dry run, drill, and versions within the proven set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from convoy.airflow.run import NO_DRILL

VERSION_PREFIX = "version."
STAY = "stay"
VERSIONS = "versions"
MOST_DROPDOWNS = 25
"""Airflow copies a DAG's params for each of its tasks: a form with hundreds of fields would make parsing slow."""


@dataclass(frozen=True)
class Request:
    """What the person who triggered the run asked for."""

    reason: str
    dry_run: bool
    drill: str
    versions: dict[str, str]


def choices(published: Mapping[str, Any], component: str) -> list[str]:
    """What the form offers for a component: the planned version, its proven alternatives, and staying where it is."""
    settings = published["components"][component]
    offered = [settings["to"], *published["alternatives"].get(component, [])]
    return list(dict.fromkeys([*offered, STAY]))


def form(published: Mapping[str, Any], gates: list[str]) -> dict[str, Any]:
    """The DAG's params. ``gates`` are the task ids that a drill can make fail."""
    from airflow.sdk import Param

    params: dict[str, Any] = {
        "reason": Param(None, type=["null", "string"], title="Reason", description="Why now; goes into the record."),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Check everything, say what would happen, touch nothing.",
        ),
        "drill": Param(
            NO_DRILL,
            type="string",
            enum=[NO_DRILL, *gates],
            title="Drill",
            description="A gate that shall fail on purpose, to see the rollback.",
        ),
    }
    components = published["components"]
    if len(components) > MOST_DROPDOWNS:
        params[VERSIONS] = Param(
            {},
            type="object",
            additionalProperties={"type": "string"},
            title="Versions",
            description=f"Other proven versions, by component, or {STAY!r}; preflight proves the combination",
            section="Versions",
        )
        return params
    for component in sorted(components):
        offered = choices(published, component)
        params[VERSION_PREFIX + component] = Param(
            components[component]["to"],
            type="string",
            enum=offered,
            title=component,
            description=f"from {components[component]['from'] or 'nothing'}; every choice was proven alone, "
            "and preflight proves the combination",
            section="Versions",
        )
    return params


def read_request(params: Mapping[str, Any], published: Mapping[str, Any]) -> Request:
    """The request of a run. ``stay`` leaves a component out; a component that is unknown stays in, to be refused."""
    others = dict(params.get(VERSIONS) or {})
    versions = {name: version for name, version in others.items() if name not in published["components"]}
    for component, settings in published["components"].items():
        chosen = others.get(component) or params.get(VERSION_PREFIX + component, settings["to"])
        if chosen != STAY:
            versions[component] = chosen
    return Request(
        reason=str(params.get("reason") or ""),
        dry_run=bool(params.get("dry_run", False)),
        drill=str(params.get("drill") or NO_DRILL),
        versions=versions,
    )
