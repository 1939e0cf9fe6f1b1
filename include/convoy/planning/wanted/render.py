"""A change set as text for people, and as JSON for programs."""

from __future__ import annotations

import textwrap
from typing import Any

from convoy.planning.render import WIDTH
from convoy.planning.render import as_text as plan_as_text
from convoy.planning.wanted.change_set import ChangeSet
from convoy.planning.wanted.reasons import Needed


def as_text(change_set: ChangeSet, width: int = WIDTH) -> str:
    """The changes with the reason and the place of each, and then the plan."""
    wanted = ", ".join(f"{change.component} {change.to_version}" for change in change_set.wanted)
    others = len(change_set.others)
    if others:
        title = f"{wanted}: {others} other {'component has' if others == 1 else 'components have'} to change"
    else:
        title = f"{wanted}: nothing else has to change"
    lines = textwrap.wrap(title, width, break_long_words=False, break_on_hyphens=False)
    for change in change_set.changes:
        lines += _change(change, width)
    if not change_set.nearest:
        lines.append("Fewer components are not enough; whether nearer versions are was not tried to the end.")
    return "\n".join([*lines, "", plan_as_text(change_set.plan, width)])


def as_dict(change_set: ChangeSet) -> dict[str, Any]:
    """As JSON: the changes with their reasons, whether the versions are proven to be the nearest, and the plan."""
    return {
        "changes": [
            {
                "component": change.component,
                "from": change.from_version,
                "to": change.to_version,
                "wanted": change.asked_for,
                "reason": change.reason,
                "location": change.location,
                "because_of": change.because_of,
                "nearer": list(change.nearer),
            }
            for change in change_set.changes
        ],
        "nearest": change_set.nearest,
        "plan": {"digest": change_set.plan.digest, **change_set.plan.to_dict()},
    }


def _change(change: Needed, width: int) -> list[str]:
    came_from = f"{change.from_version} -> {change.to_version}" if change.from_version else f"new, {change.to_version}"
    lines = [f"  {change.component}  {came_from}"]
    place = f" ({change.location})" if change.location else ""
    for sentence in (f"{change.reason}{place}", *change.nearer):
        lines += textwrap.wrap(
            sentence,
            width,
            initial_indent="    ",
            subsequent_indent="      ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return lines
