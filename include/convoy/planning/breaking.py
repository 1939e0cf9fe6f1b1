"""What would break a lockstep batch up: the one cell, if there is one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from convoy.planning.arcs import CONTRACT
from convoy.planning.compatibility import UNKNOWN
from convoy.planning.graph import strongly_connected
from convoy.planning.plan import Arc

SEARCH_LIMIT = 200
"""Arcs that are tried at most: the search is linear in the cycle for each of them."""
NOTHING = "no single verification or release would break it up"


def what_would_break(members: tuple[str, ...], arcs: list[Arc]) -> str:
    """A sentence that names the one cell whose verification, or the one release or start order whose change, makes
    single components of a cycle; or says that there is none, with what comes nearest."""
    reasons: defaultdict[tuple[str, str], list[Arc]] = defaultdict(list)
    for arc in arcs:
        reasons[arc.dependent, arc.requirement].append(arc)
    single = [found[0] for _, found in sorted(reasons.items()) if len(found) == 1][:SEARCH_LIMIT]
    rated = [(_largest_without(members, reasons.keys(), arc), _preference(arc), arc) for arc in single]
    if not rated:
        return NOTHING
    largest, _, best = min(rated, key=lambda item: (item[0], item[1], item[2].dependent, item[2].requirement))
    if largest == len(members):
        return NOTHING
    effect = "would break it up" if largest == 1 else f"would make it smaller, {largest} at once"
    if best.kind != CONTRACT:
        return f"`required: false` on {best.dependent}'s dependsOn {best.requirement} {effect}"
    _, _, cell = best.reason.partition(": ")
    if cell.endswith(UNKNOWN):
        return f"declaring or verifying this one cell {effect}: {cell}"
    return f"a release in between that makes this one cell fit (expand, then contract) {effect}: {cell}"


def _largest_without(members: tuple[str, ...], edges: Iterable[tuple[str, str]], arc: Arc) -> int:
    graph: dict[str, list[str]] = {member: [] for member in members}
    for dependent, requirement in edges:
        if (dependent, requirement) != (arc.dependent, arc.requirement):
            graph[dependent].append(requirement)
    return max(len(component) for component in strongly_connected(graph))


def _preference(arc: Arc) -> int:
    """Cheapest remedy first: an optional start order, a verification of what is unknown, a release."""
    if arc.kind != CONTRACT:
        return 0
    return 1 if arc.reason.endswith(UNKNOWN) else 2
