"""Points of no return come last: behind everything that does not have to wait for them."""

from __future__ import annotations

from collections.abc import Collection

from convoy.planning.arcs import WISH
from convoy.planning.graph import reachable, reverse, topological_order
from convoy.planning.groups import Grouping
from convoy.planning.plan import Arc


def postpone(grouping: Grouping, irreversible: Collection[str]) -> Grouping:
    """Add arcs so that a group with a point of no return waits for every group that can be done before it.

    What must come after such a group stays after it. Several of them keep the order of their arcs; between two that
    know no order there is none."""
    pending = {name for name, group in grouping.groups.items() if not set(group.members).isdisjoint(irreversible)}
    if not pending or len(grouping.groups) == 1:
        return grouping
    dependents = reverse(grouping.requires)
    behind = reachable(dependents, pending)
    first = set(grouping.groups) - behind
    # Waiting for the last of them is waiting for all of them.
    last = sorted(name for name in first if not first.intersection(dependents[name]))
    arcs: list[Arc] = []
    for name in topological_order(grouping.requires):
        if name not in pending:
            continue
        already = reachable(grouping.requires, [name])
        point = next(m for m in grouping.groups[name].members if m in irreversible)
        arcs += [
            Arc(
                point,
                grouping.groups[before].members[0],
                WISH,
                f"{before} before {name}: there is no way back from {point}, so it comes as late as it can",
            )
            for before in last
            if before not in already
        ]
    return grouping.with_arcs(tuple(arcs))
