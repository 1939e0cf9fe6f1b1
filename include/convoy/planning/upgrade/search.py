"""The search for a way: complete, bounded, fewest moves first.

A* over states, with the bound of :mod:`convoy.planning.upgrade.bound`. Each state is looked at once, in whichever of
the many orders of independent moves it was reached; movers that have nothing to do with each other are solved apart.
Ties are decided by the order of names and versions, so the same contracts always lead to the same way.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from convoy.planning.upgrade.bound import UNREACHABLE, Bound
from convoy.planning.upgrade.lockstep import lockstep_moves
from convoy.planning.upgrade.parts import parts_of
from convoy.planning.upgrade.space import Move, Space, State


class OutOfBudget(Exception):
    """The search looked at as many states as it may. ``closest`` is the state that seemed nearest to the goal."""

    def __init__(self, states: int, closest: State) -> None:
        super().__init__(f"gave up after {states} states")
        self.states = states
        self.closest = closest


@dataclass
class Budget:
    """How many states may be looked at, and how many were."""

    limit: int
    used: int = field(default=0)

    def spend(self, closest: State) -> None:
        """Look at one more. Raises OutOfBudget."""
        if self.used >= self.limit:
            raise OutOfBudget(self.used, closest)
        self.used += 1


def find_way(space: Space, active: int, *, onward: bool, budget: Budget) -> list[Move] | None:
    """The moves of a shortest way from the start to every goal that counts, keeping the constraints that count; None:
    there is none. ``onward``: no detours. Raises OutOfBudget."""
    moves: list[Move] = []
    state = space.start
    for part in parts_of(space, active):
        found = _Part(space, part, active, onward, budget, state).search()
        if found is None:
            return None
        for move in found:
            state = space.after(state, move)
        moves += found
    return moves


class _Part:
    """One part of the movers; the others stay where they are, which is not their business."""

    def __init__(
        self, space: Space, part: Sequence[int], active: int, onward: bool, budget: Budget, start: State
    ) -> None:
        self.space, self.part, self.active, self.onward, self.budget = space, part, active, onward, budget
        self.start = start
        self.inside = frozenset(part)
        self.bound = Bound(space, part, active, onward)
        self.goals = sum(space.goals[mover] for mover in part) & active

    def search(self) -> list[Move] | None:
        least = self.bound(self.start[0])
        if least >= UNREACHABLE:
            return None
        cost: dict[State, int] = {self.start: 0}
        came: dict[State, tuple[State, Move]] = {}
        closed: set[State] = set()
        queue: list[tuple[int, int, int, State]] = [(least, least, 0, self.start)]
        closest, nearest = self.start, least
        number = 0
        while queue:
            _, rest, _, state = heapq.heappop(queue)
            if state in closed:
                continue
            closed.add(state)
            if not self.space.unreached(state[0]) & self.goals:
                return _back(came, state)
            if rest < nearest:
                closest, nearest = state, rest
            self.budget.spend(closest)
            for move in self._moves(state):
                following = self.space.after(state, move)
                reached = cost[state] + len(move)
                if following in closed or reached >= cost.get(following, UNREACHABLE):
                    continue
                rest = self.bound(following[0])
                if rest >= UNREACHABLE:
                    continue
                cost[following] = reached
                came[following] = (state, move)
                number += 1
                heapq.heappush(queue, (reached + rest, rest, number, following))
        return None

    def _moves(self, state: State) -> Iterator[Move]:
        """Every move that breaks nothing that counts: single ones first."""
        blocked: list[tuple[int, int]] = []
        for mover in self.part:
            for release in self.space.choices(mover, state[0][mover], self.onward):
                move: Move = ((mover, release),)
                if self.space.broken(state, move) & self.active:
                    blocked.append(move[0])
                else:
                    yield move
        for first in blocked:
            yield from lockstep_moves(self.space, state, first, self.active, self.onward, self.inside)


def _back(came: dict[State, tuple[State, Move]], state: State) -> list[Move]:
    moves: list[Move] = []
    while state in came:
        state, move = came[state]
        moves.append(move)
    return moves[::-1]
