"""What has to move along: forward, for a change that is wanted; backward, for one that has to be undone."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from convoy.planning.arcs import WISH
from convoy.planning.graph import reachable, topological_order
from convoy.planning.plan import Arc, Plan


def change_set(arcs: Iterable[Arc], wanted: Collection[str]) -> frozenset[str]:
    """The least set of changes that contains the wanted ones and is safe: everything that they require. Unique."""
    requires = _graph(arcs, wanted)
    return frozenset(reachable(requires, wanted))


def rollback_set(arcs: Iterable[Arc], undone: Collection[str], done: Collection[str]) -> frozenset[str]:
    """The least set of finished changes that has to go back if these go back: everything done that requires them.

    ``undone`` is part of the answer as far as it was done."""
    requires = _graph(arcs, (*undone, *done))
    present = set(done)
    dependents: dict[str, list[str]] = {name: [] for name in present}
    for name in present:
        for required in requires[name]:
            if required in present:
                dependents[required].append(name)
    return frozenset(reachable(dependents, [name for name in undone if name in present]))


def rollback_batches(plan: Plan, failed: str, done: Collection[str]) -> tuple[str, ...]:
    """The batches that go back when ``failed`` has to, in the order of undoing. ``done`` names finished batches.

    A batch that is being changed when it fails has no finished dependents, so it goes back alone. Raises KeyError."""
    plan.batch(failed)
    present = {*done, failed}
    dependents: dict[str, list[str]] = {name: [] for name in present}
    group_of = {component: batch.name for batch in plan.batches for component in batch.components}
    for arc in plan.arcs:
        dependent, requirement = group_of[arc.dependent], group_of[arc.requirement]
        if arc.kind != WISH and {dependent, requirement} <= present and dependent != requirement:
            dependents[requirement].append(dependent)
    back = reachable(dependents, [failed])
    return tuple(name for name in plan.rollback_order if name in back)


def in_order(arcs: Iterable[Arc], components: Collection[str]) -> tuple[str, ...]:
    """These components, requirements first. Raises ValueError where the arcs among them form a cycle."""
    requires = _graph(arcs, components)
    inside = set(components)
    return tuple(topological_order({name: [r for r in requires[name] if r in inside] for name in sorted(inside)}))


def _graph(arcs: Iterable[Arc], more: Iterable[str]) -> dict[str, list[str]]:
    """Proven arcs only: a wish is no reason for anything to move."""
    requires: dict[str, list[str]] = {name: [] for name in more}
    for arc in arcs:
        if arc.kind != WISH:
            requires.setdefault(arc.dependent, []).append(arc.requirement)
            requires.setdefault(arc.requirement, [])
    return requires
