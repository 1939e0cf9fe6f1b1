"""Rollouts that go forward, and what they leave behind."""

from __future__ import annotations

import json

import pytest

from convoy.record.sealed import broken_at
from tests.end_to_end.live import answers, live, locked
from tests.end_to_end.manifests import Scenario
from tests.end_to_end.world import World

pytestmark = pytest.mark.airflow


def roll(world: World, scenario: Scenario, text: str, **conf: object) -> tuple[str, str]:
    """Write the manifests, trigger, wait for the end: the run's id and its state."""
    world.write(f"{scenario.place}.yaml", text)
    world.wait_for_dag(scenario.dag_id)
    run_id = world.trigger(scenario.dag_id, **conf)
    return run_id, world.finish(scenario.dag_id, run_id)


def test_everything_is_promoted(world: World, scenario: Scenario) -> None:
    """From nothing to 1.0.0 and on to 2.0.0: green, live, in order, sealed in a record, and in the ledger."""
    scenario.service("db", replicas=2).service("api", "db").service("web", "api")
    first, state = roll(world, scenario, scenario.text(None, "1.0.0"), reason="first")
    assert state == "success", world.log(scenario.dag_id, first, "outcome")
    second, state = roll(world, scenario, scenario.text("1.0.0", "2.0.0"), reason="second")
    assert state == "success", world.log(scenario.dag_id, second, "outcome")

    names = scenario.names("db", "api", "web")
    assert live(scenario.place, *names) == dict.fromkeys(names, "2.0.0")
    assert {answers(scenario.place, name)["version"] for name in names} == {"2.0.0"}
    assert locked(scenario.place) == {}
    started = [world.task(scenario.dag_id, second, f"{name}.deploy")["start_date"] for name in names]
    assert started == sorted(started)
    states = world.tasks(scenario.dag_id, second)
    assert {states[f"rollback.{name}"] for name in names} == {"skipped"}

    folders = sorted((world.manifests.parent / "records" / scenario.dag_id).iterdir())
    record = json.loads((folders[-1] / "record.json").read_text())
    assert record["outcome"] == "Promoted"
    assert record["reason"] == "second"
    assert broken_at(record) is None
    assert {e["chainid"] for e in record["events"]} == {record["correlation"]}
    moved = [e["subject"] for e in record["events"] if e["type"].startswith("dev.cdevents.service.upgraded")]
    assert moved == names
    timeline = (folders[-1] / "timeline.md").read_text()
    assert "second" in timeline
    assert "Promoted" in timeline

    uris = {f"convoy://{scenario.place}/{name}" for name in names}
    events = [e for e in world.get("/assets/events", limit=1000)["asset_events"] if e["uri"] in uris]
    assert {e["uri"] for e in events} == uris
    assert {e["extra"]["version"] for e in events} == {"1.0.0", "2.0.0"}


def test_waiting_uses_no_worker(world: World, scenario: Scenario) -> None:
    """On the happy path only snapshot and deploy of a batch run on a worker; its gates never leave the triggerer."""
    scenario.service("one")
    run_id, state = roll(world, scenario, scenario.text(None, "1.0.0"))
    assert state == "success", world.log(scenario.dag_id, run_id, "outcome")
    name = scenario.name("one")
    on_a_worker = {
        task_id: bool(world.task(scenario.dag_id, run_id, task_id)["hostname"])
        for task_id in (f"{name}.snapshot", f"{name}.deploy", f"{name}.ready", f"{name}.metrics")
    }
    assert on_a_worker == {
        f"{name}.snapshot": True,
        f"{name}.deploy": True,
        f"{name}.ready": False,
        f"{name}.metrics": False,
    }


def test_a_canary_goes_step_by_step(world: World, scenario: Scenario) -> None:
    """Each step is one shift and one analysis; at the end every replica is new."""
    steps = "strategy: {type: canary, steps: [{setWeight: 50}, {pause: {duration: 1s}}, {analysis: true}]}\n"
    scenario.service("web", replicas=2, extra=steps)
    _, state = roll(world, scenario, scenario.text(None, "1.0.0"))
    assert state == "success"
    run_id, state = roll(world, scenario, scenario.text("1.0.0", "2.0.0"))
    assert state == "success", world.log(scenario.dag_id, run_id, "outcome")
    name = scenario.name("web")
    states = world.tasks(scenario.dag_id, run_id)
    assert (states[f"{name}.canary-50"], states[f"{name}.analysis-50"]) == ("success", "success")
    assert live(scenario.place, name) == {name: "2.0.0"}


def test_a_dry_run_touches_nothing_and_is_not_green(world: World, scenario: Scenario) -> None:
    """Every check is made, nothing is touched, and green stays reserved for what was promoted."""
    scenario.service("one")
    run_id, state = roll(world, scenario, scenario.text(None, "1.0.0"), dry_run=True)
    assert state == "failed"
    assert world.outcome(scenario.dag_id, run_id) == "DryRun"
    assert live(scenario.place, scenario.name("one")) == {scenario.name("one"): None}
    assert locked(scenario.place) == {}


def test_a_component_can_be_left_where_it_is(world: World, scenario: Scenario) -> None:
    """`stay` in the form leaves a component alone; the combination is proven again before anything is touched."""
    scenario.service("db").service("api")
    run_id, state = roll(world, scenario, scenario.text(None, "1.0.0"), **{f"version.{scenario.name('api')}": "stay"})
    assert state == "success", world.log(scenario.dag_id, run_id, "outcome")
    assert live(scenario.place, *scenario.names("db", "api")) == {
        scenario.name("db"): "1.0.0",
        scenario.name("api"): None,
    }
