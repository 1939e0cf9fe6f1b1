"""How long a plan takes: critical path, makespan under a bound on parallelism, and what level barriers would cost."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from convoy.planning.graph import reverse, topological_order


@dataclass(frozen=True)
class Schedule:
    """Expected times in seconds from the start of the run. ``lower_bound`` is the length of the critical path: no
    schedule of these batches can be shorter."""

    start: Mapping[str, float]
    finish: Mapping[str, float]
    critical_path: tuple[str, ...]
    makespan: float
    lower_bound: float


def schedule(
    requires: Mapping[str, Collection[str]], durations: Mapping[str, float], max_parallel: int | None = None
) -> Schedule:
    """List scheduling: whatever is ready starts, longest remaining path first, at most ``max_parallel`` at once.

    Without a bound this is optimal and the makespan is the critical path. Raises ValueError on a cycle."""
    remaining = tails(requires, durations)
    path = _critical_path(requires, remaining)
    waiting = {name: len(set(required)) for name, required in requires.items()}
    dependents = reverse(requires)
    ready = [(-remaining[name], name) for name, count in waiting.items() if not count]
    heapq.heapify(ready)
    running: list[tuple[float, str]] = []
    start: dict[str, float] = {}
    finish: dict[str, float] = {}
    now = 0.0
    while ready or running:
        while ready and (max_parallel is None or len(running) < max_parallel):
            _, name = heapq.heappop(ready)
            start[name], finish[name] = now, now + durations[name]
            heapq.heappush(running, (finish[name], name))
        now, done = heapq.heappop(running)
        for dependent in dependents[done]:
            waiting[dependent] -= 1
            if not waiting[dependent]:
                heapq.heappush(ready, (-remaining[dependent], dependent))
    return Schedule(start, finish, path, max(finish.values(), default=0.0), max(remaining.values(), default=0.0))


def tails(requires: Mapping[str, Collection[str]], durations: Mapping[str, float]) -> dict[str, float]:
    """Seconds from the start of each batch to the end of the longest chain that waits for it, itself included."""
    remaining: dict[str, float] = {}
    dependents = reverse(requires)
    for name in reversed(topological_order(requires)):
        remaining[name] = durations[name] + max((remaining[d] for d in dependents[name]), default=0.0)
    return remaining


def _critical_path(requires: Mapping[str, Collection[str]], remaining: Mapping[str, float]) -> tuple[str, ...]:
    """From a batch that waits for nothing along the longest remainder; the smallest name where several are equal."""
    dependents = reverse(requires)
    path: list[str] = []
    candidates = [name for name, required in requires.items() if not required]
    while candidates:
        step = min(candidates, key=lambda name: (-remaining[name], name))
        path.append(step)
        candidates = dependents[step]
    return tuple(path)


def levels(requires: Mapping[str, Collection[str]]) -> list[tuple[str, ...]]:
    """Batches by the number of batches on the longest chain before them: how tools with waves would run them."""
    depth: dict[str, int] = {}
    for name in topological_order(requires):
        depth[name] = max((depth[r] + 1 for r in requires[name]), default=0)
    found: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in sorted(depth):
        found[depth[name]].append(name)
    return [tuple(names) for names in found]


def level_makespan(
    requires: Mapping[str, Collection[str]], durations: Mapping[str, float], max_parallel: int | None = None
) -> float:
    """The makespan if every level waited for the whole level before it. For comparison only."""
    return sum(
        schedule(dict.fromkeys(level, ()), {name: durations[name] for name in level}, max_parallel).makespan
        for level in levels(requires)
    )
