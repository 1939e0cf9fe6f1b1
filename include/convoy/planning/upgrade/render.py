"""The outcome of the search as text for people, and as JSON for programs."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from convoy.planning.render import WIDTH
from convoy.planning.render import as_text as plan_as_text
from convoy.planning.upgrade.find import Outcome
from convoy.planning.upgrade.result import GaveUp, NoUpgrade, Upgrade


def as_text(outcome: Outcome, width: int = WIDTH) -> str:
    """Hops with their plans and what to verify between them; or why there are none."""
    if isinstance(outcome, Upgrade):
        lines = _upgrade(outcome, width)
    elif isinstance(outcome, NoUpgrade):
        lines = _no_upgrade(outcome, width)
    else:
        lines = _gave_up(outcome, width)
    for note in outcome.notes:
        lines += _wrap(
            f"Note: {note.location}: {note.message}" if note.location else f"Note: {note.message}", width, "  "
        )
    return "\n".join(lines) + "\n"


def as_json(outcome: Outcome) -> str:
    """The outcome as indented JSON, with the plan of every hop as ``convoy plan --format json`` gives it."""
    found: dict[str, Any] = {"rollout": outcome.rollout, "environment": outcome.environment, "states": outcome.states}
    if isinstance(outcome, Upgrade):
        found |= {
            "outcome": "upgrade",
            "moves": outcome.moves,
            "hops": [
                {
                    "before": dict(outcome.before(number)),
                    "changes": {name: {"from": old, "to": new} for name, (old, new) in hop.changes.items()},
                    "stored": {name: list(versions) for name, versions in hop.stored},
                    "plan": {"digest": hop.plan.digest, **hop.plan.to_dict()},
                }
                for number, hop in enumerate(outcome.hops)
            ],
            "after": dict(outcome.before(len(outcome.hops))),
            "direct": [diagnostic.to_dict() for diagnostic in outcome.direct],
            "detours": list(outcome.detours),
        }
    elif isinstance(outcome, NoUpgrade):
        found |= {
            "outcome": "no-upgrade",
            "proof": outcome.conflict.proof.name.lower(),
            "conflict": [
                {
                    "kind": c.kind,
                    "component": c.component,
                    "version": c.version,
                    "about": c.about,
                    "sentence": c.sentence,
                    "location": c.location,
                }
                for c in outcome.conflict.constraints
            ],
        }
    else:
        missing = {name: {"reached": at, "wanted": wanted} for name, (at, wanted) in outcome.missing.items()}
        found |= {"outcome": "gave-up", "missing": missing}
    found["notes"] = [note.to_dict() for note in outcome.notes]
    return json.dumps(found, indent=2) + "\n"


def _upgrade(outcome: Upgrade, width: int) -> list[str]:
    count = len(outcome.hops)
    components = len({name for hop in outcome.hops for name in hop.changes})
    lines = [
        f"Upgrade {outcome.rollout} in {outcome.environment}: {_many(count, 'hop')}, "
        f"{_many(outcome.moves, 'change')} of {_many(components, 'component')}"
    ]
    for diagnostic in outcome.direct:
        place = f" ({diagnostic.location})" if diagnostic.location else ""
        lines += _wrap(f"Not in one hop: {diagnostic.message}{place}", width, "  ")
    for detour in outcome.detours:
        lines += _wrap(f"A detour, for there is no straight way: {detour}", width, "  ")
    for number, hop in enumerate(outcome.hops):
        if count > 1:
            if number:
                lines += ["", *_between(outcome, number, width)]
            lines += ["", f"Hop {number + 1} of {count}", ""]
        lines += [f"  {line}".rstrip() for line in plan_as_text(hop.plan, width - 2).splitlines()]
    return lines


def _between(outcome: Upgrade, number: int, width: int) -> list[str]:
    """What has to be true after a hop, before the next one begins."""
    hop = outcome.hops[number - 1]
    live = outcome.before(number)
    moved = ", ".join(f"{name} {live[name]}" for name in hop.changes)
    lines = _wrap(f"Before hop {number + 1}, verify: healthy, and no older version left anywhere: {moved}", width, "  ")
    others = [f"{name} {version}" for name, version in live.items() if version and name not in hop.changes]
    if others:
        lines += _wrap(f"  unchanged until then: {', '.join(others)}", width, "    ")
    for name, versions in hop.stored:
        lines += _wrap(f"  stored of {name}: {', '.join(versions)}", width, "    ")
    if hop.plan.points_of_no_return:
        names = ", ".join(point.component for point in hop.plan.points_of_no_return)
        lines += _wrap(f"  no way back from here: {names}", width, "    ")
    return lines


def _no_upgrade(outcome: NoUpgrade, width: int) -> list[str]:
    proof = outcome.conflict.proof.value
    lines = _wrap(
        f"There is no way to upgrade {outcome.rollout} in {outcome.environment}: with the versions and strategies "
        f"that are declared, these {len(outcome.conflict.constraints)} cannot all be kept ({proof}).",
        width,
        "",
    )
    for constraint in outcome.conflict.constraints:
        lines += _wrap(f"  {constraint}", width, "    ")
    lines += _wrap("Loosen one of them, or declare a version in between that fits.", width, "")
    return lines


def _gave_up(outcome: GaveUp, width: int) -> list[str]:
    lines = _wrap(
        f"Gave up on {outcome.rollout} in {outcome.environment} after {outcome.states} states: there may be a way, "
        "or none. Try a larger --budget, or a nearer target.",
        width,
        "",
    )
    for name, (at, wanted) in outcome.missing.items():
        lines += _wrap(f"  came as far as {name} {at or '(absent)'}, wanted {wanted}", width, "    ")
    return lines


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _wrap(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
