"""A plan as a Mermaid flowchart, as GitHub, GitLab and most wikis draw it.

Everything that comes from a manifest stands between double quotes, and every character in it that is not plainly
harmless is written as ``#code;``, Mermaid's own escape: no name and no reason can end a label, start a directive or
bring HTML along. No fill colours: the picture is read on light and on dark pages.

Renderers refuse large texts. A plan that does not fit loses its labels first, then the edges that others imply, and at
last everything but its critical path; a node then says what is left out.
"""

from __future__ import annotations

from collections.abc import Iterable

from convoy.planning.arcs import CONTRACT, START_ORDER
from convoy.planning.formats.edges import Edge, edges_of, implied
from convoy.planning.plan import Batch, Plan
from convoy.planning.words import change_lines, count, duration, headline, marks, one_line, shortened

MAX_EDGES = 500
MAX_CHARACTERS = 49_000
"""Mermaid's own limits are 500 edges and 50,000 characters."""
SHORT = 60
MOST_CHANGES = 6
_PLAIN = frozenset(" .,-_/()+='?!")


def as_mermaid(plan: Plan) -> str:
    """The plan as a flowchart from left to right. An edge points from what moves first to what waits for it."""
    edges = edges_of(plan)
    hidden = implied(edges, tuple(batch.name for batch in plan.batches))
    fewer = tuple(edge for edge in edges if (edge.dependent, edge.requirement) not in hidden)
    for shown, labels, note in (
        (edges, True, ""),
        (edges, False, ""),
        (fewer, False, f"{count(len(edges) - len(fewer), 'edge')} that others imply are not drawn"),
    ):
        if len(shown) <= MAX_EDGES:
            text = _draw(plan, plan.batches, shown, labels=labels, note=note if len(shown) < len(edges) else "")
            if len(text) <= MAX_CHARACTERS:
                return text
    path = [plan.batch(name) for name in plan.critical_path]
    for most in (100, 10):
        drawn = tuple(path[:most])
        inside = {batch.name for batch in drawn}
        left = [edge for edge in edges if edge.critical and {edge.dependent, edge.requirement} <= inside]
        note = f"only {count(len(drawn), 'batch', 'batches')} of the critical path, of {len(plan.batches)} in all"
        text = _draw(plan, drawn, left, labels=False, note=note)
        if len(text) <= MAX_CHARACTERS:
            return text
    verb = "is" if len(plan.batches) == 1 else "are"
    note = f"{count(len(plan.batches), 'batch', 'batches')} {verb} more than Mermaid can draw"
    return _draw(plan, (), (), labels=False, note=note)


def escape(text: str) -> str:
    """The text as it may stand inside a quoted label."""
    return "".join(
        c if (c.isascii() and c.isalnum()) or c in _PLAIN or (not c.isascii() and c.isalpha()) else f"#{ord(c)};"
        for c in one_line(text)
    )


def _draw(plan: Plan, batches: Iterable[Batch], edges: Iterable[Edge], *, labels: bool, note: str) -> str:
    number = {batch.name: index for index, batch in enumerate(plan.batches, 1)}
    critical = set(plan.critical_path)
    lines = ["flowchart LR", f"  %% {_comment(headline(plan))}"]
    special: dict[str, list[str]] = {"lockstep": [], "noReturn": [], "critical": []}
    for batch in batches:
        key = f"b{number[batch.name]}"
        lines.append(f'  {key}["{_label(batch, number[batch.name])}"]')
        if not batch.reversible:
            special["noReturn"].append(key)
        elif batch.lockstep:
            special["lockstep"].append(key)
        elif batch.name in critical:
            special["critical"].append(key)
    for edge in edges:
        if labels and len(edge.reasons) + (len(edge.short) > SHORT) > 1:
            lines += [f"  %% {_comment(reason)}" for reason in edge.reasons]
        label = f'|"{escape(shortened(edge.short, SHORT))}"|' if labels and edge.short else ""
        lines.append(f"  b{number[edge.requirement]} {_arrow(edge)}{label} b{number[edge.dependent]}")
    if note:
        lines.append(f'  note(["{escape(note)}"])')
    styles = {
        "critical": "stroke-width:3px",
        "lockstep": "stroke:#b45309,stroke-width:3px,stroke-dasharray:6 3",
        "noReturn": "stroke:#dc2626,stroke-width:4px",
    }
    for name, style in styles.items():
        if special[name]:
            lines += [f"  classDef {name} {style}", f"  class {','.join(special[name])} {name}"]
    return "\n".join(lines) + "\n"


def _label(batch: Batch, number: int) -> str:
    changes = change_lines(batch)
    if len(changes) > MOST_CHANGES:
        changes = [*changes[: MOST_CHANGES - 1], f"and {len(changes) - MOST_CHANGES + 1} more"]
    lines = [f"{number} {batch.name}", *changes, ", ".join([duration(batch.expected_seconds), *marks(batch)])]
    return "<br/>".join(escape(line) for line in lines)


def _arrow(edge: Edge) -> str:
    """Thick on the critical path; otherwise a line for contracts, dots for start order and wishes."""
    if edge.critical:
        return "==>"
    return {CONTRACT: "-->", START_ORDER: "-->"}.get(edge.kind, "-.->")


def _comment(text: str) -> str:
    """A comment ends with its line; a brace behind ``%%`` would make it a directive."""
    return one_line(text).replace("{", "(").replace("}", ")").replace("%", "percent ").replace(";", ",")
