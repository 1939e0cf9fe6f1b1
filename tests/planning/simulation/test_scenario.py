"""Scenarios say everything that is wrong with them."""

from __future__ import annotations

import math

import pytest
from tests.planning.simulation.worlds import chain

from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan
from convoy.planning.simulation import Scenario, ScriptedFault, fraction_of, scripted


@pytest.fixture
def plan() -> Plan:
    return make_plan(chain())


def test_a_component_fails_at_its_last_gate_or_at_a_time(plan: Plan) -> None:
    """The time counts from the start of its batch; it is kept as a share, so that it moves with the duration."""
    assert scripted("api", plan) == ScriptedFault("api", ("api",), 1.0)
    assert scripted("api@20s", plan) == ScriptedFault("api", ("api",), 0.25)
    assert scripted("api", plan, hangs=True) == ScriptedFault("api", ("api",), 1.0, hangs=True)


@pytest.mark.parametrize(
    ("text", "hangs", "message"),
    [
        ("webb", False, r"'webb': the plan has no component or batch 'webb'; did you mean web\?"),
        ("zzz", False, "there are api, db, docs, web"),
        ("api@soon", False, "not a duration: 'soon'"),
        ("api@", False, "not a duration: ''"),
        ("api@81s", False, "batch api takes 1m20s"),
        ("api@5s", True, "what hangs ends at its deadline; write api alone"),
    ],
)
def test_a_wrong_fault_is_explained(plan: Plan, text: str, hangs: bool, message: str) -> None:
    """What is wrong, and what to write instead."""
    with pytest.raises(ValueError, match=message):
        scripted(text, plan, hangs=hangs)


def test_everything_wrong_is_told_at_once() -> None:
    """One line each."""
    with pytest.raises(ValueError, match="fault_rate") as caught:
        Scenario(
            faults=(ScriptedFault("a", ("a",), 2.0), ScriptedFault("a", ("b",))),
            fault_rate=1.5,
            detection=math.nan,
            jitter=-1.0,
            undo_seconds=math.inf,
            hang_timeout=-1.0,
            noticed_after=math.nan,
        )
    assert len(str(caught.value).splitlines()) == 8


def test_a_triangle_cannot_be_wider_than_its_middle() -> None:
    """Durations would be negative."""
    with pytest.raises(ValueError, match="jitter is between 0 and 1 for a triangular spread"):
        Scenario(jitter=1.1, spread="triangular")
    with pytest.raises(ValueError, match="there is no spread 'flat'"):
        Scenario(spread="flat")


@pytest.mark.parametrize(("text", "value"), [("5%", 0.05), ("0%", 0.0), ("100%", 1.0), ("0.5%", 0.005)])
def test_percentages_have_a_sign(text: str, value: float) -> None:
    """So that nobody has to guess what 0.5 means."""
    assert fraction_of(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["5", "0.05", "", "%", "-5%", "5 %", "nan%", "inf%", "1e2%", "5%%"])
def test_anything_else_is_no_percentage(text: str) -> None:
    """Nothing silently becomes a default."""
    with pytest.raises(ValueError, match="not a percentage"):
        fraction_of(text)
