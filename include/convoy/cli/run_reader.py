"""Reading a run over the REST API: one :class:`RunView` per call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convoy.cli.airflow_api import AirflowApi, TaskInstance
from convoy.cli.outline import BatchOutline, Outline
from convoy.cli.run_view import ASKING, STARTED, BatchView, GateCount, RunView, StepView

ROLLBACK = "rollback"
PREFLIGHT, DECIDE, OUTCOME = "preflight", "rollback.decide", "outcome"
FAILURE_KEY, PROGRESS_KEY, DECISION_KEY, OUTCOME_KEY = "failure", "progress", "decision", "outcome"


class RunReader:
    """Reads one run again and again. What cannot change any more is asked for only once.

    ``outline`` comes from the plan; without it the batches are found by their task ids."""

    def __init__(self, api: AirflowApi, dag_id: str, run_id: str, outline: Outline | None = None) -> None:
        self.dag_id = dag_id
        self.run_id = run_id
        self._api = api
        self._outline = outline
        self._known: dict[tuple[str, int, str], Any] = {}

    def read(self) -> RunView:
        """The run as it is now. Raises ApiError."""
        run = self._api.run(self.dag_id, self.run_id)
        tasks = {task.task_id: task for task in self._api.tasks(self.dag_id, self.run_id)}
        asked = self._asked(tasks)
        if self._outline is None or not self._outline.batches:
            self._outline = Outline.of_tasks(tasks)
        decision = self._final(tasks.get(DECIDE), DECISION_KEY, ("success", "failed")) or {}
        outcome = self._final(tasks.get(OUTCOME), OUTCOME_KEY, ("success", "failed")) or {}
        # After a rollback the last task judges the metrics of everything that went back.
        wanted = {slot: count for batch in self._outline.batches for slot, count in batch.counts.items()}
        return RunView(
            dag_id=self.dag_id,
            run_id=self.run_id,
            state=run.state,
            now=self._api.server_time,
            start=run.start,
            end=run.end,
            expected=self._outline.expected,
            preflight=self._step(tasks, PREFLIGHT, {}, asked),
            batches=tuple(self._batch(tasks, batch, decision, asked) for batch in self._outline.batches),
            decide=self._step(tasks, DECIDE, {}, asked),
            conclusion=self._step(tasks, OUTCOME, wanted, asked),
            cause=str(decision.get("cause") or ""),
            outcome=str(outcome.get("outcome") or ""),
            message=str(outcome.get("message") or ""),
        )

    def _batch(
        self,
        tasks: Mapping[str, TaskInstance],
        batch: BatchOutline,
        decision: Mapping[str, Any],
        asked: Mapping[str, str],
    ) -> BatchView:
        undo = f"{ROLLBACK}.{batch.name}"
        prefix = f"{batch.name}."
        own = [task for task in tasks if task.startswith(prefix) and "." not in task[len(prefix) :] and task != DECIDE]
        return BatchView(
            name=batch.name,
            changes=batch.changes,
            requires=batch.requires,
            expected=batch.expected,
            steps=tuple(self._step(tasks, task, batch.counts, asked) for task in sorted(own, key=_position)),
            undo=self._step(tasks, undo, {}, asked) if undo in tasks else None,
            undone=batch.name in decision.get("undo", ()),
        )

    def _step(
        self, tasks: Mapping[str, TaskInstance], task_id: str, wanted: Mapping[str, int], asked: Mapping[str, str]
    ) -> StepView:
        task = tasks.get(task_id)
        if task is None:
            return StepView(task_id)
        note = asked.get(task_id, "")
        counts: tuple[GateCount, ...] = ()
        if task.state == "failed":
            note = str((self._final(task, FAILURE_KEY, ("failed",)) or {}).get("message") or "")
        elif task.state in STARTED and task.state != ASKING:
            slots = (self._api.xcom(self.dag_id, self.run_id, task_id, PROGRESS_KEY) or {}).get("slots", {})
            note, counts = _health_note(slots), _counts(slots, wanted)
        return StepView(task_id, task.state, task.start, task.end, task.tries, note, counts)

    def _asked(self, tasks: Mapping[str, TaskInstance]) -> dict[str, str]:
        """The subject of every question that waits for a person, by task."""
        if not any(task.state == ASKING for task in tasks.values()):
            return {}
        return {found.task_id: found.subject for found in self._api.questions(self.dag_id, self.run_id)}

    def _final(self, task: TaskInstance | None, key: str, states: tuple[str, ...]) -> Any:
        """An XCom of a task that has ended, remembered per try: a task that is cleared and runs again has another."""
        if task is None or task.state not in states:
            return None
        slot = (task.task_id, task.tries, f"{task.state}/{key}")
        if slot not in self._known:
            self._known[slot] = self._api.xcom(self.dag_id, self.run_id, task.task_id, key)
        return self._known[slot]


def _position(task_id: str) -> tuple[int, int]:
    """Where a step stands in its batch: snapshot, the stages of a canary by weight, deploy, ready, metrics."""
    step, _, weight = task_id.rpartition(".")[2].partition("-")
    order = {"window": 0, "snapshot": 1, "canary": 2, "analysis": 2, "deploy": 3, "ready": 4, "metrics": 5}
    return order.get(step, 6), (2 * int(weight) + (step == "analysis")) if weight.isdigit() else 0


def _health_note(slots: Mapping[str, Any]) -> str:
    """What the health gates wait for; empty once metrics are measured, because health has passed by then."""
    if any("/metric/" in slot for slot in slots):
        return ""
    health = {slot.partition("/")[0]: state for slot, state in slots.items() if slot.endswith("/health")}
    notes = [
        str(state.get("reason", "")) if len(health) == 1 else f"{c}: {state.get('reason', '')}"
        for c, state in health.items()
    ]
    return "; ".join(notes)


def _counts(slots: Mapping[str, Any], wanted: Mapping[str, int]) -> tuple[GateCount, ...]:
    found = []
    for slot in sorted(slots):
        component, _, metric = slot.partition("/metric/")
        if not metric:
            continue
        state = slots[slot]["state"]
        measurements = state.get("measurements") or [{}]
        found.append(
            GateCount(
                component=component,
                metric=metric,
                wanted=wanted.get(f"{component}/{metric}"),
                successful=int(state["successful"]),
                failed=int(state["failed"]),
                inconclusive=int(state["inconclusive"]),
                errors=int(state["errors"]),
                value=measurements[-1].get("value"),
            )
        )
    return tuple(found)
