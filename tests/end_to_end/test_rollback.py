"""Rollouts that fail, and go back exactly as far as they came."""

from __future__ import annotations

import json
from typing import Any

import pytest

from convoy.targets.base import Desired
from convoy.targets.processes.target import ProcessesTarget
from tests.end_to_end.live import answers, live, locked
from tests.end_to_end.manifests import Scenario
from tests.end_to_end.test_forward import roll
from tests.end_to_end.world import World, eventually

pytestmark = pytest.mark.airflow

BAD = {"2.0.0": {"errors": 0.5}}
SICK = {"2.0.0": {"health": 503}}


def baseline(world: World, scenario: Scenario) -> None:
    """Everything at 1.0.0."""
    run_id, state = roll(world, scenario, scenario.text(None, "1.0.0"))
    assert state == "success", world.log(scenario.dag_id, run_id, "outcome")


def recorded(world: World, scenario: Scenario) -> list[dict[str, Any]]:
    """The events of the newest record."""
    folders = sorted((world.manifests.parent / "records" / scenario.dag_id).iterdir())
    return list(json.loads((folders[-1] / "record.json").read_text())["events"])


def undone(world: World, scenario: Scenario) -> list[str]:
    """What the newest record says was rolled back, in order."""
    events = recorded(world, scenario)
    kinds = ("dev.cdevents.service.rolledback", "dev.cdevents.service.removed")
    return [e["subject"] for e in events if e["type"].startswith(kinds)]


def test_a_metric_breach_in_the_last_batch_undoes_all(world: World, scenario: Scenario) -> None:
    """The last one is healthy and fails its metric gate: everything goes back, in reverse, verified, locks released."""
    scenario.service("db").service("api", "db").service("web", "api", versions=BAD)
    baseline(world, scenario)
    run_id, state = roll(world, scenario, scenario.text("1.0.0", "2.0.0"))
    names = scenario.names("db", "api", "web")
    assert state == "failed"
    assert world.outcome(scenario.dag_id, run_id) == "RolledBack"
    assert live(scenario.place, *names) == dict.fromkeys(names, "1.0.0")
    assert {answers(scenario.place, name)["version"] for name in names} == {"1.0.0"}
    assert undone(world, scenario) == list(reversed(names))
    assert locked(scenario.place) == {}
    assert "error-rate" in world.log(scenario.dag_id, run_id, "rollback.decide")


def test_a_health_failure_in_the_first_batch_touches_no_other(world: World, scenario: Scenario) -> None:
    """The first one never becomes healthy: it goes back, and what depends on it was never touched."""
    scenario.service("db", versions=SICK).service("api", "db")
    baseline(world, scenario)
    before = ProcessesTarget(scenario.place).observe(scenario.name("api")).generation
    run_id, state = roll(world, scenario, scenario.text("1.0.0", "2.0.0"))
    assert state == "failed"
    assert world.outcome(scenario.dag_id, run_id) == "RolledBack"
    assert undone(world, scenario) == [scenario.name("db")]
    after = ProcessesTarget(scenario.place).observe(scenario.name("api"))
    assert (after.version, after.generation) == ("1.0.0", before)
    assert world.tasks(scenario.dag_id, run_id)[f"{scenario.name('api')}.deploy"] == "skipped"


def test_a_version_that_crashes_at_start_is_undone(world: World, scenario: Scenario) -> None:
    """A crash loop is final: nobody waits for the whole elastic time."""
    scenario.service("db", versions={"2.0.0": {"crash": True}})
    baseline(world, scenario)
    run_id, state = roll(world, scenario, scenario.text("1.0.0", "2.0.0"))
    assert state == "failed"
    assert world.outcome(scenario.dag_id, run_id) == "RolledBack"
    assert answers(scenario.place, scenario.name("db"))["version"] == "1.0.0"


def test_a_failure_halts_the_other_branch(world: World, scenario: Scenario) -> None:
    """One of two branches fails: the gate of the other lets go long before its bake is over, and nothing new starts."""
    slow = (
        "{name: slow, interval: 2s, count: 60, successCondition: {min: 0}, "
        "scrape: {rate: {counter: app_requests_total}}}"
    )
    scenario.service("bad", versions=BAD).service("slow").service("late", "slow")
    scenario.parts["slow"] = scenario.parts["slow"].replace("metrics: [", f"metrics: [{slow}, ")
    baseline_text = scenario.text(None, "1.0.0").replace("count: 60", "count: 1")
    _, state = roll(world, scenario, baseline_text)
    assert state == "success"
    run_id, state = roll(world, scenario, scenario.text("1.0.0", "2.0.0"))
    assert state == "failed"
    assert world.outcome(scenario.dag_id, run_id) == "RolledBack"
    states = world.tasks(scenario.dag_id, run_id)
    assert states[f"{scenario.name('slow')}.metrics"] == "skipped"
    assert states[f"{scenario.name('late')}.deploy"] == "skipped"
    names = scenario.names("bad", "slow", "late")
    assert live(scenario.place, *names) == dict.fromkeys(names, "1.0.0")


