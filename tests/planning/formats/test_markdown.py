"""The review comment: complete, and nothing in it but text, whatever a manifest says."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from tests.planning.formats.plans import EVERYDAY, HOSTILE, TEXTS, empty, final, hostile, large
from tests.planning.shop import shop

from convoy.manifest.models.base import format_duration
from convoy.planning.formats.markdown import MAX_CHARACTERS, as_markdown, escape
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan

OWN_TAGS = {"b", "br", "sub", "details", "summary", "code"}
READER = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")


def table(text: str) -> list[list[str]]:
    """The cells of the batches as a reader sees them."""
    rendered = READER.render(text)
    rows = re.findall(r"<tr>(.*?)</tr>", rendered.split("</table>")[0], flags=re.DOTALL)
    return [[html.unescape(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)] for row in rows]


@pytest.mark.parametrize("plan", [*(make() for make in EVERYDAY.values()), hostile(), large(40)])
def test_the_table_has_a_row_for_each_batch(plan: Plan) -> None:
    """With all of its columns, also where names have pipes in them."""
    rows = table(as_markdown(plan))
    assert rows[0] == ["#", "batch", "change", "takes", "waits for", "why"]
    assert len(rows) == len(plan.batches) + 1
    assert {len(row) for row in rows} == {6}


@pytest.mark.parametrize("plan", [*(make() for make in EVERYDAY.values()), empty(), hostile()])
def test_there_is_no_html_but_our_own(plan: Plan) -> None:
    """And what is opened is closed."""
    text = as_markdown(plan)
    # The picture is in a block of code; its line breaks are Mermaid's.
    text = re.sub(r"```mermaid\n.*?\n```", "", text, flags=re.DOTALL)
    tags = re.findall(r"<(/?)([a-z]+)>", text)
    assert text.count("<") == len(tags)
    assert {name for _, name in tags} <= OWN_TAGS
    for name in {name for _, name in tags} - {"br"}:
        assert tags.count(("", name)) == tags.count(("/", name))


@settings(deadline=None)
@given(TEXTS)
def test_escaped_text_is_only_text(text: str) -> None:
    """Rendered, it is one paragraph with the same characters; nobody is pinged, no issue is linked."""
    escaped = escape(text)
    rendered = READER.render("x" + escaped)
    shown = re.fullmatch(r"<p>x(.*)</p>\n", rendered, flags=re.DOTALL)
    assert shown, rendered
    assert "<" not in shown[1]
    seen = html.unescape(shown[1])
    assert not re.search(r"[@#][^\u200b]|[@#]$", seen)
    if "\u200b" not in text:
        assert seen.replace("\u200b", "") == " ".join("".join(c if c.isprintable() else " " for c in text).split())


def test_it_says_what_a_reviewer_asks() -> None:
    """One headline, the order with reasons, times, blast radius, the way back, points of no return, warnings, proof."""
    plan = final()
    text = as_markdown(plan)
    assert text.startswith("### Rollout spring in prod: 9 components in 7 batches, expected ")
    flat = html.unescape(text.replace("\\", ""))
    assert all(arc.reason in flat for arc in plan.arcs)
    assert all(" ".join(warning.split()) in flat for warning in plan.warnings)
    assert f"**Critical path** ({format_duration(plan.lower_bound)}): {' → '.join(plan.critical_path)}" in text
    assert " → ".join(plan.rollback_order) in text
    assert "1 point of no return" in text
    assert "**payment** (batch payment)" in text
    assert "weight 16, 13 of it in the components that change. fail if they fail: mobile" in flat
    assert f"{len(plan.certificate)} of {len(plan.certificate)} combinations" in text
    assert plan.digest in text


def test_lines_that_are_not_proven_are_shown() -> None:
    """A plan with such a line is refused elsewhere; whoever sees it here must not overlook it."""
    text = as_markdown(hostile())
    assert text.count("**not proven**") == sum(not cell.ok for cell in hostile().certificate)


@pytest.mark.parametrize("name", ["service", "a-service-with-quite-a-long-name-as-some-people-like-them"])
def test_500_batches_fit_into_a_comment(name: str) -> None:
    """What is left out is said."""
    plan = large(500, name=name)
    text = as_markdown(plan)
    assert len(text) <= MAX_CHARACTERS
    assert "A comment has no room for the reasons" in text or "more batches: a comment has no room" in text


def test_a_plan_of_everyday_size_has_a_picture() -> None:
    """GitHub draws it."""
    text = as_markdown(make_plan(shop()))
    assert "```mermaid\nflowchart LR\n" in text
    assert text.count("```") == 2


def test_hostile_text_leaves_the_picture_inside_of_its_fence() -> None:
    """Three backticks in a name end nothing."""
    fences = [line for line in as_markdown(hostile()).splitlines() if line.startswith("```")]
    assert any("```" in text for text in HOSTILE)
    assert fences == ["```mermaid", "```"]
