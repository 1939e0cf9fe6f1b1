"""What components that switch in one moment wait for. Pure.

A member may start when every member was ordered by the same holder under the same token; it may stop its old replicas
(recreate) when every member that comes up beside the old one is up; it may switch when every member's new replicas are
up. A member that has switched stays switched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from convoy.targets.processes.moves import Permissions


@dataclass(frozen=True)
class Member:
    """What the others need to know of a member. ``ordered``: by which holder, with which token. ``group``: the one that
    it was ordered to move with, or None on the way back, where the token says enough. ``beside``: it comes up beside
    the old one. ``up``: all of its new replicas are. ``cleared``: none of its old replicas runs, not even leaving."""

    ordered: tuple[str, int]
    group: tuple[str, ...] | None
    beside: bool
    up: bool
    cleared: bool


def permissions(me: Member, group: tuple[str, ...], members: Mapping[str, Member], *, scale_down: bool) -> Permissions:
    """What a member may do now. A member of the group that is unknown was not ordered yet."""
    known = [members[name] for name in group if name in members]
    ordered = len(known) == len(group) and all(_together(me, member) for member in known)
    beside_up = ordered and all(member.up for member in known if member.beside)
    cleared = beside_up and all(member.cleared for member in known if not member.beside)
    return Permissions(
        start=ordered if me.beside else cleared,
        stop_old=beside_up,
        switch=ordered and all(member.up for member in known),
        scale_down=scale_down,
    )


def waiting_for(me: str, group: tuple[str, ...], members: Mapping[str, Member]) -> list[str]:
    """The other members that hold the switch up, for the message."""
    mine, others = members[me], [name for name in group if name != me]
    return [n for n in others if n not in members or not _together(mine, members[n]) or not members[n].up]


def _together(me: Member, other: Member) -> bool:
    """Whether the other was ordered in the same breath. Its order may have changed nothing, so that neither its
    generation nor who changed it last tells."""
    return other.ordered == me.ordered and (me.group is None or other.group == me.group)
