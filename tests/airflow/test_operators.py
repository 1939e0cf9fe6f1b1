"""The operators on their own: what they refuse, what they leave behind, and what they do when they run twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException, AirflowFailException, DownstreamTasksSkipped, TaskDeferred
from tests.airflow.builders import component, published, rollout
from tests.airflow.fakes import Fleet, Run

from convoy.airflow.factory import build_dag

DAG_ID = "rollout.pair.local"
HOLDER = f"{DAG_ID}/run-1"


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """db and web at 1.0.0."""
    made = Fleet(db="1.0.0", web="1.0.0")
    monkeypatch.setattr("convoy.targets.open_target", lambda config, environment: made)
    return made


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where records go."""
    monkeypatch.setenv("CONVOY_RECORDS", f"file://{tmp_path}/records")
    yield tmp_path / "records"


@pytest.fixture
def dag(tmp_path: Path, home: Path) -> DAG:
    """db <- web, from 1.0.0 to 2.0.0."""
    return build_dag(published(tmp_path, component("db") + component("web", "db") + rollout("pair", "db web")))


@pytest.fixture
def run(fleet: Fleet, dag: DAG) -> Run:
    """A run that preflight has let go."""
    made = Run(DAG_ID, dict.fromkeys(dag.task_ids, "None"))
    execute(dag, made, "preflight", **{"version.db": "2.0.0", "version.web": "2.0.0"})
    return made


def execute(dag: DAG, run: Run, task_id: str, try_number: int = 1, max_tries: int = 0, **params: Any) -> None:
    """Run a task once; its state is kept."""
    try:
        dag.get_task(task_id).execute(run.context(task_id, try_number, max_tries, **params))
    except (DownstreamTasksSkipped, TaskDeferred):
        run.states[task_id] = "success"
        raise
    except BaseException:
        run.states[task_id] = "failed"
        raise
    run.states[task_id] = "success"


def forward(dag: DAG, run: Run, *batches: str) -> None:
    """Snapshot and deploy; the gates passed."""
    for batch in batches:
        execute(dag, run, f"{batch}.snapshot")
        execute(dag, run, f"{batch}.deploy")
        run.states[f"{batch}.ready"] = "success"


def fail(run: Run, task_id: str, reason: str | None = "503") -> None:
    """A task failed, with a reason or by hand."""
    run.states[task_id] = "failed"
    if reason:
        run.xcoms[task_id, "failure"] = {"message": reason}


def decide(dag: DAG, run: Run) -> list[str]:
    """Run rollback.decide; the undos that it skips."""
    with pytest.raises(DownstreamTasksSkipped) as skipped:
        execute(dag, run, "rollback.decide")
    run.states.update(dict.fromkeys(skipped.value.tasks, "skipped"))
    return list(skipped.value.tasks)


# --- preflight -------------------------------------------------------------------------------------------------


def test_preflight_locks_every_component_of_the_plan(run: Run, fleet: Fleet) -> None:
    """Also those that stay: the proof speaks of them too."""
    assert fleet.held[HOLDER].components == ("db", "web")


def test_preflight_refuses_drift_of_a_component_that_stays(dag: DAG, fleet: Fleet, home: Path) -> None:
    """The combination was proven with what is declared; no lock is kept, and the refusal has a record."""
    fleet.live["web"] = ("0.9.0", 1, None)
    made = Run(DAG_ID)
    with pytest.raises(AirflowFailException, match=r"drift: web is 0\.9\.0"):
        execute(dag, made, "preflight", **{"version.web": "stay"})
    assert fleet.held == {}
    (path,) = home.glob("*/*/record.json")
    assert json.loads(path.read_text())["outcome"] == "Refused"


