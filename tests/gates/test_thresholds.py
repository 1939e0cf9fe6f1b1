"""Metric gates: the budgets, in the words of the manifest."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from convoy.gates.assessment import Assessment
from convoy.gates.measurement import Measurement
from convoy.gates.thresholds import LONGEST_BACKOFF, RETENTION, WARMING_LIMIT, MetricState, assess, next_delay, observe
from convoy.gates.verdict import Verdict
from convoy.manifest.models.gates import MetricGate

GOOD, BAD = Measurement(at="", value=0.01), Measurement(at="", value=0.5)
NO_DATA, ERROR = Measurement(at=""), Measurement(at="", error="no answer within 5 s")
WARMING = Measurement(at="", inputs={"warming": True})


def gate(**settings: Any) -> dict[str, Any]:
    return {
        "interval": 5.0,
        "count": 3,
        "success_condition": {"max": 0.05},
        "failure_limit": 0,
        "inconclusive_limit": 0,
        "consecutive_error_limit": 4,
        **settings,
    }


def after(settings: dict[str, Any], *measurements: Measurement) -> MetricState:
    state = MetricState()
    for measurement in measurements:
        state = observe(settings, state, measurement)
    return state


def assessed(settings: dict[str, Any], *measurements: Measurement) -> Assessment:
    return assess(settings, after(settings, *measurements))


def test_nothing_measured_is_no_verdict() -> None:
    assert assessed(gate()).verdict is None


def test_fewer_than_count_successes_are_no_verdict() -> None:
    assert assessed(gate(), GOOD, GOOD).verdict is None


def test_count_successes_are_successful() -> None:
    assert assessed(gate(), GOOD, GOOD, GOOD).verdict is Verdict.SUCCESSFUL


def test_one_failure_over_the_limit_fails_at_once() -> None:
    got = assessed(gate(), GOOD, BAD)
    assert got == Assessment(Verdict.FAILED, "1 of 2 measurements failed, 0 tolerated: 0.5 is above the maximum 0.05")


def test_failures_within_the_limit_are_tolerated() -> None:
    assert assessed(gate(failure_limit=1), BAD, GOOD, GOOD).verdict is Verdict.SUCCESSFUL


def test_no_data_over_the_limit_is_inconclusive_at_once() -> None:
    got = assessed(gate(), NO_DATA)
    assert got.verdict is Verdict.INCONCLUSIVE
    assert "no data" in got.message


def test_no_data_within_the_limit_is_tolerated() -> None:
    assert assessed(gate(inconclusive_limit=1), NO_DATA, GOOD, GOOD).verdict is Verdict.SUCCESSFUL


def test_tolerated_failures_and_doubts_without_one_success_do_not_pass() -> None:
    got = assessed(gate(count=2, failure_limit=1, inconclusive_limit=1), NO_DATA, BAD)
    assert got.verdict is Verdict.INCONCLUSIVE


def test_errors_do_not_count_towards_count() -> None:
    assert assessed(gate(), GOOD, ERROR, GOOD, ERROR).verdict is None


def test_errors_within_the_limit_are_forgiven_by_an_answer() -> None:
    spread = [ERROR] * 4 + [GOOD]
    assert assessed(gate(), *spread, *spread, *spread).verdict is Verdict.SUCCESSFUL


def test_errors_in_a_row_over_the_limit_ask_a_person_and_do_not_fail() -> None:
    got = assessed(gate(), GOOD, *[ERROR] * 5)
    assert got.verdict is Verdict.INCONCLUSIVE
    assert got.message == "provider errors: 5 in a row, 4 tolerated, the latest: no answer within 5 s"


def test_an_error_limit_of_zero_tolerates_no_error() -> None:
    assert assessed(gate(consecutive_error_limit=0), ERROR).verdict is Verdict.INCONCLUSIVE


def test_a_failure_is_named_even_when_later_measurements_succeeded() -> None:
    got = assessed(gate(count=5, failure_limit=1), BAD, GOOD, Measurement(at="", value=0.7))
    assert "0.7 is above" in got.message


def test_warming_counts_for_nothing() -> None:
    assert after(gate(), GOOD, ERROR, WARMING).judged == 1
    assert after(gate(), GOOD, ERROR, WARMING).errors == 1
    assert after(gate(), WARMING).measurements == ()


def test_endless_warming_becomes_no_data() -> None:
    assert assessed(gate(), *[WARMING] * WARMING_LIMIT).verdict is None
    assert assessed(gate(), *[WARMING] * (WARMING_LIMIT + 1)).verdict is Verdict.INCONCLUSIVE


def test_a_value_that_claims_to_be_warming_is_judged() -> None:
    assert assessed(gate(), Measurement(at="", value=0.5, inputs={"warming": True})).verdict is Verdict.FAILED


def test_a_decision_is_final() -> None:
    settings = gate()
    decided = after(settings, BAD)
    assert after(settings, BAD, GOOD, GOOD, GOOD) == decided


def test_the_state_keeps_the_latest_measurements_and_counts_all() -> None:
    settings = gate(count=1000)
    state = after(settings, *[Measurement(at="", value=n / 1e6) for n in range(RETENTION + 7)])
    assert len(state.measurements) == RETENTION
    assert state.measurements[-1].value == (RETENTION + 6) / 1e6
    assert state.successful == RETENTION + 7


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), {1, 2}, 10**400])
def test_the_state_is_strict_json_whatever_was_measured(value: Any) -> None:
    settings = gate(inconclusive_limit=5)
    state = after(settings, Measurement(at="", value=value, baseline=value))
    again = MetricState.from_dict(json.loads(json.dumps(state.to_dict(), allow_nan=False)))
    assert assess(settings, again) == assess(settings, state)


def test_the_next_measurement_comes_after_the_interval() -> None:
    assert next_delay(gate(), after(gate(), GOOD)) == 5.0
    assert next_delay(gate(), after(gate(), WARMING)) == 5.0


def test_errors_in_a_row_double_the_delay_up_to_a_bound() -> None:
    settings = gate(consecutive_error_limit=10000)
    delays = [next_delay(settings, after(settings, *[ERROR] * n)) for n in (1, 2, 3, 4, 5000)]
    assert delays == [10.0, 20.0, 40.0, LONGEST_BACKOFF, LONGEST_BACKOFF]


def test_an_answer_ends_the_backoff() -> None:
    assert next_delay(gate(), after(gate(), ERROR, ERROR, GOOD)) == 5.0


def test_backoff_never_shortens_a_long_interval() -> None:
    settings = gate(interval=600.0)
    assert next_delay(settings, after(settings, ERROR)) == 600.0


@pytest.mark.parametrize("broken", [{"count": 0}, {"count": None}, {"failure_limit": -1}, {"inconclusive_limit": "1"}])
def test_a_gate_that_cannot_be_read_raises(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(broken))):
        assess(gate(**broken), MetricState())


def test_a_dumped_model_is_a_gate() -> None:
    model = MetricGate.model_validate(
        {"name": "errors", "query": "vector(0)", "count": 1, "interval": "2s", "successCondition": {"max": 1}}
    )
    for dumped in (model.model_dump(), model.model_dump(mode="json")):
        assert assessed(dumped, GOOD).verdict is Verdict.SUCCESSFUL
        assert next_delay(dumped, MetricState()) == 2.0
