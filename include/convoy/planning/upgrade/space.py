"""The space that is searched: which versions every moving component can have, and what each step would break.

All rules are judged once, when the space is built; the search itself works on integers. A *state* is the index of a
release for every mover, and the versions of data formats that are stored, as bits. A *move* takes one mover to another
release, or several at once where they switch in one moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from convoy.planning.releases import Release
from convoy.planning.upgrade.constraints import Constraint, bits

Versions = tuple[int, ...]
State = tuple[Versions, int]
"""The index of each mover's release, and what is stored."""
Move = tuple[tuple[int, int], ...]
"""Movers and the index of the release that they go to, sorted by mover. Several: in one moment."""
Table = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Mover:
    """A component that the rollout changes. ``releases[0]`` is live (None: it does not exist yet), ``releases[target]``
    is wanted. ``switches``: its strategy does so in one moment; ``stops``: it is down meanwhile. ``onward[a]`` are the
    releases to which it can go from ``a`` without a detour, ``anywhere[a]`` all."""

    name: str
    releases: tuple[Release | None, ...]
    target: int
    switches: bool
    stops: bool
    onward: tuple[tuple[int, ...], ...]
    anywhere: tuple[tuple[int, ...], ...]

    def at_once(self, release: int) -> bool:
        """Whether a move away from this release happens in one moment."""
        return self.switches or self.releases[release] is None

    def migrates(self, release: int) -> bool:
        """Whether a release is a migration of some data."""
        found = self.releases[release]
        return found is not None and any(deal.migrates for deal in found.data.values())


@dataclass(frozen=True)
class Space:
    """The movers and, as masks of constraints, what their moves break.

    ``steps[i][a][b]``: mover ``i`` goes from ``a`` to ``b``: by itself, and beside everything that does not change.
    ``meets[i, j][b][a]``: ``i`` goes to ``b`` while ``j`` stays at ``a``. ``both[i, j][b][c]``: both go, in one moment;
    ``i < j``. Pairs without any such constraint are left out. ``gives[i][a]``: the requirements for which release ``a``
    offers an interface, in whatever version; ``bare[i]``: those of the mover that name no provider. ``reads[i][b]``:
    pairs of a stored version of a format (a bit) and the constraint of the release that it breaks. ``orders``: the
    first mover must not reach its target before the second has. ``goals[i]``: the constraint that wants it there."""

    movers: tuple[Mover, ...]
    constraints: tuple[Constraint, ...]
    steps: tuple[Table, ...]
    meets: Mapping[tuple[int, int], Table]
    both: Mapping[tuple[int, int], Table]
    gives: Table
    writes: Table
    removes: Table
    reads: tuple[tuple[tuple[tuple[int, int], ...], ...], ...]
    orders: tuple[tuple[int, int, int], ...]
    goals: tuple[int, ...]
    stored: int
    bare: tuple[int, ...]
    neighbours: tuple[tuple[int, ...], ...]
    formats: tuple[tuple[int, int], ...]
    """For each format the bits of its versions, and the constraints about it."""
    items: tuple[tuple[str, str], ...]
    """Format and version for each bit of what is stored."""

    @property
    def start(self) -> State:
        """Where everything is before the upgrade."""
        return tuple(0 for _ in self.movers), self.stored

    @property
    def everything(self) -> int:
        """The mask of all constraints."""
        return (1 << len(self.constraints)) - 1

    def choices(self, mover: int, release: int, onward: bool) -> tuple[int, ...]:
        """The releases that a mover can go to."""
        one = self.movers[mover]
        return (one.onward if onward else one.anywhere)[release]

    def meeting(self, mover: int, before: int, release: int, other: int, its: int) -> int:
        """What it breaks that a mover goes to a release while another one stays where it is. What the other one needs
        and the mover offers neither before nor after, it does not break: it is not the one who provides that."""
        mask = self.meets[mover, other][release][its]
        return mask & ~(self.bare[other] & ~self.gives[mover][before] & ~self.gives[mover][release]) if mask else 0

    def after(self, state: State, move: Move) -> State:
        """The state that a move leads to."""
        versions, stored = list(state[0]), state[1]
        for mover, release in move:
            versions[mover] = release
            stored &= ~self.removes[mover][release]
        for mover, release in move:
            stored |= self.writes[mover][release]
        return tuple(versions), stored

    def broken(self, state: State, move: Move) -> int:
        """Every constraint that a move would break."""
        mask = self.inner(state, move)
        for _, found in self.outer(state, move):
            mask |= found
        return mask

    def together(self, state: State, move: Move) -> bool:
        """Whether the strategies let these movers go in one moment. A migration takes its time: whoever goes with it
        has to be down, or not there yet."""
        movers = [(self.movers[mover], state[0][mover]) for mover, _ in move]
        if any(self.movers[mover].migrates(release) for mover, release in move):
            return all(mover.stops or mover.releases[at] is None for mover, at in movers)
        return all(mover.at_once(at) for mover, at in movers)

    def removed_by(self, state: State, move: Move, reader: int) -> int:
        """What is removed before a reader that moves has to read. What it migrates for itself counts only if it is down
        meanwhile: else its first new replica reads before the last one has migrated."""
        mask = 0
        for mover, release in move:
            counts = self.movers[mover].stops and self.movers[mover].releases[state[0][mover]] is not None
            if mover != reader or counts:
                mask |= self.removes[mover][release]
        return mask

    def inner(self, state: State, move: Move) -> int:
        """What a move would break whatever else moved with it."""
        versions = state[0]
        mask = 0
        for position, (mover, release) in enumerate(move):
            mask |= self.steps[mover][versions[mover]][release]
            for other, its in move[position + 1 :]:
                table = self.both.get((mover, other))
                if table is not None:
                    mask |= table[release][its]
        return mask

    def outer(self, state: State, move: Move) -> Iterator[tuple[tuple[int, ...], int]]:
        """What a move would break that others could mend by moving in the same moment: pairs of those, and the mask."""
        versions = state[0]
        moved = dict(move)
        for mover, release in move:
            for other in self.neighbours[mover]:
                if other not in moved:
                    mask = self.meeting(mover, versions[mover], release, other, versions[other])
                    if mask:
                        yield (other,), mask
        for first, second, mask in self.orders:
            arrives = moved.get(first) == self.movers[first].target
            if arrives and moved.get(second, versions[second]) != self.movers[second].target:
                yield (() if second in moved else (second,)), mask
        if any(self.reads[mover][release] for mover, release in move):
            yield from self._unread(state, move)

    def _unread(self, state: State, move: Move) -> Iterator[tuple[tuple[int, ...], int]]:
        moved = dict(move)
        written = 0
        for mover, release in move:
            written |= self.writes[mover][release]
        for mover, release in move:
            stored = (state[1] & ~self.removed_by(state, move, mover)) | written
            for bit, mask in self.reads[mover][release]:
                if stored & bit:
                    mending = (
                        other
                        for other, removes in enumerate(self.removes)
                        if other not in moved and any(removed & bit for removed in removes)
                    )
                    yield tuple(mending), mask

    def named(self, stored: int) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The formats in a mask of what is stored, each with its versions."""
        found: dict[str, tuple[str, ...]] = {}
        for index in bits(stored):
            name, version = self.items[index]
            found[name] = (*found.get(name, ()), version)
        return tuple(sorted(found.items()))

    def unreached(self, versions: Versions) -> int:
        """The goals that a state does not fulfil."""
        mask = 0
        for mover, release, goal in zip(self.movers, versions, self.goals, strict=True):
            if release != mover.target:
                mask |= goal
        return mask
