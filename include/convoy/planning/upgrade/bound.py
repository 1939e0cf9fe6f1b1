"""How many moves are still needed at least: what makes the search look in the right direction.

For two movers alone, with only what they themselves and the two of them together require, the least number of moves of
the one is easy to find. It never overestimates: whatever else is required can only make the way longer. The bound of a
state is, for each mover, the largest such number over all its neighbours, and the sum of these over all movers; each
counts moves of its own mover only, so the sum does not overestimate either.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

from convoy.planning.upgrade.space import Space, Versions

UNREACHABLE = 1 << 30


class Bound:
    """The least number of moves from a state to the goals, for some of the movers."""

    def __init__(self, space: Space, part: Collection[int], active: int, onward: bool) -> None:
        self._space, self._active, self._onward = space, active, onward
        self._part = sorted(part)
        inside = set(part)
        self._alone = {mover: self._for_one(mover) for mover in self._part}
        self._pairs = {
            mover: [(other, self._for_two(mover, other)) for other in space.neighbours[mover] if other in inside]
            for mover in self._part
        }

    def __call__(self, versions: Versions) -> int:
        """The bound; at least UNREACHABLE where there is no way."""
        total = 0
        for mover in self._part:
            release = versions[mover]
            most = self._alone[mover][release]
            for other, table in self._pairs[mover]:
                found = table[release][versions[other]]
                if found > most:
                    most = found
            total += most
        return total

    def _done(self, mover: int, release: int) -> bool:
        return not self._space.goals[mover] & self._active or release == self._space.movers[mover].target

    def _for_one(self, mover: int) -> list[int]:
        count = len(self._space.movers[mover].releases)
        before: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        for a in range(count):
            for b in self._space.choices(mover, a, self._onward):
                if not self._space.steps[mover][a][b] & self._active:
                    before[b].append((a, 1))
        return _shortest(before, [release for release in range(count) if self._done(mover, release)])

    def _for_two(self, mover: int, other: int) -> list[list[int]]:
        """The least number of moves of ``mover`` for each pair of releases of the two."""
        space, active = self._space, self._active
        width = len(space.movers[other].releases)
        count = len(space.movers[mover].releases)
        before: list[list[tuple[int, int]]] = [[] for _ in range(count * width)]
        own, its = space.steps[mover], space.steps[other]
        first = mover < other
        both = space.both[(mover, other) if first else (other, mover)]
        for a in range(count):
            for c in range(width):
                goes = [b for b in space.choices(mover, a, self._onward) if not own[a][b] & active]
                follows = [d for d in space.choices(other, c, self._onward) if not its[c][d] & active]
                here = a * width + c
                for b in goes:
                    if not space.meeting(mover, a, b, other, c) & active:
                        before[b * width + c].append((here, 1))
                for d in follows:
                    if not space.meeting(other, c, d, mover, a) & active:
                        before[a * width + d].append((here, 0))
                if space.movers[mover].at_once(a) and space.movers[other].at_once(c):
                    for b in goes:
                        for d in follows:
                            if not (both[b][d] if first else both[d][b]) & active:
                                before[b * width + d].append((here, 1))
        done = [
            a * width + c for a in range(count) for c in range(width) if self._done(mover, a) and self._done(other, c)
        ]
        found = _shortest(before, done)
        return [found[a * width : (a + 1) * width] for a in range(count)]


def _shortest(before: list[list[tuple[int, int]]], goals: list[int]) -> list[int]:
    """The least cost from each node to a goal; ``before`` has the nodes before each one, with costs of 0 or 1."""
    cost = [UNREACHABLE] * len(before)
    work = deque(goals)
    for goal in goals:
        cost[goal] = 0
    while work:
        node = work.popleft()
        for earlier, step in before[node]:
            if cost[node] + step < cost[earlier]:
                cost[earlier] = cost[node] + step
                if step:
                    work.append(earlier)
                else:
                    work.appendleft(earlier)
    return cost
