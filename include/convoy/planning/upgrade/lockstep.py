"""Moves of several components in one moment, where no one of them can go first."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from convoy.planning.upgrade.space import Move, Space, State


def lockstep_moves(
    space: Space, state: State, first: tuple[int, int], active: int, onward: bool, part: Collection[int]
) -> Iterator[Move]:
    """The smallest sets of movers that can go in one moment with ``first``, a mover and where it goes, which cannot go
    alone; ``first`` is the smallest of them. Nothing for strategies under which versions serve side by side.

    Whoever is in the way has to move too, to whichever release is not in the way: those are the only candidates."""
    origin = first[0]
    if not space.movers[origin].at_once(state[0][origin]):
        return
    found: set[Move] = set()
    seen: set[Move] = {(first,)}
    work: list[Move] = [(first,)]
    while work:
        move = work.pop()
        mending = _mending(space, state, move, active)
        if mending is None:
            continue
        if not mending:
            if (
                len(move) > 1
                and space.together(state, move)
                and move not in found
                and _smallest(space, state, move, active)
            ):
                found.add(move)
                yield move
            continue
        for other in mending:
            if other <= origin or other not in part or not space.movers[other].at_once(state[0][other]):
                continue
            for release in space.choices(other, state[0][other], onward):
                larger = tuple(sorted((*move, (other, release))))
                if larger not in seen:
                    seen.add(larger)
                    work.append(larger)


def _mending(space: Space, state: State, move: Move, active: int) -> tuple[int, ...] | None:
    """Movers of which one has to join a move; none if it can be made; None if nothing helps."""
    if space.inner(state, move) & active:
        return None
    for mending, mask in space.outer(state, move):
        if mask & active:
            return mending or None
    return ()


def _smallest(space: Space, state: State, move: Move, active: int) -> bool:
    """Whether no part of a move can go by itself."""
    release = dict(move)
    for start in move:
        part: Move = (start,)
        while len(part) < len(move):
            mending = _mending(space, state, part, active)
            if not mending:
                break
            joining = next((other for other in mending if other in release), None)
            if joining is None:
                break
            part = tuple(sorted((*part, (joining, release[joining]))))
        if len(part) < len(move) and _mending(space, state, part, active) == ():
            return False
    return True
