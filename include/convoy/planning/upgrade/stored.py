"""Persisted data on the way: which versions of a format can be stored, who adds and removes them, and who reads them.

What was written stays until a migration removes it, also over several hops; so it is a part of the state of the search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from convoy.planning.contracts import ComponentContract, Contracts, Release
from convoy.planning.data_compatibility import NONE
from convoy.planning.upgrade.constraints import READS, Constraint, Register
from convoy.planning.upgrade.space import Mover, Table


@dataclass(frozen=True)
class Stored:
    """Versions of formats as bits. See :class:`convoy.planning.upgrade.space.Space` for what the tables are."""

    writes: Table
    removes: Table
    reads: tuple[tuple[tuple[tuple[int, int], ...], ...], ...]
    at_start: int
    formats: tuple[tuple[int, int], ...]
    items: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, contracts: Contracts, movers: Sequence[Mover], register: Register) -> Stored:
        """The tables of a change set."""
        by_name = {mover.name: mover for mover in movers}
        live = [c.current for c in contracts.components.values() if c.current is not None]
        releases = [*live, *(release for mover in movers for release in mover.releases if release is not None)]
        items = sorted({(n, d.writes) for r in releases for n, d in r.data.items() if d.writes is not None})
        bit = {item: 1 << number for number, item in enumerate(items)}

        def writes(release: Release | None) -> int:
            data = release.data if release else {}
            return sum(bit[name, deal.writes] for name, deal in data.items() if deal.writes is not None)

        def removes(release: Release | None) -> int:
            data = release.data if release else {}
            return sum(
                bit[name, version]
                for name, version in items
                if (text := data.get(name, NONE).migrates) is not None
                # What cannot be compared stays.
                and contracts.facts.inside(name, text, version)
            )

        def reads(component: ComponentContract, release: Release | None) -> tuple[tuple[int, int], ...]:
            found = []
            for name, version in items:
                constraint = _unreadable(contracts, component, release, name, version)
                if constraint is not None:
                    found.append((bit[name, version], register.bit(constraint)))
            return tuple(found)

        at_start = 0
        for release in live:
            at_start |= writes(release)
        tables = tuple(
            tuple(reads(contracts.components[name], release) for release in mover.releases)
            for name, mover in by_name.items()
        )
        return cls(
            writes=tuple(tuple(map(writes, mover.releases)) for mover in movers),
            removes=tuple(tuple(map(removes, mover.releases)) for mover in movers),
            reads=tables,
            at_start=at_start,
            formats=_formats(items, bit, tables),
            items=tuple(items),
        )


def _unreadable(
    contracts: Contracts, component: ComponentContract, release: Release | None, name: str, version: str
) -> Constraint | None:
    """The requirement that keeps a release from reading a stored version of a format; None: it reads it, or nothing."""
    if release is None:
        return None
    deal = release.data.get(name, NONE)
    if name not in release.uncertain_data and (deal.reads is None or contracts.facts.inside(name, deal.reads, version)):
        return None
    sentence = f"{component.name} {release.version or ''} reads {name} {deal.reads}".replace("  ", " ")
    return Constraint(READS, component.name, release.version, name, sentence, deal.location or component.location)


def _formats(
    items: list[tuple[str, str]],
    bit: dict[tuple[str, str], int],
    tables: tuple[tuple[tuple[tuple[int, int], ...], ...], ...],
) -> tuple[tuple[int, int], ...]:
    found = []
    for name in sorted({name for name, _ in items}):
        versions = sum(bit[item] for item in items if item[0] == name)
        constraints = 0
        for table in tables:
            for release in table:
                for stored, constraint in release:
                    if stored & versions:
                        constraints |= constraint
        found.append((versions, constraints))
    return tuple(found)
