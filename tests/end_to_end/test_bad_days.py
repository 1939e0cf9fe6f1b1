"""Bad days: kills, restarts, aborts, edits, outages. Each test asserts what is live at the end."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.live import answers, live, locked
from tests.end_to_end.manifests import Scenario
from tests.end_to_end.metrics_server import MetricsServer
from tests.end_to_end.test_forward import roll
from tests.end_to_end.test_rollback import BAD, baseline, recorded, undone
from tests.end_to_end.world import World, eventually

pytestmark = pytest.mark.airflow

FLEET = Path(__file__).with_name("slow_fleet.py")
LONG_BAKE = (
    "{name: bake, interval: 1s, count: 12, successCondition: {min: 0}, scrape: {rate: {counter: app_requests_total}}}, "
)


class Fleet:
    """What the slow fleet has and did."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def versions(self) -> dict[str, str]:
        """What is live."""
        components = json.loads((self.folder / "state.json").read_text())["components"]
        return {name: component["version"] for name, component in components.items()}

    def locks(self) -> dict[str, str]:
        """The epoch of each lock."""
        locks = json.loads((self.folder / "state.json").read_text())["locks"]
        return {holder: held["epoch"] for holder, held in locks.items()}

    def history(self) -> list[list[str]]:
        """What was really done, in order."""
        return [json.loads(line) for line in (self.folder / "history.jsonl").read_text().splitlines()]

    def slow(self, component: str) -> Path:
        """From now on applying this component does not come back until the file is gone."""
        path = self.folder / f"slow-{component}"
        path.touch()
        return path

    def applying(self, component: str) -> int:
        """The process that applies this component, as soon as there is one."""
        marker = self.folder / f"applying-{component}"
        return int(eventually(f"{component} being applied", lambda: marker.exists() and marker.read_text()) or 0)


@pytest.fixture
def fleet(scenario: Scenario, folder: Path) -> Fleet:
    """db <- api, moved by a slow fleet."""
    scenario.target = f"{{kind: command, command: {json.dumps([sys.executable, str(FLEET), str(folder)])}}}"
    scenario.moved("db").moved("api", "db")
    return Fleet(folder)


def begin(world: World, scenario: Scenario, fleet: Fleet) -> tuple[str, Path]:
    """Baseline at 1.0.0, then a run to 2.0.0 that hangs in the middle of deploying api."""
    baseline(world, scenario)
    (fleet.folder / f"applying-{scenario.name('api')}").unlink()
    slow = fleet.slow(scenario.name("api"))
    world.write(f"{scenario.place}.yaml", scenario.text("1.0.0", "2.0.0"))
    world.wait_for_dag(scenario.dag_id)
    run_id = world.trigger(scenario.dag_id)
    fleet.applying(scenario.name("api"))
    return run_id, slow


def test_the_run_is_marked_failed_in_mid_deploy(world: World, scenario: Scenario, fleet: Fleet) -> None:
    """A person marks the run failed while a deployment hangs: it is fenced off and everything goes back, and when the
    hanging deployment wakes up after that, it changes nothing."""
    run_id, slow = begin(world, scenario, fleet)
    hanging = fleet.applying(scenario.name("api"))
    world.mark_run_failed(scenario.dag_id, run_id)
    assert world.finish(scenario.dag_id, run_id) == "failed"
    assert world.outcome(scenario.dag_id, run_id) == "Aborted"
    slow.unlink()
    eventually("the hanging deployment to end", lambda: not psutil.pid_exists(hanging))
    assert fleet.versions() == dict.fromkeys(scenario.names("db", "api"), "1.0.0")
    assert [entry[:2] for entry in fleet.history()[-2:]] == [
        ["apply", scenario.name("db")],
        ["restore", scenario.name("db")],
    ]
    assert fleet.locks() == {}


def test_the_task_is_marked_failed_in_mid_deploy(world: World, scenario: Scenario, fleet: Fleet) -> None:
    """Marking the task failed leads to the rollback too."""
    run_id, slow = begin(world, scenario, fleet)
    world.mark_task_failed(scenario.dag_id, run_id, f"{scenario.name('api')}.deploy")
    assert world.finish(scenario.dag_id, run_id) == "failed"
    slow.unlink()
    assert world.outcome(scenario.dag_id, run_id) == "Aborted"
    assert fleet.versions() == dict.fromkeys(scenario.names("db", "api"), "1.0.0")


