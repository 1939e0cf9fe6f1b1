"""DOT: read by a strict parser of the part of the grammar that is used, so that nothing can break out of its quotes."""

from __future__ import annotations

import re

import pytest
from tests.planning.formats.plans import EVERYDAY, empty, final, hostile, large
from tests.planning.shop import shop

from convoy.planning.formats.dot import as_dot
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan

STRING = r'"(?:[^"\\\n]|\\["\\n])*"'
ATTRIBUTE = rf"[a-z]+=(?:{STRING}|[a-z]+|[A-Z]{{2}}|[0-9.]+)"
ATTRIBUTES = rf"\[{ATTRIBUTE}(?:, {ATTRIBUTE})*\]"
HEAD = re.compile(rf"digraph {STRING} \{{")
STATEMENT = re.compile(rf"  (?:(?P<node>graph|node|edge|b\d+)|(?P<tail>b\d+) -> (?P<head>b\d+)) {ATTRIBUTES};")


def read(text: str) -> tuple[set[str], list[tuple[str, str]]]:
    """The nodes and the edges. Fails on every line that is not plainly right."""
    first, *body, last = text.splitlines()
    assert HEAD.fullmatch(first), first
    assert last == "}"
    nodes: set[str] = set()
    edges: list[tuple[str, str]] = []
    for line in body:
        match = STATEMENT.fullmatch(line)
        assert match, line
        if match["node"]:
            nodes.add(match["node"])
        else:
            edges.append((match["tail"], match["head"]))
    return nodes - {"graph", "node", "edge"}, edges


@pytest.mark.parametrize("plan", [*(make() for make in EVERYDAY.values()), empty(), hostile(), large(500)])
def test_it_is_a_graph_with_every_batch_and_every_edge(plan: Plan) -> None:
    """Whatever names and reasons say."""
    nodes, edges = read(as_dot(plan))
    assert len(nodes) == len(plan.batches)
    number = {batch.name: f"b{index}" for index, batch in enumerate(plan.batches, 1)}
    assert edges == [(number[r], number[batch.name]) for batch in plan.batches for r in batch.requires]


def test_reasons_are_labels_and_tooltips() -> None:
    """Short on the picture, whole under the mouse."""
    plan = make_plan(shop())
    text = as_dot(plan)
    for batch in plan.batches:
        for arc in plan.arcs:
            if arc.dependent in batch.components and arc.requirement not in batch.components:
                assert f'tooltip="{arc.reason}' in text


def test_what_is_special_looks_special() -> None:
    """The critical path is thick, lockstep has a double border, and a point of no return is an octagon."""
    plan = final()
    lines = as_dot(plan).splitlines()
    for batch in plan.batches:
        (line,) = [line for line in lines if re.match(rf"  b\d+ \[label=\"\d+\. {batch.name}\\n", line)]
        assert ("penwidth" in line) == (batch.name in plan.critical_path)
        assert ("peripheries" in line) == batch.lockstep
        assert ("octagon" in line) == (not batch.reversible)


def test_entities_are_not_text() -> None:
    """dot reads HTML entities in labels; what looks like one is shown as it was written."""
    assert "&amp;lt; &amp;#35;" in as_dot(hostile())
