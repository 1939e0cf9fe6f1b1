"""Mermaid: every line is one of the few forms that the flowchart grammar needs, whatever names and reasons say."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from tests.planning.formats.plans import EVERYDAY, TEXTS, empty, final, hostile, large
from tests.planning.shop import shop

from convoy.planning.formats.mermaid import MAX_CHARACTERS, MAX_EDGES, as_mermaid, escape
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan

QUOTED = r'"(?:[^"#<>`&;:%{}|\[\]\n]|#\d+;|<br/>)+"'
FORMS = (
    r"flowchart LR",
    r"  %% [^\n{}%;]+",
    rf"  b\d+\[{QUOTED}\]",
    rf"  b\d+ (?:==>|-->|-\.->)(?:\|{QUOTED}\|)? b\d+",
    rf"  note\(\[{QUOTED}\]\)",
    r"  classDef (?:critical|lockstep|noReturn) [a-z0-9:,# -]+",
    r"  class b\d+(?:,b\d+)* (?:critical|lockstep|noReturn)",
)
LINE = re.compile("|".join(f"(?:{form})" for form in FORMS))
EDGE = re.compile(r"  b\d+ (?:==>|-->|-\.->)")


def edges(text: str) -> int:
    return sum(bool(EDGE.match(line)) for line in text.splitlines())


@pytest.mark.parametrize("plan", [*(make() for make in EVERYDAY.values()), empty(), hostile(), large(60)])
def test_every_line_is_one_of_the_known_forms(plan: Plan) -> None:
    """No name and no reason ends a label, starts a directive or brings HTML along."""
    text = as_mermaid(plan)
    assert [line for line in text.splitlines() if not LINE.fullmatch(line)] == []


@settings(deadline=None)
@given(TEXTS)
def test_escaped_text_has_no_character_with_a_meaning(text: str) -> None:
    """And reads as before once it is drawn, but for white space and what cannot be printed."""
    found = escape(text)
    assert re.fullmatch(r'(?:[^"#<>`&;:%{}|\[\]\n\\@]|#\d+;)*', found)
    drawn = re.sub(r"#(\d+);", lambda match: chr(int(match[1])), found)
    assert drawn == " ".join("".join(c if c.isprintable() else " " for c in text).split())


def test_every_edge_is_drawn_with_its_reason() -> None:
    """From what moves first to what waits, the critical path thick, wishes dotted."""
    plan = make_plan(shop())
    text = as_mermaid(plan)
    assert edges(text) == sum(len(batch.requires) for batch in plan.batches)
    assert 'b1 -->|"frontend depends on cache"| b7' in text
    assert 'b2 -.->|"by wish (maxParallel 3)"| b6' in text
    assert text.count("==>") == len(plan.critical_path) - 1


def test_a_long_reason_stands_whole_in_a_comment() -> None:
    """The label has the beginning of it."""
    plan = make_plan(shop())
    long = max((arc.reason for arc in plan.arcs if arc.dependent == "frontend"), key=len)
    assert f"  %% {long}" in as_mermaid(plan).splitlines()


def test_lockstep_and_points_of_no_return_are_marked() -> None:
    """By words in the box and by its border."""
    text = as_mermaid(final())
    assert re.search(r"b\d+\[\"\d+ payment<br/>.*point of no return.*\"\]", text)
    assert re.search(r"orders-reader-and-1-more<br/>.*switches in one moment", text)
    assert "  class b" in text
    assert " noReturn\n" in text
    assert " lockstep\n" in text


@pytest.mark.parametrize("number", [150, 500])
@pytest.mark.parametrize("most_edges", [1, 3, 12])
def test_a_large_plan_stays_within_what_mermaid_draws(number: int, most_edges: int) -> None:
    """Renderers refuse more; what is left out is said."""
    plan = large(number, most_edges)
    text = as_mermaid(plan)
    assert len(text) <= MAX_CHARACTERS
    assert edges(text) <= MAX_EDGES
    if edges(text) < sum(len(batch.requires) for batch in plan.batches):
        assert "  note([" in text


def test_a_plan_with_endless_names_still_says_something() -> None:
    """Where not even the critical path fits."""
    name = "x" * 60_000
    plan = make_plan(shop())
    batch = replace(plan.batches[0], name=name)
    huge = Plan("spring", "prod", (batch,), (), (), (name,), (name,), 1.0, 1.0)
    text = as_mermaid(huge)
    assert len(text) <= MAX_CHARACTERS
    assert "1 batch is more than Mermaid can draw" in text