def test_scope_batch_keeps_what_went_through(world: World, scenario: Scenario) -> None:
    """rollbackScope: batch undoes the batch that failed; an independent one is promoted and stays."""
    scenario.service("bad", versions=BAD).service("good")
    extra = "rollbackScope: batch\n"
    _, state = roll(world, scenario, scenario.text(None, "1.0.0", extra))
    assert state == "success"
    run_id, state = roll(world, scenario, scenario.text("1.0.0", "2.0.0", extra))
    assert state == "failed"
    assert world.outcome(scenario.dag_id, run_id) == "RolledBack"
    assert live(scenario.place, *scenario.names("bad", "good")) == {
        scenario.name("bad"): "1.0.0",
        scenario.name("good"): "2.0.0",
    }


def test_on_failure_park_keeps_everything(world: World, scenario: Scenario) -> None:
    """onFailure: park stops where it is and keeps the locks; another run is refused; unlocking ends it."""
    scenario.service("bad", versions=BAD)
    extra = "onFailure: park\n"
    _, state = roll(world, scenario, scenario.text(None, "1.0.0", extra))
    assert state == "success"
    run_id, state = roll(world, scenario, scenario.text("1.0.0", "2.0.0", extra))
    assert state == "failed"
    assert world.outcome(scenario.dag_id, run_id) == "Parked"
    assert live(scenario.place, scenario.name("bad")) == {scenario.name("bad"): "2.0.0"}
    holder = f"{scenario.dag_id}/{run_id}"
    assert locked(scenario.place) == {holder: "forward"}
    other = world.trigger(scenario.dag_id)
    assert world.finish(scenario.dag_id, other) == "failed"
    assert holder in world.log(scenario.dag_id, other, "preflight")


def test_behind_a_point_of_no_return_nothing_goes_back_by_itself(world: World, scenario: Scenario) -> None:
    """What cannot be undone comes last; when it fails, everything stays, the locks are kept, and a person is asked."""
    scenario.service("final", versions=BAD, irreversible=("2.0.0",)).service("zebra")
    baseline(world, scenario)
    run_id, state = roll(world, scenario, scenario.text("1.0.0", "2.0.0"))
    assert state == "failed"
    assert world.outcome(scenario.dag_id, run_id) == "Parked"
    names = scenario.names("final", "zebra")
    assert live(scenario.place, *names) == dict.fromkeys(names, "2.0.0")
    assert locked(scenario.place) == {f"{scenario.dag_id}/{run_id}": "forward"}
    log = world.log(scenario.dag_id, run_id, "rollback.decide")
    assert f"there is no way back from {scenario.name('final')}: a person has to decide" in log


def test_a_drill_proves_the_way_back(world: World, scenario: Scenario) -> None:
    """A gate that is told to fail does, and everything goes back."""
    scenario.service("db").service("api", "db")
    baseline(world, scenario)
    run_id, state = roll(world, scenario, scenario.text("1.0.0", "2.0.0"), drill=f"{scenario.name('api')}.metrics")
    assert state == "failed"
    assert world.outcome(scenario.dag_id, run_id) == "RolledBack"
    assert undone(world, scenario) == scenario.names("api", "db")


def test_a_drift_stops_the_run_before_anything_is_touched(world: World, scenario: Scenario) -> None:
    """Somebody changed a component behind our back: preflight names it and refuses, and no lock is left."""
    scenario.service("db").service("api", "db")
    baseline(world, scenario)
    target = ProcessesTarget(scenario.place)
    lock = target.acquire([scenario.name("api")], "somebody")
    spec = json.loads(json.dumps(target.observe(scenario.name("api")).state))
    target.apply(Desired(scenario.name("api"), "1.5.0", _workload(spec), {"type": "recreate"}), lock)
    eventually(
        "the drift to be live", lambda: live(scenario.place, scenario.name("api"))[scenario.name("api")] == "1.5.0"
    )
    target.release("somebody")
    run_id, state = roll(world, scenario, scenario.text("1.0.0", "2.0.0"))
    assert state == "failed"
    log = world.log(scenario.dag_id, run_id, "preflight")
    assert "drift" in log
    assert "1.5.0" in log
    assert live(scenario.place, *scenario.names("db", "api")) == {
        scenario.name("db"): "1.0.0",
        scenario.name("api"): "1.5.0",
    }
    assert locked(scenario.place) == {}


def _workload(state: object) -> dict[str, object]:
    """The workload in an observed state, wherever the target keeps it."""
    if isinstance(state, dict):
        if "command" in state:
            return dict(state)
        for value in state.values():
            found = _workload(value)
            if found:
                return found
    return {}
