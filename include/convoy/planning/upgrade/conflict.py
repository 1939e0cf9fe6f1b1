"""Why there is no way: the smallest set of requirements that no way can keep all of.

By implicit hitting sets. A way that keeps only some constraints breaks some of the others; every conflict has one of
these, for what it keeps is no conflict. So a smallest set that has one of each such set is a candidate, and if there is
no way that keeps it, it is a smallest conflict: every conflict has to hit all of these sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from convoy.planning.upgrade.constraints import Constraint, bits
from convoy.planning.upgrade.hitting import smallest_hitting_set
from convoy.planning.upgrade.search import Budget, OutOfBudget, find_way
from convoy.planning.upgrade.space import Space

MAX_CALLS = 2000
"""How often the search may be asked, before a conflict that may not be the smallest has to do."""


SHORT = 50
"""How many states it is worth to learn more from a way that was found, beside twice the steps of a straight one."""


class Proof(Enum):
    """How much is known of a conflict."""

    SMALLEST = "smallest: no conflict has fewer requirements"
    MINIMAL = "minimal, perhaps not smallest: without any one of them there is a way"
    UNREDUCED = "not minimal, perhaps: the search gave up before it was reduced"


@dataclass(frozen=True)
class Conflict:
    """Requirements that cannot all be kept, in the order of their places."""

    constraints: tuple[Constraint, ...]
    proof: Proof


def smallest_conflict(space: Space, budget: int, calls: int = MAX_CALLS) -> Conflict | None:
    """A smallest conflict; None if there is none, or if none was found in so many searches of so many states.

    It is a proof by itself, also where the space as a whole is too large to be searched: what contradicts itself
    without the other requirements does so with them."""
    try:
        mask = _smallest(space, _Oracle(space, budget, calls))
    except (_Exhausted, OutOfBudget):
        return None
    return None if mask is None else _named(space, mask, Proof.SMALLEST)


def reduced_conflict(space: Space, budget: int, calls: int = MAX_CALLS) -> Conflict:
    """A conflict of a space in which there is no way, with as few requirements as can be told in so many searches."""
    mask, minimal = _reduced(space, _Oracle(space, budget, calls))
    return _named(space, mask, Proof.MINIMAL if minimal else Proof.UNREDUCED)


class _Exhausted(Exception):
    """The search was asked as often as it may be."""


class _Oracle:
    def __init__(self, space: Space, budget: int, calls: int) -> None:
        self.space, self.budget, self.calls = space, budget, calls

    def broken_by_a_way(self, kept: int, most: int | None = None) -> int | None:
        """What some way breaks that keeps these constraints; None: there is no such way. ``most``: how many states this
        is worth. Raises _Exhausted and OutOfBudget."""
        if not self.calls:
            raise _Exhausted
        self.calls -= 1
        way = find_way(self.space, kept, onward=False, budget=Budget(most or self.budget))
        if way is None:
            return None
        state, broken = self.space.start, 0
        for move in way:
            broken |= self.space.broken(state, move)
            state = self.space.after(state, move)
        return broken | self.space.unreached(state[0])


def _smallest(space: Space, oracle: _Oracle) -> int | None:
    to_hit: list[int] = []
    size = 0
    while True:
        candidate = smallest_hitting_set(to_hit, size)
        if candidate is None:
            raise _Exhausted
        size = candidate.bit_count()
        broken = oracle.broken_by_a_way(candidate)
        if broken is None:
            return candidate
        if not broken:
            return None
        to_hit.append(_reduce_broken(space, oracle, broken))


def _reduce_broken(space: Space, oracle: _Oracle, broken: int) -> int:
    """A smaller set that some way breaks and nothing else: the smaller it is, the more it says. Large pieces first:
    most of what a way broke, another one need not break."""
    size = broken.bit_count() // 2
    short = SHORT + 2 * sum(len(mover.releases) for mover in space.movers)
    while size:
        indexes = list(bits(broken))
        for start in range(0, len(indexes), size):
            piece = broken & sum(1 << index for index in indexes[start : start + size])
            if not piece or piece == broken:
                continue
            try:
                fewer = oracle.broken_by_a_way(space.everything & ~broken | piece, short)
            except OutOfBudget:
                continue
            if fewer is not None:
                broken = fewer
        size //= 2
    return broken


def _reduced(space: Space, oracle: _Oracle) -> tuple[int, bool]:
    """A conflict without any constraint that it does not need, as far as the search can tell, and whether it can."""
    mask, minimal = space.everything, True
    # Larger pieces first: most constraints have nothing to do with it.
    size = max(1, mask.bit_count() // 2)
    while True:
        indexes = list(bits(mask))
        for start in range(0, len(indexes), size):
            piece = sum(1 << index for index in indexes[start : start + size])
            try:
                if oracle.broken_by_a_way(mask & ~piece) is None:
                    mask &= ~piece
            except OutOfBudget:
                minimal = minimal and size > 1
            except _Exhausted:
                return mask, False
        if size == 1:
            return mask, minimal
        size = max(1, min(size // 2, mask.bit_count() // 2))


def _named(space: Space, mask: int, proof: Proof) -> Conflict:
    found = [space.constraints[index] for index in bits(mask)]
    return Conflict(tuple(sorted(found, key=_place)), proof)


def _place(constraint: Constraint) -> tuple[str, int, int, str]:
    parts = constraint.location.rsplit(":", 2)
    if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
        return parts[0], int(parts[1]), int(parts[2]), constraint.sentence
    return constraint.location, 0, 0, constraint.sentence
