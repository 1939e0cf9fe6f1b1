"""Reading a run: what was promoted, touched and failed, and what goes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from convoy.airflow.run import FAILURE_KEY, INTENT_KEY
from convoy.airflow.states import BatchTasks, Cause, parks, past_return, promoted, root_cause, to_undo, touched


def batch(name: str, on_failure: str = "rollback") -> BatchTasks:
    ids = tuple(f"{name}.{task}" for task in ("snapshot", "deploy", "ready"))
    return BatchTasks(name, (f"{name}.deploy",), ids, ids[-1], f"rollback.{name}", on_failure)


class Ti:
    """Answers for the reasons that failed tasks left, and for the intents of deployments."""

    def __init__(self, reasons: dict[str, str] | None = None, intents: tuple[str, ...] = ()) -> None:
        self.reasons = reasons or {}
        self.intents = intents

    def xcom_pull(self, *, task_ids: str, key: str) -> dict[str, Any] | None:
        if key == INTENT_KEY:
            return {"web": "2.0.0"} if task_ids in self.intents else None
        assert key == FAILURE_KEY
        message = self.reasons.get(task_ids)
        return {"message": message} if message else None


def states(**by_batch: str) -> dict[str, str]:
    """``db="success success failed"`` gives the states of snapshot, deploy and ready."""
    return {
        f"{name}.{task}": state
        for name, text in by_batch.items()
        for task, state in zip(("snapshot", "deploy", "ready"), text.split(), strict=False)
    }


DB, API = batch("db"), batch("api")


def test_a_batch_is_promoted_only_if_all_of_its_tasks_succeeded() -> None:
    """A skipped gate is no passed gate."""
    assert promoted(DB, states(db="success success success"))
    assert not promoted(DB, states(db="success success skipped"))


def test_a_deploy_that_began_counts_as_touched_whatever_became_of_it() -> None:
    """Failed, running and retrying deployments may have changed something; waiting ones have not."""
    for state in ("success", "failed", "running", "up_for_retry", "restarting"):
        assert touched(Ti(), DB, states(db=f"success {state} None"))
    for state in ("None", "scheduled", "queued", "skipped", "upstream_failed"):
        assert not touched(Ti(), DB, states(db=f"success {state} None"))


def test_the_root_cause_is_the_task_that_left_a_reason() -> None:
    """A sibling that was halted by fail_fast is failed too, but is not the cause."""
    cause = root_cause(
        Ti({"api.ready": "503"}), [DB, API], states(db="success failed skipped", api="success success failed")
    )
    assert cause is not None
    assert (cause.task, cause.message, cause.by_hand) == ("api.ready", "503", False)


def test_a_failure_without_a_reason_was_by_hand() -> None:
    """Nobody but a person (or a kill) fails a task without leaving a reason."""
    cause = root_cause(Ti({}), [DB], states(db="success failed skipped"))
    assert cause is not None
    assert cause.by_hand


def test_a_run_in_which_everything_succeeded_has_no_cause() -> None:
    """Nothing failed, nothing to undo."""
    assert root_cause(Ti({}), [DB], states(db="success success success")) is None


def test_a_deploy_that_waits_for_its_next_try_was_touched() -> None:
    """Halting skips a task that waits for its next try; its intent says that it had begun."""
    assert touched(Ti(intents=("db.deploy",)), DB, states(db="success skipped None"))


def test_scope_all_undoes_everything_that_was_touched() -> None:
    """The rollout is one change: batches that went through go back too, untouched ones do not."""
    seen = states(db="success success success", api="success success failed", web="None None None")
    assert to_undo(Ti(), [DB, API, batch("web")], seen, "all") == ["db", "api"]


def test_scope_batch_undoes_only_what_did_not_get_through() -> None:
    """What was done stays: it was proven to be a safe place."""
    seen = states(db="success success success", api="success success failed")
    assert to_undo(Ti(), [DB, API], seen, "batch") == ["api"]


def test_a_batch_that_parks_on_failure_parks_the_run() -> None:
    """onFailure: park holds where that batch failed first, whatever was halted because of it."""
    assert parks([DB, batch("api", on_failure="park")], Cause("api.ready", "503", by_hand=False))


def test_a_failure_elsewhere_is_not_parked() -> None:
    """Another batch failed first: it says rollback."""
    assert not parks([DB, batch("api", on_failure="park")], Cause("db.ready", "503", by_hand=False))


def test_a_batch_without_a_way_back_is_named_if_it_would_be_undone() -> None:
    """Whether it is the one that failed, or an earlier one that everything goes back behind."""
    final = replace(API, reversible=False)
    assert past_return([DB, final], ["db", "api"]) == ("api",)
    assert past_return([DB, final], ["db"]) == ()


def test_an_abort_is_never_parked() -> None:
    """A person who ends the run wants it back as it was."""
    assert not parks([batch("api", on_failure="park")], Cause("api.ready", "ended", by_hand=True))
