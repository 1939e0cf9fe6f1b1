"""Movers that have nothing to do with each other are solved apart."""

from __future__ import annotations

from convoy.planning.upgrade.space import Space, Table


def parts_of(space: Space, active: int) -> list[tuple[int, ...]]:
    """The movers in parts, so that no constraint that counts joins two of them. Each sorted, and all by their first."""
    home = list(range(len(space.movers)))

    def root(mover: int) -> int:
        while home[mover] != mover:
            home[mover] = home[home[mover]]
            mover = home[mover]
        return mover

    def join(one: int, other: int) -> None:
        first, second = sorted((root(one), root(other)))
        home[second] = first

    for (one, other), table in (*space.meets.items(), *space.both.items()):
        if root(one) != root(other) and _counts(table, active):
            join(one, other)
    for first, second, mask in space.orders:
        if mask & active:
            join(first, second)
    for versions, constraints in space.formats:
        if constraints & active:
            users = [mover for mover in range(len(space.movers)) if _deals(space, mover, versions)]
            for user in users[1:]:
                join(users[0], user)
    parts: dict[int, list[int]] = {}
    for mover in range(len(space.movers)):
        parts.setdefault(root(mover), []).append(mover)
    return [tuple(parts[first]) for first in sorted(parts)]


def _counts(table: Table, active: int) -> bool:
    return any(cell & active for row in table for cell in row)


def _deals(space: Space, mover: int, versions: int) -> bool:
    """Whether a mover writes, removes, or in some release cannot read one of these versions of a format."""
    if any(mask & versions for mask in (*space.writes[mover], *space.removes[mover])):
        return True
    return any(stored & versions for release in space.reads[mover] for stored, _ in release)
