"""What holds for every gate and every sequence of measurements."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.gates import health, thresholds
from convoy.gates.conditions import evaluate
from convoy.gates.health import HealthPoll, HealthState
from convoy.gates.measurement import Measurement
from convoy.gates.thresholds import MetricState
from convoy.gates.verdict import Verdict

finite = st.floats(-10.0, 10.0, allow_nan=False)
bounds = st.floats(-5.0, 5.0)
compares = st.fixed_dictionaries({}, optional={"max_increase": st.floats(0, 2), "max_difference": st.floats(0, 2)})
conditions = st.fixed_dictionaries(
    {},
    optional={
        "min": bounds,
        "max": bounds,
        "within": st.lists(bounds, min_size=2, max_size=2).map(sorted),
        "compare": compares.filter(bool),
    },
).filter(bool)
useless = st.sampled_from(
    [
        Measurement(at=""),
        Measurement(at="", value=math.nan),
        Measurement(at="", value=math.inf),
        Measurement(at="", value=-math.inf),
        Measurement(at="", error="no answer within 5 s"),
        Measurement(at="", error="status 500"),
        Measurement(at="", value=0.0, error="status 500"),
        Measurement(at="", value="0.0"),  # type: ignore[arg-type]
        Measurement(at="", value=True),
        Measurement(at="", value=[0.0]),  # type: ignore[arg-type]
        Measurement(at="", value=10**400),
        Measurement(at="", inputs={"warming": True}),
    ]
)
baselines = st.one_of(st.none(), finite, st.sampled_from([math.nan, math.inf, "1"]))
anything = st.one_of(useless, st.builds(Measurement, at=st.just(""), value=finite, baseline=baselines))
gates = st.fixed_dictionaries(
    {
        "interval": st.just(5.0),
        "count": st.integers(1, 6),
        "success_condition": conditions,
        "failure_limit": st.integers(0, 7),
        "inconclusive_limit": st.integers(0, 7),
        "consecutive_error_limit": st.integers(0, 4),
    }
)
max_gates = gates.map(lambda gate: {**gate, "success_condition": {"max": 0.5}})
BAD = Measurement(at="", value=1.0)


def folded(gate: dict[str, Any], measurements: list[Measurement], state: MetricState | None = None) -> MetricState:
    state = state or MetricState()
    for measurement in measurements:
        state = thresholds.observe(gate, state, measurement)
    return state


def verdict(gate: dict[str, Any], measurements: list[Measurement]) -> Verdict | None:
    return thresholds.assess(gate, folded(gate, measurements)).verdict


@settings(deadline=None)
@given(conditions, useless, baselines)
def test_what_is_no_finite_number_is_never_successful(
    condition: dict[str, Any], measurement: Measurement, baseline: Any
) -> None:
    probe = Measurement(measurement.at, measurement.value, baseline, measurement.error, measurement.inputs)
    assert evaluate(condition, probe)[0] is not Verdict.SUCCESSFUL


@settings(deadline=None)
@given(gates, st.lists(useless, max_size=40))
def test_a_gate_that_never_saw_a_finite_number_never_passes(gate: dict[str, Any], seen: list[Measurement]) -> None:
    assert verdict(gate, seen) is not Verdict.SUCCESSFUL


@settings(deadline=None)
@given(gates, st.lists(anything, max_size=40))
def test_a_gate_that_passes_kept_all_its_budgets(gate: dict[str, Any], seen: list[Measurement]) -> None:
    state = folded(gate, seen)
    if thresholds.assess(gate, state).verdict is Verdict.SUCCESSFUL:
        assert state.successful >= 1
        assert state.failed <= gate["failure_limit"]
        assert state.inconclusive <= gate["inconclusive_limit"]
        assert state.judged == gate["count"]


@settings(deadline=None)
@given(max_gates, st.lists(anything, max_size=20), st.data())
def test_one_more_failed_measurement_never_turns_a_failure_into_a_success(
    gate: dict[str, Any], seen: list[Measurement], data: st.DataObject
) -> None:
    where = data.draw(st.integers(0, len(seen)))
    if verdict(gate, seen) is Verdict.FAILED:
        assert verdict(gate, [*seen[:where], BAD, *seen[where:]]) is not Verdict.SUCCESSFUL


@settings(deadline=None)
@given(max_gates, st.lists(anything, min_size=1, max_size=20), st.data())
def test_a_failure_in_place_of_any_measurement_never_makes_a_success(
    gate: dict[str, Any], seen: list[Measurement], data: st.DataObject
) -> None:
    where = data.draw(st.integers(0, len(seen) - 1))
    replaced = seen[where]
    worse = verdict(gate, [*seen[:where], BAD, *seen[where + 1 :]])
    if evaluate(gate["success_condition"], replaced)[0] is Verdict.SUCCESSFUL and worse is Verdict.SUCCESSFUL:
        assert verdict(gate, seen) is Verdict.SUCCESSFUL


@settings(deadline=None)
@given(gates, st.lists(anything, max_size=20), st.data())
def test_a_metric_gate_resumed_from_json_ends_as_if_it_had_not_stopped(
    gate: dict[str, Any], seen: list[Measurement], data: st.DataObject
) -> None:
    where = data.draw(st.integers(0, len(seen)))
    text = json.dumps(folded(gate, seen[:where]).to_dict(), allow_nan=False)
    resumed = folded(gate, seen[where:], MetricState.from_dict(json.loads(text)))
    assert thresholds.assess(gate, resumed) == thresholds.assess(gate, folded(gate, seen))


@settings(deadline=None)
@given(gates, st.lists(anything, min_size=1, max_size=20))
def test_a_metric_gate_always_ends(gate: dict[str, Any], seen: list[Measurement]) -> None:
    rounds = (gate["count"] + 1) * (gate["consecutive_error_limit"] + thresholds.WARMING_LIMIT + 2)
    assert verdict(gate, seen * rounds) is not None


polls = st.sampled_from(
    [
        HealthPoll.healthy("all well"),
        HealthPoll.unhealthy("a-1: status 500"),
        HealthPoll.unreachable("timeout"),
    ]
)
looks = st.lists(st.tuples(polls, st.floats(0.5, 3.0)), max_size=40)
health_gates = st.fixed_dictionaries(
    {
        "interval": st.just(1.0),
        "wait_duration": st.floats(0, 4),
        "max_elastic_duration": st.floats(0.5, 15),
        "healthy_state_duration": st.floats(0, 6),
    }
)


def watched(
    gate: dict[str, Any], seen: list[tuple[HealthPoll, float]], state: HealthState | None = None
) -> HealthState:
    state = state or HealthState()
    for poll, elapsed in seen:
        state = health.observe(gate, state, poll, elapsed)
    return state


@settings(deadline=None)
@given(health_gates, looks)
def test_health_never_passes_unless_the_last_poll_that_was_judged_is_healthy(
    gate: dict[str, Any], seen: list[tuple[HealthPoll, float]]
) -> None:
    state = watched(gate, seen)
    if health.assess(gate, state).verdict is Verdict.SUCCESSFUL:
        assert state.seen == health.HEALTHY
        assert seen[state.polls - 1][0].kind == health.HEALTHY


@settings(deadline=None)
@given(health_gates, looks)
def test_health_never_passes_before_its_durations_have_really_passed(
    gate: dict[str, Any], seen: list[tuple[HealthPoll, float]]
) -> None:
    state = watched(gate, seen)
    if health.assess(gate, state).verdict is Verdict.SUCCESSFUL:
        passed = sum(elapsed for _, elapsed in seen[: state.polls])
        assert passed + 1e-6 >= gate["wait_duration"] + gate["healthy_state_duration"]


@settings(deadline=None)
@given(health_gates, looks, st.data())
def test_a_health_gate_resumed_from_json_ends_as_if_it_had_not_stopped(
    gate: dict[str, Any], seen: list[tuple[HealthPoll, float]], data: st.DataObject
) -> None:
    where = data.draw(st.integers(0, len(seen)))
    text = json.dumps(watched(gate, seen[:where]).to_dict(), allow_nan=False)
    resumed = watched(gate, seen[where:], HealthState.from_dict(json.loads(text)))
    assert health.assess(gate, resumed) == health.assess(gate, watched(gate, seen))


@settings(deadline=None)
@given(health_gates, st.lists(st.tuples(polls, st.floats(0.5, 3.0)), min_size=1, max_size=6))
def test_a_health_gate_always_ends(gate: dict[str, Any], seen: list[tuple[HealthPoll, float]]) -> None:
    assert health.assess(gate, watched(gate, seen * 100)).verdict is not None


@settings(deadline=None)
@given(health_gates, st.lists(st.floats(0.5, 3.0), max_size=40))
def test_an_outage_of_the_target_never_fails_a_release(gate: dict[str, Any], times: list[float]) -> None:
    state = watched(gate, [(HealthPoll.unreachable("timeout"), elapsed) for elapsed in times])
    assert health.assess(gate, state).verdict in (None, Verdict.INCONCLUSIVE)
