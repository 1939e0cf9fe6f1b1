"""Health gates: idle, elastic and healthy time."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from convoy.gates.assessment import Assessment
from convoy.gates.health import ERROR_LIMIT, LONGEST_CREDIT, HealthPoll, HealthState, ReplicaHealth, assess, observe
from convoy.gates.verdict import Verdict
from convoy.manifest.models.gates import HealthGate

WELL, ILL = HealthPoll.healthy("all 2 replicas are healthy"), HealthPoll.unhealthy("payment-1: status 503, wanted 200")
DEAD, GONE = HealthPoll.dead("payment-1 exited with code 3"), HealthPoll.unreachable("connection refused")


def gate(wait: float = 0.0, elastic: float = 10.0, healthy: float = 3.0) -> dict[str, Any]:
    return {
        "interval": 1.0,
        "wait_duration": wait,
        "max_elastic_duration": elastic,
        "healthy_state_duration": healthy,
    }


def after(settings: dict[str, Any], *polls: HealthPoll, elapsed: float = 1.0) -> HealthState:
    """Polls one interval apart; the first comes at once."""
    state = HealthState()
    for number, poll in enumerate(polls):
        state = observe(settings, state, poll, elapsed if number else 0.0)
    return state


def assessed(settings: dict[str, Any], *polls: HealthPoll, elapsed: float = 1.0) -> Assessment:
    return assess(settings, after(settings, *polls, elapsed=elapsed))


def test_nothing_polled_is_no_verdict() -> None:
    assert assessed(gate()).verdict is None


def test_continuous_health_for_the_wanted_time_is_successful() -> None:
    assert assessed(gate(healthy=3.0), *[WELL] * 3).verdict is None
    assert assessed(gate(healthy=3.0), *[WELL] * 4).verdict is Verdict.SUCCESSFUL


def test_without_a_wanted_time_the_first_healthy_poll_is_successful() -> None:
    assert assessed(gate(healthy=0.0), ILL, WELL).verdict is Verdict.SUCCESSFUL


def test_not_healthy_within_the_elastic_time_is_failed_and_names_the_replica() -> None:
    assert assessed(gate(elastic=10.0), *[ILL] * 10).verdict is None
    assert assessed(gate(elastic=10.0), *[ILL] * 11) == Assessment(
        Verdict.FAILED, "not healthy within 10s: payment-1: status 503, wanted 200"
    )


def test_a_relapse_starts_the_healthy_time_anew() -> None:
    assert assessed(gate(), WELL, WELL, WELL, ILL, WELL, WELL, WELL).verdict is None
    assert assessed(gate(), WELL, WELL, WELL, ILL, WELL, WELL, WELL, WELL).verdict is Verdict.SUCCESSFUL


def test_healthy_time_uses_up_no_elastic_time() -> None:
    assert after(gate(healthy=100.0), *[WELL] * 50).elastic == 0.0


def test_a_relapse_after_the_elastic_time_is_used_up_fails() -> None:
    assert assessed(gate(elastic=4.0, healthy=2.5), ILL, ILL, ILL, ILL, WELL, WELL, ILL).verdict is Verdict.FAILED


def test_flapping_ends_in_failure() -> None:
    assert assessed(gate(), *[WELL, WELL, ILL] * 20).verdict is Verdict.FAILED


def test_nothing_is_judged_during_the_idle_time() -> None:
    assert assessed(gate(wait=5.0, elastic=1.0), *[ILL] * 5).verdict is None
    assert after(gate(wait=5.0), *[ILL] * 5).elastic == 0.0
    assert after(gate(wait=5.0), *[WELL] * 5).healthy_for == 0.0


def test_elastic_time_begins_with_the_first_poll_after_the_idle_time() -> None:
    assert after(gate(wait=2.0), *[ILL] * 5).elastic == 2.0


def test_a_dead_deployment_fails_at_once_even_during_the_idle_time() -> None:
    assert assessed(gate(wait=60.0), DEAD) == Assessment(Verdict.FAILED, "payment-1 exited with code 3")


def test_a_target_that_does_not_answer_is_asked_again_within_its_budget() -> None:
    assert assessed(gate(), *[GONE] * ERROR_LIMIT).verdict is None


def test_a_target_that_never_answers_asks_a_person_and_does_not_fail() -> None:
    got = assessed(gate(elastic=2.0), *[GONE] * (ERROR_LIMIT + 1))
    assert got.verdict is Verdict.INCONCLUSIVE
    assert "connection refused" in got.message


def test_all_clocks_stand_still_while_the_target_does_not_answer() -> None:
    before = after(gate(healthy=60.0), ILL, ILL, WELL, WELL)
    state = before
    for _ in range(5):
        state = observe(gate(healthy=60.0), state, GONE, 100.0)
    state = observe(gate(healthy=60.0), state, WELL, 100.0)
    assert (state.elastic, state.healthy_for) == (before.elastic, before.healthy_for)


def test_an_outage_of_the_target_alone_never_passes() -> None:
    assert assessed(gate(healthy=0.0), GONE).verdict is None


def test_two_answers_in_a_row_restore_the_error_budget() -> None:
    polls = [GONE] * ERROR_LIMIT + [WELL, WELL]
    assert after(gate(healthy=60.0), *polls).errors == 0


def test_answers_that_come_only_every_other_time_do_not_go_on_for_ever() -> None:
    assert assessed(gate(healthy=60.0), *[GONE, WELL] * (ERROR_LIMIT + 1)).verdict is Verdict.INCONCLUSIVE


def test_relapses_hidden_between_outages_do_not_go_on_for_ever() -> None:
    assert assessed(gate(healthy=2.0), *[WELL, WELL, GONE, ILL, GONE] * 10).verdict is Verdict.FAILED


def test_an_unhealthy_poll_after_an_outage_costs_one_interval_and_not_the_outage() -> None:
    assert after(gate(), ILL, GONE, ILL, elapsed=100.0).elastic == 1.0


def test_a_stalled_watcher_has_not_seen_the_health_of_the_hour_that_it_missed() -> None:
    assert after(gate(healthy=3600.0), WELL, WELL, elapsed=3600.0).healthy_for == LONGEST_CREDIT


def test_a_healthy_poll_after_a_stall_does_not_fail_the_release() -> None:
    assert assessed(gate(), ILL, WELL, elapsed=3600.0).verdict is None


@pytest.mark.parametrize("elapsed", [-5.0, math.nan, math.inf])
def test_a_senseless_interval_counts_for_nothing(elapsed: float) -> None:
    state = after(gate(), WELL, WELL, elapsed=elapsed)
    assert (state.healthy_for, state.elastic) == (0.0, 0.0)


def test_a_decision_is_final() -> None:
    decided = after(gate(), DEAD)
    assert observe(gate(), decided, WELL, 1.0) == decided


def test_no_replica_is_not_healthy() -> None:
    assert HealthPoll.of([]).kind == "unhealthy"


def test_one_ill_replica_is_named_among_the_well_ones() -> None:
    poll = HealthPoll.of(
        [ReplicaHealth("a-1", True, "status 200"), ReplicaHealth("a-2", False, "status 503, wanted 200")]
    )
    assert poll == HealthPoll.unhealthy("a-2: status 503, wanted 200")


def test_a_long_list_of_ill_replicas_is_cut() -> None:
    poll = HealthPoll.of([ReplicaHealth(f"a-{n}", False, "down") for n in range(8)])
    assert poll.reason.endswith("a-4: down; and 3 more")


def test_the_message_stays_the_same_while_nothing_happens() -> None:
    settings = gate(healthy=60.0)
    assert assessed(settings, ILL, ILL).message == assessed(settings, ILL, ILL, ILL).message
    assert assessed(settings, WELL, WELL).message == assessed(settings, WELL, WELL, WELL).message


def test_the_state_comes_back_from_strict_json_as_it_was() -> None:
    state = after(gate(), ILL, WELL, GONE)
    assert HealthState.from_dict(json.loads(json.dumps(state.to_dict(), allow_nan=False))) == state


def test_a_dumped_model_is_a_gate() -> None:
    model = HealthGate.model_validate({"healthyStateDuration": "2s"})
    for dumped in (model.model_dump(), model.model_dump(mode="json")):
        assert assessed(dumped, WELL, WELL, WELL).verdict is Verdict.SUCCESSFUL


@pytest.mark.parametrize("key", ["wait_duration", "max_elastic_duration", "healthy_state_duration"])
def test_a_gate_that_cannot_be_read_raises(key: str) -> None:
    with pytest.raises(ValueError, match=key):
        assess({**gate(), key: None}, HealthState())
