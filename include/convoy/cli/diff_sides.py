"""One side of ``convoy diff``: the plans that manifests lead to, or that a JSON file has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convoy.manifest.catalog import LoadResult
    from convoy.manifest.diagnostics import Diagnostic
    from convoy.planning.plan import Plan

Key = tuple[str, str]
"""Rollout and environment; an empty environment stands for all of them."""


class UnreadableSide(Exception):
    """Nothing can be said about a side as a whole."""


@dataclass(frozen=True)
class Side:
    """``names`` are all rollouts and all environments of rollouts that it has, wanted or not. ``unread`` are errors
    that might hide a rollout that is wanted: a document without a readable name could be anything."""

    plans: Mapping[Key, Plan]
    unplannable: Mapping[Key, tuple[Diagnostic, ...]]
    names: tuple[frozenset[str], frozenset[str]]
    unread: tuple[Diagnostic, ...] = ()


def read_side(path: Path, rollout: str | None, environment: str | None) -> Side:
    """The plans of one side, only of this rollout and this environment if they are given. Raises UnreadableSide."""
    if not path.exists():
        raise UnreadableSide(f"{path}: no such file or folder")
    if path.is_file() and path.suffix == ".json":
        return _from_json(path, rollout, environment)
    return _from_manifests(path, rollout, environment)


def _from_manifests(path: Path, rollout: str | None, environment: str | None) -> Side:
    from convoy.manifest.catalog import load
    from convoy.planning.inputs import PlanError, plan_rollout

    loaded = load([path])
    plans: dict[Key, Plan] = {}
    unplannable: dict[Key, tuple[Diagnostic, ...]] = {}
    for name in sorted({*loaded.catalog.rollouts, *loaded.broken}):
        if rollout not in (None, name):
            continue
        if name in loaded.broken:
            unplannable[name, ""] = loaded.broken[name]
            continue
        for place in loaded.catalog.rollouts[name].environment_names:
            if environment in (None, place):
                try:
                    plans[name, place] = plan_rollout(loaded.catalog, name, place)
                except PlanError as error:
                    unplannable[name, place] = error.diagnostics
    known = _names(loaded)
    explained = {diagnostic for reasons in loaded.broken.values() for diagnostic in reasons}
    unread = () if rollout in known[0] else tuple(d for d in loaded.errors if d not in explained)
    return Side(plans, unplannable, known, unread)


def _names(loaded: LoadResult) -> tuple[frozenset[str], frozenset[str]]:
    rollouts = loaded.catalog.rollouts
    places = (place for rollout in rollouts.values() for place in rollout.environment_names)
    return frozenset({*rollouts, *loaded.broken}), frozenset(places)


def _from_json(path: Path, rollout: str | None, environment: str | None) -> Side:
    import json

    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableSide(f"{path}: cannot be read as JSON: {error}") from error
    plans: dict[Key, Plan] = {}
    entries = document if isinstance(document, list) else [document]
    for number, entry in enumerate(entries, 1):
        plan = _plan(entry, f"{path}, plan {number}" if len(entries) > 1 else str(path))
        if (plan.rollout, plan.environment) in plans:
            raise UnreadableSide(f"{path}: two plans of {plan.rollout} in {plan.environment}")
        plans[plan.rollout, plan.environment] = plan
    names = frozenset(name for name, _ in plans), frozenset(place for _, place in plans)
    return Side({k: p for k, p in plans.items() if rollout in (None, k[0]) and environment in (None, k[1])}, {}, names)


def _plan(entry: object, where: str) -> Plan:
    from convoy.planning.plan import Plan

    hint = "write it with `convoy plan ROLLOUT --format json`"
    if not isinstance(entry, dict):
        raise UnreadableSide(f"{where}: not a plan; {hint}")
    try:
        plan = Plan.from_dict(entry)
        digest = plan.digest
    except KeyError as error:
        raise UnreadableSide(f"{where}: not a plan, {error} is missing; {hint}") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise UnreadableSide(f"{where}: not a plan of this version of Convoy, {error}; {hint}") from error
    if entry.get("digest") != digest:
        raise UnreadableSide(
            f"{where}: the digest is {entry.get('digest')}, and what stands there has {digest}: "
            f"it was changed, or another version of Convoy wrote it; {hint}"
        )
    return plan
