"""``maxParallel``: a bound on how many batches are in transit at once, written into the plan as arcs.

Airflow starts whatever is ready, so the bound has to be part of the graph: batches are dealt to as many lanes as may be
in transit, along the list schedule, and each waits for the one before it in its lane.
"""

from __future__ import annotations

from collections.abc import Mapping

from convoy.planning.arcs import WISH
from convoy.planning.groups import Grouping
from convoy.planning.plan import Arc
from convoy.planning.schedule import schedule


def limit_parallel(grouping: Grouping, durations: Mapping[str, float], limit: int | None) -> Grouping:
    """Add arcs so that never more than ``limit`` groups are in transit. Durations in seconds."""
    if limit is None or limit >= len(grouping.groups):
        return grouping
    planned = schedule(grouping.requires, durations, limit)
    lanes: list[str | None] = [None] * limit
    arcs: list[Arc] = []
    for name, start in planned.start.items():
        required = grouping.requires[name]
        free = [i for i, last in enumerate(lanes) if last is None or planned.finish[last] <= start]
        # A lane whose last batch has to come first anyway costs no further arc, and neither does an empty one.
        lane = min(free, key=lambda i: (lanes[i] not in required, lanes[i] is not None, i))
        last = lanes[lane]
        if last is not None and last not in required:
            reason = f"{last} before {name}: by wish (maxParallel {limit})"
            arcs.append(Arc(grouping.groups[name].members[0], grouping.groups[last].members[0], WISH, reason))
        lanes[lane] = name
    return grouping.with_arcs(tuple(arcs))
