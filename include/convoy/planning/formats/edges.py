"""The edges between the batches of a plan, each with why it is there and whether it is on the critical path."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from convoy.planning.arcs import CONTRACT, START_ORDER, WISH
from convoy.planning.plan import Arc, Plan

STRENGTH = (CONTRACT, START_ORDER, WISH)
"""Kinds of arcs, the one that binds most first."""


@dataclass(frozen=True)
class Edge:
    """``dependent`` waits for ``requirement``; both are names of batches. ``kind`` is that of the strongest arc.

    ``reasons`` are whole sentences; ``short`` is the first of them in a few words."""

    dependent: str
    requirement: str
    kind: str
    reasons: tuple[str, ...]
    short: str
    critical: bool = False


def edges_of(plan: Plan) -> tuple[Edge, ...]:
    """Every edge between two batches, in the order of the plan. An edge without an arc is shown as a wish."""
    arcs: defaultdict[tuple[str, str], list[Arc]] = defaultdict(list)
    home = {component: batch.name for batch in plan.batches for component in batch.components}
    for arc in plan.arcs:
        arcs[home.get(arc.dependent, ""), home.get(arc.requirement, "")].append(arc)
    path = set(pairwise(plan.critical_path))
    return tuple(
        _edge(batch.name, required, arcs[batch.name, required], (required, batch.name) in path)
        for batch in plan.batches
        for required in batch.requires
    )


def inner_reasons(plan: Plan, batch: str) -> tuple[str, ...]:
    """Why the members of a batch move together, as far as arcs say so."""
    members = set(plan.batch(batch).components)
    found = [arc.reason for arc in plan.arcs if arc.dependent in members and arc.requirement in members]
    return tuple(dict.fromkeys(found))


def short_reason(reason: str) -> str:
    """A reason without its ``x before y:``, which the edge itself says."""
    head, colon, rest = reason.partition(": ")
    return rest if colon and " before " in head else reason


def implied(edges: tuple[Edge, ...], order: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """The edges, as (dependent, requirement), that also hold without being drawn, because a longer way says the same.

    ``order`` has requirements first."""
    requires: defaultdict[str, set[str]] = defaultdict(set)
    for edge in edges:
        requires[edge.dependent].add(edge.requirement)
    number = {name: index for index, name in enumerate(order)}
    # Sets of batches as the bits of one number: quick enough for thousands of them.
    behind: dict[str, int] = {}
    found: set[tuple[str, str]] = set()
    for name in order:
        reached = 0
        for required in sorted(requires[name], key=number.__getitem__, reverse=True):
            if reached >> number[required] & 1:
                found.add((name, required))
            reached |= behind[required] | 1 << number[required]
        behind[name] = reached
    return frozenset(found)


def _edge(dependent: str, requirement: str, arcs: list[Arc], critical: bool) -> Edge:
    ranked = sorted(arcs, key=lambda arc: STRENGTH.index(arc.kind) if arc.kind in STRENGTH else len(STRENGTH))
    reasons = tuple(dict.fromkeys(arc.reason for arc in ranked))
    kind = ranked[0].kind if ranked else WISH
    short = short_reason(reasons[0]) if reasons else ""
    if len(reasons) > 1:
        short += f" (+{len(reasons) - 1})"
    return Edge(dependent, requirement, kind, reasons, short, critical)
