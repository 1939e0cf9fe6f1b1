"""How a run is shown while it goes on: as a tree on a terminal, as plain lines elsewhere."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests.cli.stories import at, promoted, rolled_back

from convoy.cli.airflow_api import NoAnswer
from convoy.cli.live import ASCII, Display, Symbols, tree, watch
from convoy.cli.run_lines import lines, span
from convoy.cli.run_view import RunView, StepView

UNICODE = Symbols()
GOLDEN = Path(__file__).parents[1] / "golden" / "cli"


def assert_golden(name: str, found: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found, encoding="utf-8")
    expected = path.read_text(encoding="utf-8")
    assert found == expected, f"{path.name} differs; if that is intended, run again with UPDATE_GOLDEN=1"


def draw(view: RunView, symbols: Symbols = UNICODE) -> str:
    out = io.StringIO()
    Console(file=out, width=100, no_color=True).print(tree(view, symbols))
    return out.getvalue()


def tell(views: Iterable[RunView]) -> list[str]:
    """Every line of a story."""
    told: list[str] = []
    before = None
    for view in views:
        told += lines(before, view)
        before = view
    return told


def test_the_tree_of_a_run_that_is_rolled_back_reads_as_in_the_golden_file() -> None:
    assert_golden("rolled-back.tree", "\n".join(draw(view) for view in rolled_back()))


def test_the_lines_of_a_run_that_is_rolled_back_read_as_in_the_golden_file() -> None:
    assert_golden("rolled-back.lines", "\n".join(tell(rolled_back())) + "\n")


def test_the_tree_of_a_promoted_run_reads_as_in_the_golden_file_also_in_ascii() -> None:
    assert_golden("promoted.tree", draw(promoted()) + "\n" + draw(promoted(), ASCII))


def test_a_view_that_says_nothing_new_adds_no_line() -> None:
    for view in rolled_back():
        assert lines(view, replace(view, now=at(1000))) == []


def test_a_step_that_a_slow_poll_missed_is_told_all_the_same() -> None:
    first, *_, last = rolled_back()

    told = tell([first, last])

    assert any("recommendation.analysis-50: FAILED: " in line for line in told)
    assert any("rollback.catalog: done" in line for line in told)
    assert any("RolledBack after 52 s" in line for line in told)


def test_what_goes_back_is_told_in_the_order_in_which_it_goes_back() -> None:
    told = "\n".join(tell(rolled_back()))

    assert told.index("recommendation: is back as it was") < told.index("catalog: is back as it was")


def test_a_task_that_waits_for_a_person_says_so_with_its_question() -> None:
    before = rolled_back()[1]
    asking = StepView("catalog.metrics", "awaiting_input", at(8), tries=1, note="catalog: Inconclusive. Go on?")
    catalog = before.batches[0]
    after = replace(before, batches=(replace(catalog, steps=(*catalog.steps[:3], asking)), *before.batches[1:]))

    assert lines(before, after) == [
        "00:14  catalog.metrics: A PERSON HAS TO DECIDE in Airflow's UI: catalog: Inconclusive. Go on?"
    ]
    assert "? catalog         1.0.0 -> 1.1.0  asks" in draw(after)


def test_a_task_that_was_ended_by_hand_says_so() -> None:
    before = rolled_back()[0]
    catalog = before.batches[0]
    killed = replace(catalog.steps[0], state="failed", end=at(5))

    told = lines(
        before, replace(before, batches=(replace(catalog, steps=(killed, *catalog.steps[1:])), *before.batches[1:]))
    )

    assert told == ["00:04  catalog.snapshot: FAILED: ended from outside: aborted by a person, or killed"]


def test_another_try_of_a_task_is_a_line_of_its_own() -> None:
    before = rolled_back()[0]
    catalog = before.batches[0]
    retried = replace(catalog.steps[0], tries=2)

    told = lines(
        before, replace(before, batches=(replace(catalog, steps=(retried, *catalog.steps[1:])), *before.batches[1:]))
    )

    assert told == ["00:04  catalog.snapshot: started, try 2"]


def test_a_batch_that_was_halted_in_mid_way_says_so() -> None:
    before = rolled_back()[1]
    catalog = before.batches[0]
    halted = replace(catalog.steps[3], state="skipped", end=at(14))
    after = replace(before, batches=(replace(catalog, steps=(*catalog.steps[:3], halted)), *before.batches[1:]))

    assert lines(before, after) == ["00:14  catalog: halted in mid-way"]


def test_a_run_that_ends_without_an_outcome_does_not_look_like_a_success() -> None:
    before = rolled_back()[0]

    assert lines(before, replace(before, state="failed", end=at(9))) == [
        "00:09  rollout.shop-bad.local: ended as failed after 9 s, without an outcome"
    ]


def test_without_a_terminal_there_are_lines_and_no_escape_codes() -> None:
    out = io.StringIO()
    with Display(Console(file=out, width=40)) as display:
        for view in rolled_back():
            display.show(view)

    assert "\x1b" not in out.getvalue()
    # Also lines that are longer than the console is wide stay in one piece: a log is searched by line.
    assert out.getvalue().splitlines() == tell(rolled_back())


def test_text_in_square_brackets_is_shown_as_it_is() -> None:
    view = replace(promoted(), message="[bold]not markup[/bold] [link=x]")
    out = io.StringIO()
    with Display(Console(file=out)) as display:
        display.show(view)

    assert "[bold]not markup[/bold] [link=x]" in out.getvalue()
    assert "[bold]not markup[/bold] [link=x]" in draw(view)


def test_on_a_terminal_the_last_picture_stays() -> None:
    out = io.StringIO()
    with Display(Console(file=out, force_terminal=True, width=100, height=40)) as display:
        for view in rolled_back():
            display.show(view)

    after_the_last_update = out.getvalue()[out.getvalue().rindex("RolledBack") :]
    assert "rolled back" in after_the_last_update
    assert out.getvalue().endswith("\x1b[?25h"), "the cursor has to be visible again"


def test_a_terminal_that_knows_no_unicode_gets_ascii() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    with Display(Console(file=out, force_terminal=True, width=100, height=40)) as display:
        for view in rolled_back():
            display.show(view)
    out.flush()

    # Anything else would have raised UnicodeEncodeError on the way.
    assert raw.getvalue().isascii()
    assert b"x " in raw.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, ""), (0.2, "0 s"), (59.4, "59 s"), (59.6, "1:00"), (65, "1:05"), (3723, "1:02:03")]
)
def test_spans_read_like_a_clock_from_a_minute_on(seconds: float | None, text: str) -> None:
    assert span(seconds) == text


class ScriptedReader:
    """Gives views, and raises errors, in a row."""

    def __init__(self, *script: Any) -> None:
        self.script = list(script)

    def read(self) -> RunView:
        found = self.script.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def follow(*script: Any, patience: float = 60.0) -> tuple[str, RunView]:
    out = io.StringIO()
    with Display(Console(file=out)) as display:
        last = watch(ScriptedReader(*script), display, interval=0.0, patience=patience)  # type: ignore[arg-type]
    return out.getvalue(), last


def test_a_run_is_followed_to_its_end_and_not_beyond() -> None:
    _, last = follow(*rolled_back(), RuntimeError("read once too often"))

    assert last.outcome == "RolledBack"


def test_a_moment_without_an_answer_is_told_and_sat_out() -> None:
    story = rolled_back()

    text, last = follow(story[0], NoAnswer("nobody home"), NoAnswer("nobody home"), *story[1:])

    assert text.count("nobody home; still trying") == 1
    assert text.count("Airflow answers again") == 1
    assert last.outcome == "RolledBack"


def test_following_is_given_up_when_patience_is_over() -> None:
    with pytest.raises(NoAnswer):
        follow(rolled_back()[0], NoAnswer("gone"), NoAnswer("gone"), patience=-1.0)


def test_an_airflow_that_never_answered_is_an_error_at_once() -> None:
    with pytest.raises(NoAnswer):
        follow(NoAnswer("wrong address"))
