"""A plan in the language of Graphviz: ``convoy plan spring --format dot | dot -Tsvg``."""

from __future__ import annotations

from convoy.planning.arcs import CONTRACT, START_ORDER
from convoy.planning.formats.edges import Edge, edges_of, inner_reasons
from convoy.planning.plan import Batch, Plan
from convoy.planning.words import change_lines, duration, headline, marks, one_line, shortened

SHORT = 48
MOST_LABELS = 120
"""With more edges than this their labels are left to the tooltips: dot would take minutes to place them."""


def as_dot(plan: Plan) -> str:
    """The plan as a directed graph from left to right. An edge points from what moves first to what waits for it."""
    edges = edges_of(plan)
    critical = set(plan.critical_path)
    lines = [
        f"digraph {quoted(f'{plan.rollout}.{plan.environment}')} {{",
        f"  graph [rankdir=LR, labelloc=t, fontname={quoted('sans-serif')}, label={quoted(headline(plan))}];",
        f"  node [shape=box, style=rounded, fontname={quoted('sans-serif')}, fontsize=11];",
        f"  edge [fontname={quoted('sans-serif')}, fontsize=9];",
    ]
    names = {batch.name: f"b{number}" for number, batch in enumerate(plan.batches, 1)}
    for number, batch in enumerate(plan.batches, 1):
        lines.append(f"  {names[batch.name]} [{_node(plan, batch, number, batch.name in critical)}];")
    lines += [
        f"  {names[edge.requirement]} -> {names[edge.dependent]} [{_edge(edge, labels=len(edges) <= MOST_LABELS)}];"
        for edge in edges
    ]
    return "\n".join([*lines, "}"]) + "\n"


def quoted(*lines: str) -> str:
    """A quoted string of these lines. dot knows backslash escapes and HTML entities in it, so both are escaped."""
    text = "\\n".join(one_line(line).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return f'"{text}"'


def _node(plan: Plan, batch: Batch, number: int, critical: bool) -> str:
    label = [f"{number}. {batch.name}", *change_lines(batch)]
    label.append(", ".join([duration(batch.expected_seconds), *marks(batch)]))
    attributes = [f"label={quoted(*label)}"]
    why = inner_reasons(plan, batch.name)
    attributes.append(f"tooltip={quoted(*(why or (batch.name,)))}")
    if batch.lockstep:
        attributes.append('peripheries=2, color="#b45309"')
    if not batch.reversible:
        attributes.append('shape=octagon, style=solid, color="#dc2626"')
    if critical:
        attributes.append("penwidth=2.5")
    return ", ".join(attributes)


def _edge(edge: Edge, *, labels: bool) -> str:
    attributes = [f"tooltip={quoted(*(edge.reasons or ('no arc',)))}"]
    if labels and edge.short:
        attributes.append(f"label={quoted(shortened(edge.short, SHORT))}, labeltooltip={quoted(*edge.reasons)}")
    attributes.append(f"style={ {CONTRACT: 'solid', START_ORDER: 'dashed'}.get(edge.kind, 'dotted') }")
    if edge.critical:
        attributes.append("penwidth=2.5")
    return ", ".join(attributes)
