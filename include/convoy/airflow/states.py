"""Reading the states of a run's tasks: what was promoted, what was touched, and what went wrong first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from convoy.airflow.run import FAILURE_KEY, INTENT_KEY

UNTOUCHED = frozenset({"None", "skipped", "upstream_failed", "scheduled", "queued", "removed", "no_status"})


@dataclass(frozen=True)
class BatchTasks:
    """The task ids of one batch: those that touch, in order, the one that ends it, and the one that undoes it."""

    name: str
    touching: tuple[str, ...]
    all: tuple[str, ...]
    last: str
    undo: str
    on_failure: str = "rollback"
    reversible: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Cause:
    """Why a run did not go through. ``by_hand``: a task was ended from outside, by a person or a kill."""

    task: str
    message: str
    by_hand: bool


def task_states(ti: Any) -> dict[str, str]:
    """The state of every task of the run, as text; a task that was not looked at yet is ``None``."""
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id])[ti.run_id]
    return {task: getattr(state, "value", None) or str(state) for task, state in states.items()}


def promoted(batch: BatchTasks, states: Mapping[str, str]) -> bool:
    """Whether the batch went through to its end."""
    return all(states.get(task) == "success" for task in batch.all)


def touched(ti: Any, batch: BatchTasks, states: Mapping[str, str]) -> bool:
    """Whether the batch may have been touched: one of its mutating tasks was started, or has left its intent.

    States alone do not tell: a deployment that waits for its next try is skipped when the run is halted."""
    return any(
        states.get(task, "None") not in UNTOUCHED or ti.xcom_pull(task_ids=task, key=INTENT_KEY)
        for task in batch.touching
    )


def root_cause(ti: Any, batches: Sequence[BatchTasks], states: Mapping[str, str]) -> Cause | None:
    """The first failure that left a reason; else a task that was ended by hand; None where nothing failed.

    A task that was halted because another one failed is no cause: it leaves no reason."""
    failing = [task for batch in batches for task in batch.all if states.get(task) == "failed"]
    for task in failing:
        reason = ti.xcom_pull(task_ids=task, key=FAILURE_KEY)
        if reason:
            return Cause(task, reason["message"], by_hand=False)
    if failing:
        return Cause(failing[0], f"{failing[0]} was ended from outside: aborted by a person, or killed", by_hand=True)
    skipped = [task for batch in batches for task in batch.all if states.get(task) != "success"]
    if skipped:
        return Cause(skipped[0], f"{skipped[0]} did not run: the run was ended by a person", by_hand=True)
    return None


def to_undo(ti: Any, batches: Sequence[BatchTasks], states: Mapping[str, str], scope: str) -> list[str]:
    """The names of the batches to undo.

    ``scope`` is ``all`` (everything that was touched) or ``batch`` (only batches that did not get through)."""
    undone = [batch for batch in batches if touched(ti, batch, states)]
    if scope == "batch":
        undone = [batch for batch in undone if not promoted(batch, states)]
    return [batch.name for batch in undone]


def past_return(batches: Sequence[BatchTasks], undo: Sequence[str]) -> tuple[str, ...]:
    """The batches among those to undo from which there is no way back. If there is one, nothing is undone by itself."""
    return tuple(batch.name for batch in batches if batch.name in undo and not batch.reversible)


def parks(batches: Sequence[BatchTasks], cause: Cause) -> bool:
    """Whether the run is to be parked: the batch that failed first says so, and no person has ended the run."""
    return not cause.by_hand and any(cause.task in batch.all and batch.on_failure == "park" for batch in batches)