def test_preflight_asks_a_target_that_can_tell_what_it_would_refuse(
    dag: DAG, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every change of the run is told to it; a refusal ends the run before anything is touched, and keeps no lock."""
    asked: list[tuple[str, str]] = []

    def refusals(desired: Any) -> list[str]:
        asked.extend((one.component, one.version) for one in desired)
        return ["web: the quota is used up"]

    monkeypatch.setattr(fleet, "refusals", refusals, raising=False)
    with pytest.raises(AirflowFailException, match="the quota is used up"):
        execute(dag, Run(DAG_ID), "preflight", **{"version.db": "2.0.0", "version.web": "2.0.0"})
    assert asked == [("db", "2.0.0"), ("web", "2.0.0")]
    assert fleet.held == {}


def test_preflight_keeps_no_lock_when_the_target_goes_away(dag: DAG, fleet: Fleet) -> None:
    """Whatever goes wrong after locking, a run that has not begun holds nothing."""
    observe = fleet.observe

    def gone(name: str) -> Any:
        fleet.observe = observe  # type: ignore[method-assign]
        fleet.away = 1
        return observe(name)

    fleet.observe = gone  # type: ignore[method-assign]
    with pytest.raises(AirflowException, match="no answer"):
        execute(dag, Run(DAG_ID), "preflight")
    assert fleet.held == {}


@pytest.mark.parametrize("outcome", ["Promoted", "RolledBack", "Aborted", "DryRun"])
def test_preflight_refuses_a_run_that_has_ended(dag: DAG, run: Run, fleet: Fleet, outcome: str) -> None:
    """Clearing a task of an old run must neither move anything nor take locks."""
    fleet.release(HOLDER)
    run.xcoms["outcome", "outcome"] = {"outcome": outcome}
    with pytest.raises(AirflowFailException, match="never goes forward again"):
        execute(dag, run, "preflight", try_number=2)
    assert fleet.held == {}


def test_preflight_lets_a_stuck_rollback_go_on_and_nothing_else(dag: DAG, run: Run, fleet: Fleet) -> None:
    """The pinned run is what it was; the old token is superseded, so nothing moves forward."""
    fleet.fence(HOLDER)
    pinned = run.xcoms.pop(("preflight", "run"))
    execute(dag, run, "preflight", try_number=2)
    assert run.xcoms["preflight", "run"] == pinned
    execute(dag, run, "db.snapshot")
    with pytest.raises(AirflowFailException, match="Fenced"):
        execute(dag, run, "db.deploy")


def test_preflight_refuses_a_drill_in_a_dry_run(dag: DAG, fleet: Fleet) -> None:
    """Nothing is deployed in a dry run, so the drill would be ignored in silence."""
    with pytest.raises(AirflowFailException, match="choose either"):
        execute(dag, Run(DAG_ID), "preflight", dry_run=True, drill="web.ready")


# --- snapshot and deploy ---------------------------------------------------------------------------------------


def test_a_snapshot_is_the_first_one_however_often_it_is_taken(dag: DAG, run: Run) -> None:
    """First write wins, also after the component was touched."""
    forward(dag, run, "db")
    execute(dag, run, "db.snapshot", try_number=2)
    assert run.xcoms["db.snapshot", "snapshots"]["db"]["version"] == "1.0.0"


def test_nothing_is_deployed_without_a_snapshot(dag: DAG, run: Run, fleet: Fleet) -> None:
    """A snapshot task that was marked success by hand has taken none."""
    with pytest.raises(AirflowFailException, match="no snapshot was taken of db"):
        execute(dag, run, "db.deploy")
    assert fleet.done == []


def test_a_deployment_without_an_answer_is_tried_again(dag: DAG, run: Run, fleet: Fleet) -> None:
    """An unreachable target is worth another try; its intent is kept."""
    execute(dag, run, "db.snapshot")
    fleet.away = 1
    with pytest.raises(AirflowException) as error:
        execute(dag, run, "db.deploy")
    assert not isinstance(error.value, AirflowFailException)
    assert run.xcoms["db.deploy", "intent"] == {"db": "2.0.0"}


# --- decide and undo -------------------------------------------------------------------------------------------


def test_a_promoted_run_skips_every_undo_in_one_call(dag: DAG, run: Run, fleet: Fleet) -> None:
    """And is not fenced."""
    forward(dag, run, "db", "web")
    assert decide(dag, run) == ["rollback.db", "rollback.web"]
    assert fleet.held[HOLDER].epoch == "forward"


def test_only_what_was_touched_is_undone(dag: DAG, run: Run, fleet: Fleet) -> None:
    """web was never deployed: its undo is skipped; from now on only the rollback may change anything."""
    forward(dag, run, "db")
    fail(run, "db.ready")
    assert decide(dag, run) == ["rollback.web"]
    assert fleet.held[HOLDER].epoch == "rollback"


def test_a_decision_is_repeated_whatever_the_states_say_later(dag: DAG, run: Run) -> None:
    """A gate that is marked success after the rollback began does not make the run a success."""
    forward(dag, run, "db")
    fail(run, "db.ready")
    decide(dag, run)
    run.states.update(dict.fromkeys(("db.ready", "web.snapshot", "web.deploy", "web.ready"), "success"))
    assert decide(dag, run) == ["rollback.web"]
    with pytest.raises(TaskDeferred):
        execute(dag, run, "rollback.db")


def test_an_undo_restores_the_snapshot_and_waits_for_its_verification(dag: DAG, run: Run, fleet: Fleet) -> None:
    """What is live is what was live before, and the health gate has the last word."""
    forward(dag, run, "db")
    fail(run, "db.ready")
    decide(dag, run)
    with pytest.raises(TaskDeferred) as deferred:
        execute(dag, run, "rollback.db")
    assert fleet.live["db"][0] == "1.0.0"
    assert deferred.value.trigger.spec["fixed"]["db"][0] == "1.0.0"
    assert deferred.value.trigger.resume is True


def test_an_undo_waits_for_the_undo_of_what_depends_on_it(dag: DAG, run: Run, fleet: Fleet) -> None:
    """A teardown runs after a failed one too; this one does not touch anything then."""
    forward(dag, run, "db", "web")
    fail(run, "web.ready")
    execute(dag, run, "rollback.decide")
    run.states["rollback.web"] = "failed"
    with pytest.raises(AirflowFailException, match=r"rollback\.web did not succeed"):
        execute(dag, run, "rollback.db")
    assert fleet.live["db"][0] == "2.0.0"


def test_an_undo_after_a_change_by_somebody_else_stops(dag: DAG, run: Run, fleet: Fleet) -> None:
    """It never guesses."""
    forward(dag, run, "db")
    fail(run, "db.ready")
    decide(dag, run)
    fleet.live["db"] = ("7.0.0", 9, "somebody")
    with pytest.raises(AirflowFailException, match="changed by somebody else"):
        execute(dag, run, "rollback.db")
    assert fleet.live["db"][0] == "7.0.0"


# --- outcome ---------------------------------------------------------------------------------------------------


def conclude(dag: DAG, run: Run, **context: Any) -> str:
    """Run outcome; what it says."""
    try:
        execute(dag, run, "outcome", **context)
    except AirflowFailException as error:
        return str(error)
    return "green"


def test_a_promoted_run_is_green_and_in_the_ledger(dag: DAG, run: Run, fleet: Fleet, home: Path) -> None:
    """Locks released, ledger and record written."""
    forward(dag, run, "db", "web")
    decide(dag, run)
    assert conclude(dag, run) == "green"
    assert fleet.held == {}
    assert run.assets["local/web"]["live"]["version"] == "2.0.0"
    (path,) = home.glob("*/*/record.json")
    assert json.loads(path.read_text())["outcome"] == "Promoted"


def test_a_rolled_back_run_is_red_whatever_was_marked_success_meanwhile(dag: DAG, run: Run, fleet: Fleet) -> None:
    """Colour is truth."""
    forward(dag, run, "db")
    fail(run, "db.ready")
    decide(dag, run)
    run.states.update(dict.fromkeys(dag.task_ids, "success"))
    assert conclude(dag, run).startswith("RolledBack: 503")
    assert fleet.held == {}
    assert "live" not in run.assets["local/db"]


def test_a_stuck_rollback_keeps_its_locks_and_says_that_nothing_is_certain(dag: DAG, run: Run, fleet: Fleet) -> None:
    """The ledger does not go on naming a version that may not be live."""
    forward(dag, run, "db")
    fail(run, "db.ready")
    decide(dag, run)
    fail(run, "rollback.db", None)
    assert conclude(dag, run).startswith("Stuck")
    assert fleet.held[HOLDER].epoch == "rollback"
    assert run.assets["local/db"]["live"]["uncertain"] == "Stuck"


def test_an_aborted_run_is_told_from_a_failed_one(dag: DAG, run: Run) -> None:
    """A task that failed without a reason was ended by a person."""
    forward(dag, run, "db")
    fail(run, "db.ready", reason=None)
    decide(dag, run)
    run.states["rollback.db"] = "success"
    assert conclude(dag, run).startswith("Aborted")


def test_locks_that_cannot_be_released_are_tried_again_and_then_told(dag: DAG, run: Run, fleet: Fleet) -> None:
    """Not before the last try is a promoted run red because of its locks."""
    forward(dag, run, "db", "web")
    decide(dag, run)
    fleet.away = 1
    with pytest.raises(AirflowException, match="could not be released yet"):
        execute(dag, run, "outcome", try_number=1, max_tries=5)
    fleet.away = 1
    assert "locks are still held" in conclude(dag, run, try_number=6, max_tries=5)


def test_a_full_disk_changes_nothing_but_says_so_loudly(
    dag: DAG, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run ends as it would have; its events stay in the logs."""
    (tmp_path / "full").write_text("in the way")
    monkeypatch.setenv("CONVOY_RECORDS", f"file://{tmp_path}/full/records")
    forward(dag, run, "db", "web")
    decide(dag, run)
    assert conclude(dag, run) == "green"
    assert "record.failed" in run.events("outcome")