def test_the_worker_is_killed_in_mid_deploy(world: World, scenario: Scenario, fleet: Fleet) -> None:
    """SIGKILL to the task's process: the task is tried again, and the component is moved once, not twice."""
    run_id, slow = begin(world, scenario, fleet)
    deploying = psutil.Process(fleet.applying(scenario.name("api")))
    task = deploying.parent()
    assert task is not None
    os.kill(task.pid, signal.SIGKILL)
    slow.unlink()
    assert world.finish(scenario.dag_id, run_id) == "success", world.log(scenario.dag_id, run_id, "outcome")
    assert world.task(scenario.dag_id, run_id, f"{scenario.name('api')}.deploy")["try_number"] == 2
    assert fleet.versions() == dict.fromkeys(scenario.names("db", "api"), "2.0.0")
    moved = [entry for entry in fleet.history() if entry[1] == scenario.name("api") and "2.0.0" in entry[2]]
    assert len(moved) == 1


def test_scheduler_and_triggerer_are_killed_in_mid_bake(world: World, scenario: Scenario) -> None:
    """Both are killed with SIGKILL and come back: the bake goes on from its recorded measurements, it neither starts
    over nor forgets."""
    scenario.service("web")
    _with_bake(scenario, "web")
    run_id = _baking(world, scenario)
    task = f"{scenario.name('web')}.metrics"
    eventually("some measurements", lambda: _measured(world, scenario, run_id) >= 4)
    before = _measured(world, scenario, run_id)
    for part in ("triggerer", "scheduler"):
        world.airflow.kill(part)
    for part in ("triggerer", "scheduler"):
        world.airflow.restart(part)
    assert world.finish(scenario.dag_id, run_id) == "success", world.log(scenario.dag_id, run_id, task)
    verdict = world.xcom(scenario.dag_id, run_id, task, "verdict")
    kept = next(m for m in verdict["components"][0]["metrics"] if m["name"] == "bake")
    judged = [m for m in kept["measurements"] if m["value"] is not None]
    assert len(judged) == 12
    assert before >= 4
    assert "going on from the recorded measurements" in world.log(scenario.dag_id, run_id, task)
    assert live(scenario.place, scenario.name("web")) == {scenario.name("web"): "2.0.0"}


def test_manifests_are_edited_broken_and_deleted_in_mid_run(world: World, scenario: Scenario) -> None:
    """The run goes on with what it was started with; the error is visible with file, line and column; new runs are
    refused while the manifest is broken or gone; no other rollout is affected."""
    scenario.service("web")
    _with_bake(scenario, "web")
    run_id = _baking(world, scenario)
    file = f"{scenario.place}.yaml"
    world.write(file, scenario.text("1.0.0", "3.0.0"))
    world.wait_for_dag(scenario.dag_id)
    path = world.write(file, scenario.text("1.0.0", "3.0.0").replace("components:", "componets:"))
    eventually("the import error", lambda: any(f"{file}:" in e and "componets" in e for e in world.import_errors()))
    eventually("the tag stale", lambda: "stale" in world.tags(scenario.dag_id))
    path.unlink()
    eventually("the tag retired", lambda: "retired" in world.tags(scenario.dag_id))
    assert world.finish(scenario.dag_id, run_id) == "success", world.log(scenario.dag_id, run_id, "outcome")
    assert live(scenario.place, scenario.name("web")) == {scenario.name("web"): "2.0.0"}
    refused = world.trigger(scenario.dag_id)
    assert world.finish(scenario.dag_id, refused) == "failed"
    assert "retired" in world.log(scenario.dag_id, refused, "preflight")


def test_the_metrics_provider_is_down(world: World, scenario: Scenario) -> None:
    """An outage asks a person. `Measure again` measures again, `Roll back` rolls back, and both are in the record."""
    with MetricsServer() as server:
        scenario.environment_extra = f"signals: {{prometheus: {{url: {server.url}}}}}\n"
        metric = (
            "{name: from-prometheus, query: up, interval: 500ms, count: 2, consecutiveErrorLimit: 1, "
            "successCondition: {min: 0}}, "
        )
        scenario.service("web")
        scenario.parts["web"] = scenario.parts["web"].replace("metrics: [", f"metrics: [{metric}")
        baseline(world, scenario)
        world.write(f"{scenario.place}.yaml", scenario.text("1.0.0", "2.0.0"))
        world.wait_for_dag(scenario.dag_id)
        run_id = world.trigger(scenario.dag_id)
        task = f"{scenario.name('web')}.metrics"
        world.wait_for_task(scenario.dag_id, run_id, f"{scenario.name('web')}.deploy", "success")
        server.down = True
        world.wait_for_question(scenario.dag_id, run_id, task)
        assert live(scenario.place, scenario.name("web")) == {scenario.name("web"): "2.0.0"}
        world.answer(scenario.dag_id, run_id, task, "Measure again")
        world.wait_for_task(scenario.dag_id, run_id, task, "deferred", "running")
        world.wait_for_question(scenario.dag_id, run_id, task, times=2)
        server.down = False
        world.answer(scenario.dag_id, run_id, task, "Roll back")
        assert world.finish(scenario.dag_id, run_id) == "failed"
    assert world.outcome(scenario.dag_id, run_id) == "RolledBack"
    assert answers(scenario.place, scenario.name("web"))["version"] == "1.0.0"
    assert [e["data"]["message"] for e in recorded(world, scenario) if e["data"]["event"] == "gate.answered"] == [
        "admin decided: Measure again",
        "admin decided: Roll back",
    ]


