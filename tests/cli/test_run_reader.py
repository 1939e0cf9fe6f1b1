"""From the answers of the REST API to a view of the run."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from tests.cli.stories import at

from convoy.cli.airflow_api import DagRun, Question, TaskInstance
from convoy.cli.outline import Outline
from convoy.cli.run_reader import RunReader
from convoy.cli.run_view import FAILED, HALTED, MOVING, PROMOTED, ROLLED_BACK, ROLLING_BACK, STUCK, UNTOUCHED, WAITING
from convoy.planning.plan import Batch, Plan, PlannedChange


class FakeApi:
    """An Airflow whose states and XComs a test sets; counts what is asked."""

    server_time: datetime = at(60)

    def __init__(self, states: dict[str, str], xcoms: dict[tuple[str, str], Any] | None = None) -> None:
        self.states = states
        self.xcoms = xcoms or {}
        self.asked: Counter[str] = Counter()
        self.open: list[Question] = []

    def run(self, dag_id: str, run_id: str) -> DagRun:
        return DagRun(dag_id, run_id, "running", at(0), None, None)

    def tasks(self, dag_id: str, run_id: str) -> list[TaskInstance]:
        return [TaskInstance(task, state, at(1), None, 1) for task, state in self.states.items()]

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str) -> Any:
        self.asked[f"{task_id}/{key}"] += 1
        return self.xcoms.get((task_id, key))

    def questions(self, dag_id: str, run_id: str) -> list[Question]:
        self.asked["questions"] += 1
        return self.open


PLAN = Plan(
    rollout="r",
    environment="local",
    batches=(
        Batch("api", (PlannedChange("api", "1.0.0", "1.1.0"),), (), expected_seconds=20.0),
        Batch("jobs", (PlannedChange("mail", None, "1.0.0"), PlannedChange("sync", "1.0.0", "2.0.0")), ("api",)),
    ),
    arcs=(),
    certificate=(),
    rollback_order=("jobs", "api"),
    critical_path=("api", "jobs"),
    makespan=40.0,
    lower_bound=40.0,
)
OUTLINE = Outline.of_plan(PLAN, {"api": {"gates": {"metrics": [{"name": "error-rate", "count": 3}]}}})
TASKS = """
    preflight  api.snapshot api.deploy api.ready api.metrics  jobs.snapshot jobs.deploy jobs.ready
    rollback.decide rollback.api rollback.jobs  outcome
