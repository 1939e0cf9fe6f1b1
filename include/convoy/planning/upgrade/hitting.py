"""The smallest set that has a member of each of some sets."""

from __future__ import annotations

from collections.abc import Sequence

from convoy.planning.upgrade.constraints import bits

TRIALS = 20_000
"""How many partial sets are tried: the question is NP-hard, and large conflicts help nobody."""


def smallest_hitting_set(sets: Sequence[int], at_least: int = 0, trials: int = TRIALS) -> int | None:
    """A smallest mask that shares a bit with every one of these masks, none of which is 0; of several always the same.
    None: it was not found in so many trials. ``at_least``: how many bits it is known to need."""
    search = _Search(trials)
    ordered = sorted(sets, key=lambda mask: (mask.bit_count(), mask))
    size = at_least
    while search.trials:
        found = search.within(ordered, 0, size)
        if found is not None:
            return found
        size += 1
    return None


class _Search:
    def __init__(self, trials: int) -> None:
        self.trials = trials

    def within(self, sets: Sequence[int], chosen: int, more: int) -> int | None:
        """A hitting set with the chosen bits and at most so many more."""
        missed = [mask for mask in sets if not mask & chosen]
        if not missed:
            return chosen
        if not self.trials or more < _apart(missed):
            return None
        self.trials -= 1
        for index in bits(missed[0]):
            found = self.within(missed, chosen | 1 << index, more - 1)
            if found is not None:
                return found
        return None


def _apart(sets: Sequence[int]) -> int:
    """How many of the sets share no bit with each other: each of them needs a bit of its own."""
    count, seen = 0, 0
    for mask in sets:
        if not mask & seen:
            count += 1
            seen |= mask
    return count