def test_a_rolled_back_run_never_goes_forward_again(world: World, scenario: Scenario) -> None:
    """Clearing a task of a rolled-back run changes nothing: preflight refuses."""
    scenario.service("web", versions=BAD)
    baseline(world, scenario)
    run_id, state = roll(world, scenario, scenario.text("1.0.0", "2.0.0"))
    assert state == "failed"
    generation = _generation(scenario, "web")
    world.clear(scenario.dag_id, run_id, f"{scenario.name('web')}.metrics")
    eventually(
        "the cleared run to end again",
        lambda: (
            world.task(scenario.dag_id, run_id, "preflight")["try_number"] == 2
            and world.run_state(scenario.dag_id, run_id) == "failed"
        ),
    )
    assert "never goes forward again" in world.log(scenario.dag_id, run_id, "preflight", attempt=2)
    assert live(scenario.place, scenario.name("web")) == {scenario.name("web"): "1.0.0"}
    assert _generation(scenario, "web") == generation


def test_a_rollback_that_fails_stops_keeps_its_locks_and_can_go_on(
    world: World, scenario: Scenario, folder: Path
) -> None:
    """What was restored is not healthy: what it depends on stays as it is, the locks stay. Repaired and cleared, the
    rollback goes on to its end."""
    sick = folder / "sick"
    scenario.service("db").service("web", "db", versions={"1.0.0": {"sick_file": str(sick)}, **BAD})
    scenario.parts["web"] = scenario.parts["web"].replace("maxElasticDuration: 20s", "maxElasticDuration: 6s")
    baseline(world, scenario)
    sick.touch()
    run_id, state = roll(world, scenario, scenario.text("1.0.0", "2.0.0"))
    assert state == "failed"
    assert world.outcome(scenario.dag_id, run_id) == "Stuck"
    holder = f"{scenario.dag_id}/{run_id}"
    assert locked(scenario.place) == {holder: "rollback"}
    assert live(scenario.place, scenario.name("db")) == {scenario.name("db"): "2.0.0"}
    sick.unlink()
    world.clear(scenario.dag_id, run_id, f"rollback.{scenario.name('web')}")
    eventually("the end of the rollback", lambda: world.outcome(scenario.dag_id, run_id) == "RolledBack", within=180)
    assert world.finish(scenario.dag_id, run_id) == "failed"
    assert live(scenario.place, *scenario.names("db", "web")) == dict.fromkeys(scenario.names("db", "web"), "1.0.0")
    eventually("the locks to be gone", lambda: locked(scenario.place) == {})
    assert undone(world, scenario)[-1] == scenario.name("db")


def _with_bake(scenario: Scenario, short: str) -> None:
    scenario.parts[short] = scenario.parts[short].replace("metrics: [", f"metrics: [{LONG_BAKE}")


def _baking(world: World, scenario: Scenario) -> str:
    """Baseline, then a run whose only batch bakes for twelve measurements."""
    _, state = roll(world, scenario, scenario.text(None, "1.0.0").replace("count: 12", "count: 1"))
    assert state == "success"
    world.write(f"{scenario.place}.yaml", scenario.text("1.0.0", "2.0.0"))
    world.wait_for_dag(scenario.dag_id)
    run_id = world.trigger(scenario.dag_id)
    world.wait_for_task(scenario.dag_id, run_id, f"{scenario.name('web')}.metrics", "deferred")
    return run_id


def _measured(world: World, scenario: Scenario, run_id: str) -> int:
    progress = world.xcom(scenario.dag_id, run_id, f"{scenario.name('web')}.metrics", "progress") or {"slots": {}}
    slot = progress["slots"].get(f"{scenario.name('web')}/metric/bake")
    return len([m for m in slot["state"]["measurements"] if m["value"] is not None]) if slot else 0


def _generation(scenario: Scenario, short: str) -> int:
    from convoy.targets.processes.target import ProcessesTarget

    return ProcessesTarget(scenario.place).observe(scenario.name(short)).generation
