"""One measurement against one condition: the table of verdicts."""

from __future__ import annotations

import math
from typing import Any

import pytest

from convoy.gates.conditions import evaluate
from convoy.gates.measurement import Measurement
from convoy.gates.verdict import Verdict
from convoy.manifest.models.gates import SuccessCondition

S, F, I, E = Verdict.SUCCESSFUL, Verdict.FAILED, Verdict.INCONCLUSIVE, Verdict.ERROR  # noqa: E741
INF, NAN = math.inf, math.nan


def judged(condition: dict[str, Any], value: Any, baseline: Any = None, error: str | None = None) -> Verdict:
    return evaluate(condition, Measurement(at="", value=value, baseline=baseline, error=error))[0]


@pytest.mark.parametrize(
    ("condition", "value", "verdict"),
    [
        ({"max": 0.05}, 0.05, S),
        ({"max": 0.05}, 0.0500001, F),
        ({"max": 0}, 0, S),
        ({"min": 0.99}, 0.99, S),
        ({"min": 0.99}, 0.98, F),
        ({"min": 1.0, "max": 2.0}, 1.5, S),
        ({"min": 1.0, "max": 2.0}, 2.5, F),
        ({"within": [1.0, 2.0]}, 1.0, S),
        ({"within": [1.0, 2.0]}, 2.0, S),
        ({"within": [1.0, 2.0]}, 0.9, F),
        ({"within": [1.0, 2.0]}, 2.1, F),
        ({"min": None, "max": 1.0, "within": None, "compare": None}, 1.0, S),
    ],
)
def test_a_finite_value_is_judged_by_every_bound_given(
    condition: dict[str, Any], value: float, verdict: Verdict
) -> None:
    assert judged(condition, value) is verdict


@pytest.mark.parametrize(
    ("compare", "value", "baseline", "verdict"),
    [
        ({"max_increase": 0.2}, 1.2, 1.0, S),
        ({"max_increase": 0.2}, 0.36, 0.3, S),
        ({"max_increase": 0.2}, 1.21, 1.0, F),
        ({"max_increase": 0.2}, 0.1, 1.0, S),
        ({"max_increase": 0.2}, -0.8, -1.0, S),
        ({"max_increase": 0.2}, -0.7, -1.0, F),
        ({"max_increase": 0.2}, 0.0, 0.0, S),
        ({"max_increase": 0.2}, 0.001, 0.0, F),
        ({"max_difference": 0.5}, 1.5, 1.0, S),
        ({"max_difference": 0.5}, 1.6, 1.0, F),
        ({"max_increase": 10.0, "max_difference": 0.5}, 1.6, 1.0, F),
        ({"max_increase": 0.2}, 1.0, None, I),
        ({"max_increase": 0.2}, 1.0, NAN, I),
        ({"max_increase": 0.2}, 1.0, INF, I),
        ({"max_increase": 0.2}, INF, 1.0, F),
        ({"max_increase": 0.2}, -INF, 1.0, I),
        ({"max_increase": 0.2}, 1.0, "1.0", E),
    ],
)
def test_compare_bounds_the_increase_over_the_baseline(
    compare: dict[str, Any], value: float, baseline: Any, verdict: Verdict
) -> None:
    assert judged({"compare": compare}, value, baseline) is verdict


@pytest.mark.parametrize(
    ("condition", "value", "verdict"),
    [
        ({"max": 1.0}, None, I),
        ({"max": 1.0}, NAN, I),
        ({"max": 1.0}, INF, F),
        ({"max": 1.0}, -INF, I),
        ({"min": 1.0}, INF, I),
        ({"min": 1.0}, -INF, F),
        ({"within": [0.0, 1.0]}, -INF, F),
        ({"max": 1.0}, "0.5", E),
        ({"max": 1.0}, True, E),
        ({"max": 1.0}, [0.5], E),
        ({"max": 1.0}, 10**400, E),
    ],
)
def test_what_is_no_finite_number_never_passes(condition: dict[str, Any], value: Any, verdict: Verdict) -> None:
    assert judged(condition, value) is verdict


def test_an_error_is_an_error_even_beside_a_value_that_would_pass() -> None:
    assert evaluate({"max": 1.0}, Measurement(at="", value=0.5, error="timeout")) == (E, "timeout")


def test_a_broken_bound_fails_even_without_the_baseline() -> None:
    assert judged({"max": 1.0, "compare": {"max_increase": 0.1}}, 2.0) is F


def test_a_missing_baseline_is_inconclusive_even_where_the_bounds_hold() -> None:
    assert judged({"max": 1.0, "compare": {"max_increase": 0.1}}, 0.5) is I


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"max": None},
        {"max": NAN},
        {"max": INF},
        {"max": "1"},
        {"maximum": 1.0},
        {"within": [1.0]},
        {"within": 5},
        {"compare": {}},
        {"compare": 5},
        {"compare": {"max_increase": NAN}},
    ],
)
def test_a_condition_that_cannot_be_read_is_an_error(condition: dict[str, Any]) -> None:
    assert judged(condition, 0.5, 0.5) is E


def test_the_reason_names_value_and_bound() -> None:
    assert evaluate({"max": 0.05}, Measurement(at="", value=0.31))[1] == "0.31 is above the maximum 0.05"


def test_the_reason_shows_the_digits_in_which_value_and_bound_differ() -> None:
    assert evaluate({"max": 0.05}, Measurement(at="", value=0.05000001))[1] == "0.05000001 is above the maximum 0.05"


def test_a_dumped_model_can_be_evaluated() -> None:
    condition = SuccessCondition.model_validate({"within": [0, 1], "compare": {"maxDifference": 0.1}}).model_dump()
    assert judged(condition, 0.5, 0.45) is S
