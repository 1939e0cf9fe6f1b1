"""A plan as text for people, and as JSON for programs."""

from __future__ import annotations

import json
import textwrap
from collections import defaultdict
from collections.abc import Sequence

from convoy.manifest.models.base import format_duration
from convoy.planning.plan import Arc, Batch, BlastRadius, Plan, PlannedChange

WIDTH = 100
NAMES = 12
"""How many affected components are named; the rest are counted."""


def as_json(plan: Plan, hints: Sequence[str] = ()) -> str:
    """The plan with its digest, as indented JSON."""
    return json.dumps({"digest": plan.digest, **plan.to_dict(), "hints": list(hints)}, indent=2) + "\n"


def as_text(plan: Plan, width: int = WIDTH, hints: Sequence[str] = ()) -> str:
    """The plan in lines of at most ``width`` columns, as far as names allow: batches with the reason for each arc,
    schedule, who is affected, the way back, where one may park, certificate in one line, warnings and hints."""
    components = sum(len(batch.changes) for batch in plan.batches)
    lines = [
        f"Rollout {plan.rollout} in {plan.environment}: {_count(components, 'component')} in "
        f"{_count(len(plan.batches), 'batch', 'batches')}, expected {_duration(plan.makespan)}",
        f"digest {plan.digest}",
        "",
    ]
    reasons = _reasons(plan)
    digits = len(str(len(plan.batches)))
    for number, batch in enumerate(plan.batches, 1):
        lines += _batch(batch, number, digits, reasons[batch.name], width)
    lines += ["", *_paragraph("Critical path", " -> ".join(plan.critical_path), width)]
    lines += _paragraph("Expected", _expected(plan), width)
    lines += _paragraph("Blast radius", _blast_radius(plan.blast_radius), width)
    lines += _paragraph("Rollback", " -> ".join(plan.rollback_order), width)
    for point in plan.points_of_no_return:
        lines += _paragraph("No return", f"{point.batch}: {point.reason}", width)
    lines += _paragraph("Parking", _parking(plan), width)
    lines += _paragraph("Certificate", _certificate(plan), width)
    for warning in plan.warnings:
        lines += _paragraph("Warning", warning, width)
    for hint in hints:
        lines += _paragraph("Hint", hint, width)
    return "\n".join(lines) + "\n"


def _batch(batch: Batch, number: int, digits: int, reasons: list[str], width: int) -> list[str]:
    after = f"after {', '.join(batch.requires)}" if batch.requires else "starts right away"
    marks = ", ".join(
        mark
        for mark in (
            "switches in one moment" if batch.lockstep else "",
            "parks on failure" if batch.on_failure == "park" else "",
            "" if batch.reversible else "no way back",
        )
        if mark
    )
    title = f"{number:>{digits}}  {batch.name}  {_duration(batch.expected_seconds)}, {after}" + (
        f" ({marks})" if marks else ""
    )
    indent = " " * (digits + 2)
    lines = _wrap(title, width, indent + "  ")
    for change in batch.changes:
        lines += _wrap(f"{indent}{_change(change, alone=batch.components == (batch.name,))}", width, indent + "  ")
    for reason in reasons:
        lines += _wrap(f"{indent}because {reason}", width, indent + "        ")
    if batch.acceptance:
        lines += _wrap(f"{indent}accepted when {batch.acceptance}", width, indent + "  ")
    return lines


def _change(change: PlannedChange, *, alone: bool) -> str:
    versions = f"{change.from_version} -> {change.to_version}" if change.from_version else f"new, {change.to_version}"
    return versions if alone else f"{change.component}  {versions}"


def _reasons(plan: Plan) -> defaultdict[str, list[str]]:
    """Why each batch waits; what holds its own members together comes first."""
    group_of = {component: batch.name for batch in plan.batches for component in batch.components}
    reasons: defaultdict[str, list[str]] = defaultdict(list)

    def outside(arc: Arc) -> bool:
        return group_of[arc.dependent] != group_of[arc.requirement]

    for arc in sorted(plan.arcs, key=outside):
        if arc.reason not in reasons[group_of[arc.dependent]]:
            reasons[group_of[arc.dependent]].append(arc.reason)
    return reasons


def _expected(plan: Plan) -> str:
    if plan.makespan <= plan.lower_bound:
        return f"{_duration(plan.makespan)}, which is the critical path: no order is faster"
    return f"{_duration(plan.makespan)}; the critical path alone is {_duration(plan.lower_bound)}"


def _certificate(plan: Plan) -> str:
    if not plan.certificate:
        return "no contracts are touched; only start order is kept"
    good = sum(cell.ok for cell in plan.certificate)
    return (
        f"{good} of {len(plan.certificate)} combinations of versions that come about are proven, "
        "relative to the declared contracts (the JSON format lists them)"
    )


def _blast_radius(radius: BlastRadius) -> str:
    if not radius.affected:
        return "nobody else uses what changes, as far as the manifests say"
    parts = []
    for title, found in (("directly", radius.direct), ("through others", radius.transitive)):
        names = [one.component if one.hard else f"{one.component} (serves less)" for one in found]
        if names:
            parts.append(f"{title} {', '.join(names[:NAMES])}{_more(len(names) - NAMES)}")
    weight = f"; weight {radius.weight:g}, {radius.changed:g} of it changes itself"
    return f"affected {' and '.join(parts)}{weight}"


def _more(number: int) -> str:
    return f" and {number} more" if number > 0 else ""


def _parking(plan: Plan) -> str:
    final = [batch.name for batch in plan.batches if not batch.reversible]
    text = "between any two batches: whatever is finished then is proven to run together"
    return f"{text}; from {final[0]} on only forward" if final else text


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _duration(seconds: float) -> str:
    return format_duration(round(seconds))


def _paragraph(title: str, text: str, width: int) -> list[str]:
    return _wrap(f"{title + ':':<15}{text}", width, " " * 15)


def _wrap(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
