"""A plan as text for people, and as JSON for programs."""

from __future__ import annotations

import json
import textwrap
from collections import defaultdict
from collections.abc import Sequence

from convoy.planning.plan import Arc, Batch, BlastRadius, Plan
from convoy.planning.words import certificate_line, change_lines, duration, headline, marks

WIDTH = 100
NAMES = 12
"""How many affected components are named; the rest are counted."""


def as_json(plan: Plan, hints: Sequence[str] = ()) -> str:
    """The plan with its digest, as indented JSON."""
    return json.dumps({"digest": plan.digest, **plan.to_dict(), "hints": list(hints)}, indent=2) + "\n"


def as_text(plan: Plan, width: int = WIDTH, hints: Sequence[str] = ()) -> str:
    """The plan in lines of at most ``width`` columns, as far as names allow: batches with the reason for each arc,
    schedule, who is affected, the way back, where one may park, certificate in one line, warnings and hints."""
    lines = [
        headline(plan),
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
    listed = " (the JSON format lists them)" if plan.certificate else ""
    lines += _paragraph("Certificate", certificate_line(plan) + listed, width)
    for warning in plan.warnings:
        lines += _paragraph("Warning", warning, width)
    for hint in hints:
        lines += _paragraph("Hint", hint, width)
    return "\n".join(lines) + "\n"


def _batch(batch: Batch, number: int, digits: int, reasons: list[str], width: int) -> list[str]:
    after = f"after {', '.join(batch.requires)}" if batch.requires else "starts right away"
    special = f" ({', '.join(marks(batch))})" if marks(batch) else ""
    title = f"{number:>{digits}}  {batch.name}  {duration(batch.expected_seconds)}, {after}{special}"
    indent = " " * (digits + 2)
    lines = _wrap(title, width, indent + "  ")
    for change in change_lines(batch):
        lines += _wrap(f"{indent}{change}", width, indent + "  ")
    for reason in reasons:
        lines += _wrap(f"{indent}because {reason}", width, indent + "        ")
    if batch.acceptance:
        lines += _wrap(f"{indent}accepted when {batch.acceptance}", width, indent + "  ")
    return lines


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
        return f"{duration(plan.makespan)}, which is the critical path: no order is faster"
    return f"{duration(plan.makespan)}; the critical path alone is {duration(plan.lower_bound)}"


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


def _paragraph(title: str, text: str, width: int) -> list[str]:
    return _wrap(f"{title + ':':<15}{text}", width, " " * 15)


def _wrap(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
