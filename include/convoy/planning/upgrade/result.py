"""What the search for an upgrade ends with: hops, a conflict, or the admission that it gave up. Immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from convoy.manifest.diagnostics import Diagnostic
from convoy.planning.contracts import Contracts
from convoy.planning.plan import Plan
from convoy.planning.upgrade.conflict import Conflict

Versions = Mapping[str, "str | None"]
"""The version of each component; None: it does not exist yet, or nobody knows."""


@dataclass(frozen=True)
class Hop:
    """A change set of two versions on each side, with its proven plan. Each component moves at most once in it.

    ``stored``: formats of data, each with the versions that can be stored when the hop is done, if others follow."""

    contracts: Contracts
    plan: Plan
    stored: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def changes(self) -> dict[str, tuple[str | None, str | None]]:
        """The components that move, each with where from and where to."""
        components = self.contracts.components
        return {n: (components[n].from_version, components[n].to_version) for n in self.contracts.changing}


@dataclass(frozen=True)
class Upgrade:
    """A way: hops, to be done one after the other. ``moves`` counts component changes, ``states`` what was looked at.

    ``direct``: why one hop is not enough; empty where it is. ``detours``: components that leave the straight way,
    because there is none without. ``notes``: sentences for the reader."""

    rollout: str
    environment: str
    hops: tuple[Hop, ...]
    states: int = 0
    direct: tuple[Diagnostic, ...] = ()
    detours: tuple[str, ...] = ()
    notes: tuple[Diagnostic, ...] = ()

    @property
    def moves(self) -> int:
        """How many component changes there are in all hops."""
        return sum(len(hop.changes) for hop in self.hops)

    def before(self, number: int) -> Versions:
        """The live versions before a hop, counted from 0; with the number of hops: after the last."""
        if number < len(self.hops):
            components = self.hops[number].contracts.components
            return {name: component.from_version for name, component in sorted(components.items())}
        components = self.hops[-1].contracts.components
        return {n: c.to_version if c.changes else c.from_version for n, c in sorted(components.items())}


@dataclass(frozen=True)
class NoUpgrade:
    """There is no way, and this is proven: every state that can be reached was looked at, or every one that the
    conflict by itself allows."""

    rollout: str
    environment: str
    conflict: Conflict
    states: int = 0
    notes: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class GaveUp:
    """The budget was used up before a way was found or excluded. ``reached``: the versions that came nearest."""

    rollout: str
    environment: str
    states: int
    reached: Versions
    wanted: Versions
    notes: tuple[Diagnostic, ...] = ()

    @property
    def missing(self) -> dict[str, tuple[str | None, str | None]]:
        """What was not yet where it should be: its version there, and the wanted one."""
        return {n: (self.reached[n], wanted) for n, wanted in self.wanted.items() if self.reached[n] != wanted}
