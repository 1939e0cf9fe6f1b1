"""``<batch>.ready``, ``<batch>.metrics``, ``<batch>.analysis-N``: gates that live in the triggerer.

A gate starts without a worker and, when it passes, ends without one. Only a gate that does not pass resumes on a
worker: to write the verdict, to leave the reason for the rollback, to ask a person, and to fail, which halts the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, TaskAwaitingInput
from airflow.triggers.base import StartTriggerArgs

from convoy.airflow.audit import Audit
from convoy.airflow.operators.base import leaves_a_reason, refuse
from convoy.airflow.run import GO_ON, MEASURE_AGAIN, PREFLIGHT, ROLL_BACK, VERDICT_KEY, answer_key, pinned
from convoy.gates.verdict import Verdict

TRIGGER = "convoy.airflow.triggers.gate.GateTrigger"


class GateOperator(BaseOperator):
    """Waits in the triggerer until the gate has a verdict. ``spec`` is the JSON that :class:`GateTrigger` reads."""

    ui_color = "#fde7f3"
    start_from_trigger = True

    def __init__(self, *, batch: str, spec: dict[str, Any], **kwargs: Any) -> None:
        # No verdict is ever tried again: they fail for good. Airflow, though, fails a task whose worker ended and that
        # runs again before the scheduler has heard of it, as when a person answers within a second; then it is tried
        # again, and finds the answer.
        super().__init__(**{"retries": 2, "retry_delay": timedelta(seconds=1), **kwargs})
        self.batch = batch
        self.spec = spec
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=TRIGGER, trigger_kwargs={"spec": spec, "round": 0}, next_method="judged"
        )

    @leaves_a_reason
    def execute(self, context: Mapping[str, Any]) -> None:
        """Where a task is run outside the scheduler (``dag.test``), go to the trigger from here."""
        self._measure(0)

    def _measure(self, round_: int) -> None:
        from convoy.airflow.triggers.gate import GateTrigger

        self.defer(trigger=GateTrigger(spec=self.spec, round=round_), method_name="judged")

    @leaves_a_reason
    def judged(self, context: Mapping[str, Any], event: Any = None) -> None:
        """A verdict that is not Successful arrived: fail, or ask a person."""
        if event == "success":
            return
        audit = Audit.of(context, pinned(context))
        verdict, message = Verdict(event["verdict"]), event["message"]
        context["ti"].xcom_push(key=VERDICT_KEY, value=event)
        audit.emit(
            "gate.judged",
            f"{verdict.value}: {message}",
            subject=self.batch,
            level="error" if verdict is Verdict.FAILED else "warning",
            **{key: event[key] for key in ("verdict", "components", "drill") if key in event},
        )
        if verdict.passes:
            return
        if verdict is Verdict.FAILED:
            raise refuse(audit, message, subject=self.batch, verdict=verdict.value)
        self._ask(context, audit, event)

    def _ask(self, context: Mapping[str, Any], audit: Audit, event: Mapping[str, Any]) -> None:
        from airflow.sdk.execution_time.hitl import upsert_hitl_detail

        subject = f"{self.batch}: {event['verdict']}. Go on, measure again, or roll back?"
        audit.emit(
            "gate.escalated",
            f"nobody can tell from the measurements, so a person decides: {event['message']}",
            subject=self.batch,
            level="warning",
            options=[GO_ON, MEASURE_AGAIN, ROLL_BACK],
        )
        context["task_state_store"].set("round", int(event.get("round", 0)))
        upsert_hitl_detail(
            ti_id=context["ti"].id,
            options=[GO_ON, MEASURE_AGAIN, ROLL_BACK],
            subject=subject,
            body=_evidence(event),
            params={},
        )
        raise TaskAwaitingInput(method_name="answered", timeout=None)

    @leaves_a_reason
    def answered(self, context: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """A person decided."""
        audit = Audit.of(context, pinned(context))
        if "error" in event:
            raise refuse(audit, f"no decision: {event['error']}", subject=self.batch)
        choice = event["chosen_options"][0]
        who = (event.get("responded_by_user") or {}).get("name") or "somebody"
        audit.emit("gate.answered", f"{who} decided: {choice}", subject=self.batch, choice=choice, by=who)
        if choice == MEASURE_AGAIN:
            self._measure(int(context["task_state_store"].get("round") or 0) + 1)
        self._remember(context["ti"], choice, who)
        if choice == GO_ON:
            return
        message = f"{who} decided to roll back"
        audit.fail(message, subject=self.batch, by=who)
        raise AirflowFailException(message)

    @staticmethod
    def _remember(ti: Any, choice: str, who: str) -> None:
        from airflow.sdk.bases.xcom import BaseXCom

        BaseXCom.set(
            key=answer_key(ti.task_id),
            value={"choice": choice, "by": who},
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            task_id=PREFLIGHT,
        )


def _evidence(event: Mapping[str, Any]) -> str:
    lines = [event["message"], "", "| component | verdict | why |", "|---|---|---|"]
    for component in event.get("components", []):
        lines.append(f"| {component['component']} | {component['verdict']} | {component['message']} |")
    return "\n".join(lines)