"""
NOTHING = dict.fromkeys(TASKS.split(), "none")


def read(api: FakeApi, outline: Outline | None = OUTLINE) -> Any:
    return RunReader(api, "rollout.r.local", "run", outline).read()  # type: ignore[arg-type]


def states(**changed: str) -> dict[str, str]:
    """All tasks untouched but for these; a double underscore stands for the dot."""
    return {**NOTHING, **{task.replace("__", "."): state for task, state in changed.items()}}


def test_an_outline_says_what_each_batch_changes() -> None:
    assert [batch.changes for batch in OUTLINE.batches] == [
        ("1.0.0 -> 1.1.0",),
        ("mail new 1.0.0", "sync 1.0.0 -> 2.0.0"),
    ]
    assert OUTLINE.batches[0].counts == {"api/error-rate": 3}


def test_batches_stand_in_the_order_of_the_plan_with_their_own_tasks_only() -> None:
    view = read(FakeApi(NOTHING))

    assert [(batch.name, [step.name for step in batch.steps]) for batch in view.batches] == [
        ("api", ["snapshot", "deploy", "ready", "metrics"]),
        ("jobs", ["snapshot", "deploy", "ready"]),
    ]
    assert view.expected == 40.0


def test_the_stages_of_a_canary_stand_by_weight_between_snapshot_and_deploy() -> None:
    tasks = ("deploy", "analysis-50", "canary-5", "metrics", "canary-50", "snapshot", "ready", "analysis-5")

    view = read(FakeApi({f"api.{task}": "none" for task in tasks}), None)

    assert [step.name for step in view.batches[0].steps] == [
        *("snapshot", "canary-5", "analysis-5", "canary-50", "analysis-50", "deploy", "ready", "metrics")
    ]


def test_without_a_plan_the_batches_are_found_by_their_tasks() -> None:
    assert [batch.name for batch in read(FakeApi(NOTHING), None).batches] == ["api", "jobs"]


def batch_state(api: FakeApi, name: str = "api") -> str:
    return str(next(batch for batch in read(api).batches if batch.name == name).state)


def test_the_state_of_a_batch_follows_from_its_tasks() -> None:
    good = {"api__snapshot": "success", "api__deploy": "success"}
    undo: dict[tuple[str, str], Any] = {("rollback.decide", "decision"): {"undo": ["api"], "cause": "why"}}
    decided = {**good, "api__ready": "failed", "api__metrics": "skipped", "rollback__decide": "success"}

    assert batch_state(FakeApi(NOTHING)) == WAITING
    assert batch_state(FakeApi(states(**good))) == MOVING
    assert batch_state(FakeApi(states(**good, api__ready="deferred"))) == MOVING
    assert batch_state(FakeApi(states(**good, api__ready="success", api__metrics="success"))) == PROMOTED
    assert batch_state(FakeApi(states(**good, api__ready="failed", api__metrics="upstream_failed"))) == FAILED
    assert batch_state(FakeApi(states(**good, api__ready="skipped", api__metrics="skipped"))) == HALTED
    assert batch_state(FakeApi(states(jobs__snapshot="skipped")), "jobs") == UNTOUCHED
    assert batch_state(FakeApi(states(**decided, rollback__api="deferred"), undo)) == ROLLING_BACK
    assert batch_state(FakeApi(states(**decided, rollback__api="success"), undo)) == ROLLED_BACK
    assert batch_state(FakeApi(states(**decided, rollback__api="failed"), undo)) == STUCK


def test_an_undo_that_was_not_wanted_is_no_rollback() -> None:
    done = {f"api__{step}": "success" for step in ("snapshot", "deploy", "ready", "metrics")}
    xcoms: dict[tuple[str, str], Any] = {("rollback.decide", "decision"): {"undo": [], "cause": None}}

    api = FakeApi(states(**done, rollback__decide="success", rollback__api="skipped"), xcoms)

    assert batch_state(api) == PROMOTED


def test_a_running_gate_shows_its_counts() -> None:
    state = {"successful": 1, "failed": 1, "inconclusive": 0, "errors": 2, "measurements": [{"value": 0.25}]}
    progress = {"life": "1.0", "slots": {"api/health": {"reason": "old"}, "api/metric/error-rate": {"state": state}}}

    view = read(FakeApi(states(api__metrics="deferred"), {("api.metrics", "progress"): progress}))

    [count] = view.batches[0].steps[-1].counts
    assert (count.metric, count.judged, count.wanted, count.failed, count.errors) == ("error-rate", 2, 3, 1, 2)
    assert count.value == 0.25
    assert view.batches[0].steps[-1].note == ""


def test_the_verification_after_a_rollback_shows_its_counts_of_how_many() -> None:
    state = {"successful": 2, "failed": 0, "inconclusive": 0, "errors": 0, "measurements": []}
    progress = {"life": "1.1", "slots": {"api/metric/error-rate": {"state": state}}}

    view = read(FakeApi(states(outcome="deferred"), {("outcome", "progress"): progress}))

    assert [(count.judged, count.wanted) for count in view.conclusion.counts] == [(2, 3)]


def test_a_running_health_gate_shows_what_it_waits_for() -> None:
    progress = {"life": "1.0", "slots": {"api/health": {"reason": "api-1: status 503, wanted 200"}}}

    view = read(FakeApi(states(api__ready="deferred"), {("api.ready", "progress"): progress}))

    assert view.batches[0].steps[2].note == "api-1: status 503, wanted 200"


def test_a_failed_task_shows_the_reason_that_it_left() -> None:
    xcoms = {("api.ready", "failure"): {"message": "not healthy within 1m"}}

    view = read(FakeApi(states(api__ready="failed"), xcoms))

    assert view.batches[0].current.note == "not healthy within 1m"


def test_a_question_is_asked_for_only_where_a_task_waits_for_a_person() -> None:
    api = FakeApi(states(api__metrics="awaiting_input"))
    api.open = [Question("api.metrics", "api: Inconclusive. Go on?", ("Go on",), at(5))]
    idle = FakeApi(NOTHING)

    assert read(api).batches[0].current.note == "api: Inconclusive. Go on?"
    read(idle)
    assert idle.asked["questions"] == 0


def test_what_cannot_change_any_more_is_asked_for_once() -> None:
    api = FakeApi(states(api__ready="failed", rollback__decide="success"))
    reader = RunReader(api, "rollout.r.local", "run", OUTLINE)  # type: ignore[arg-type]

    for _ in range(3):
        reader.read()

    assert api.asked == {"api.ready/failure": 1, "rollback.decide/decision": 1}


def test_the_outcome_is_what_the_last_task_wrote() -> None:
    xcoms = {("outcome", "outcome"): {"outcome": "RolledBack", "message": "because"}}

    view = read(FakeApi(states(outcome="failed"), xcoms))

    assert (view.outcome, view.message) == ("RolledBack", "because")
