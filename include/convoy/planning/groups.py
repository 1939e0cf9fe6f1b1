"""Groups: the components that advance together, while the plan is being made.

A :class:`Grouping` is the graph of groups: every group has a name, members, and the groups it requires. It is a value;
each step of the planner (declared batches, wishes, coarsening, parallelism) makes another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from convoy.planning.contracts import DeclaredBatch
from convoy.planning.plan import Arc

RESERVED = frozenset({"rollback", "preflight", "outcome", "approval", "decide"})
"""Names of tasks and groups of the DAG itself: no batch may be called so."""


@dataclass(frozen=True)
class Group:
    """Components that advance together. ``lockstep``: in one moment."""

    name: str
    members: tuple[str, ...]
    lockstep: bool = False
    declared: DeclaredBatch | None = None


@dataclass(frozen=True)
class Grouping:
    """The groups by name, what each requires, the arcs that say so, and sentences for the reader of the plan."""

    groups: Mapping[str, Group]
    requires: Mapping[str, frozenset[str]]
    arcs: tuple[Arc, ...]
    warnings: tuple[str, ...] = ()

    def group_of(self) -> dict[str, str]:
        """The name of each component's group."""
        return {member: group.name for group in self.groups.values() for member in group.members}

    def with_arcs(self, more: tuple[Arc, ...], warnings: tuple[str, ...] = ()) -> Grouping:
        """The same groups with further arcs between them."""
        arcs = (*self.arcs, *more)
        return replace(self, arcs=arcs, requires=requirements(self.groups, arcs), warnings=(*self.warnings, *warnings))


def requirements(groups: Mapping[str, Group], arcs: tuple[Arc, ...]) -> dict[str, frozenset[str]]:
    """The arcs between components, as requirements between their groups."""
    group_of = {member: group.name for group in groups.values() for member in group.members}
    requires: dict[str, set[str]] = {name: set() for name in groups}
    for arc in arcs:
        dependent, requirement = group_of[arc.dependent], group_of[arc.requirement]
        if dependent != requirement:
            requires[dependent].add(requirement)
    return {name: frozenset(required) for name, required in requires.items()}


def group_name(members: tuple[str, ...], taken: set[str]) -> str:
    """A name for a derived group, that no other group and no task of the DAG has. ``taken`` is not changed."""
    first = min(members)
    name = first if len(members) == 1 else f"{first}-and-{len(members) - 1}-more"
    candidate, number = name, 2
    while candidate in taken or candidate in RESERVED:
        candidate, number = f"{name}-{number}", number + 1
    return candidate
