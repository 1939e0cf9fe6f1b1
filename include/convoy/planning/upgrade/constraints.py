"""Single requirements, each with the place where it is written: what a conflict is made of.

The search asks of every step which of them it would break. The answer is a set, kept as the bits of one integer: bit
``n`` stands for the constraint with the index ``n``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

RANGE, FOLLOWS, RETURNS, COEXISTS, EXCLUDES, READS, MIGRATES, RECORD, ORDER, TARGET = (
    "range",
    "follows",
    "returns",
    "coexists",
    "excludes",
    "reads",
    "migrates",
    "record",
    "order",
    "target",
)


@dataclass(frozen=True)
class Constraint:
    """One thing that somebody wrote down. ``kind``: what sort of thing; ``about``: the interface, the format of data or
    the other component that it names; ``sentence``: what it says; ``location``: file:line:col.

    ==============  =========================================================================
    ``range``       the release consumes an interface in this range
    ``follows``     ``upgradesFrom`` of the release
    ``returns``     ``reversible: false`` of the release: nothing goes back from it
    ``coexists``    ``coexists`` of the release
    ``excludes``    ``incompatible`` of the release, with one other component
    ``reads``       what the release reads of a format of data
    ``migrates``    what the release leaves of a format of data
    ``record``      a test has refuted this pair of releases
    ``order``       ``dependsOn`` without a contract, or ``after``
    ``target``      the component has to get to the version that is wanted
    ==============  =========================================================================
    """

    kind: str
    component: str
    version: str | None
    about: str
    sentence: str = field(default="", compare=False)
    location: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.location}: {self.sentence}" if self.location else self.sentence


class Register:
    """Constraints in the order in which they are met for the first time, each with its bit."""

    def __init__(self) -> None:
        self._bits: dict[Constraint, int] = {}

    def bit(self, constraint: Constraint) -> int:
        """The bit of a constraint, as an integer with no other bit set."""
        return 1 << self._bits.setdefault(constraint, len(self._bits))

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """All of them, by index."""
        return tuple(self._bits)


def bits(mask: int) -> Iterator[int]:
    """The indexes of the bits of a mask, smallest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
