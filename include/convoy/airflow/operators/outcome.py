"""``outcome``: the only leaf. Concludes the run, and is red unless every change was promoted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from convoy.airflow.audit import Audit
from convoy.airflow.operators.base import RolloutOperator
from convoy.airflow.recorder import keep_record
from convoy.airflow.run import (
    ABORTED,
    DECIDE,
    DECISION_KEY,
    DRY_RUN,
    EVENTS_KEY,
    KEEPS_LOCKS,
    OUTCOME_KEY,
    PARKED,
    PROMOTED,
    ROLLED_BACK,
    SNAPSHOTS_KEY,
    STUCK,
    Run,
    pinned,
)
from convoy.airflow.stages import compares_replicas
from convoy.airflow.states import BatchTasks, promoted, task_states
from convoy.gates.verdict import Verdict
from convoy.targets.base import TargetError


def asset_of(environment: str, component: str) -> Asset:
    """The asset that stands for a component in an environment; its events and state are the ledger."""
    return Asset(name=f"{environment}/{component}", uri=f"convoy://{environment}/{component}")


class OutcomeOperator(RolloutOperator):
    """Teardown of preflight: verifies a rollback by the metric gates, writes ledger and record, releases the locks.

    ``specs`` maps each batch to the spec of its metric gate, for the verification after a rollback."""

    ui_color = "#e6e6fa"

    def __init__(
        self,
        *,
        batches: list[BatchTasks],
        components: dict[str, list[str]],
        specs: dict[str, dict[str, Any]],
        dag_name: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.batches = batches
        self.components = components
        self.specs = specs
        self.dag_name = dag_name

    def execute(self, context: Mapping[str, Any]) -> None:
        """Conclude, or first verify by the metrics what was rolled back."""
        ti, run = context["ti"], pinned(context)
        states = task_states(ti)
        spec = self._verification(ti, states)
        if spec is not None:
            from convoy.airflow.triggers.gate import GateTrigger

            self.defer(trigger=GateTrigger(spec=spec, round=ti.try_number, resume=True), method_name="verified")
        self._conclude(context, run, states, "")

    def verified(self, context: Mapping[str, Any], event: Any = None) -> None:
        """The metric gates have spoken about what was restored."""
        run = pinned(context)
        audit = Audit.of(context, run)
        passes = event == "success" or Verdict(event["verdict"]).passes
        problem = "" if passes else f"restored, but the metrics are {event['verdict']}: {event['message']}"
        audit.emit(
            "rollback.verified" if passes else "rollback.stuck",
            problem or "the metric gates agree: everything that was touched is back as it was",
            subject=self.environment,
            level="info" if passes else "error",
        )
        self._conclude(context, run, task_states(context["ti"]), problem)

    def _verification(self, ti: Any, states: Mapping[str, str]) -> dict[str, Any] | None:
        """One spec over the metric gates of everything that was undone, or None where there is nothing to verify."""
        fixed: dict[str, Any] = {}
        components: list[dict[str, Any]] = []
        base: dict[str, Any] | None = None
        for batch in self.batches:
            if batch.name not in self.specs or not self._undone(ti, batch, states):
                continue
            snapshots = ti.xcom_pull(task_ids=f"{batch.name}.snapshot", key=SNAPSHOTS_KEY) or {}
            base = self.specs[batch.name]
            for component in base["components"]:
                prior = snapshots.get(component["component"])
                # The replicas to compare with are gone: everything is old again.
                metrics = [m for m in component["metrics"] if not compares_replicas(m)]
                if prior and prior["version"] is not None and metrics:
                    fixed[component["component"]] = [prior["version"], None]
                    components.append({**component, "metrics": metrics})
        if base is None or not components:
            return None
        return {
            **base,
            "batch": "rollback",
            "task": "outcome",
            "phases": ["metrics"],
            "components": components,
            "fixed": fixed,
        }

    @staticmethod
    def _undone(ti: Any, batch: BatchTasks, states: Mapping[str, str]) -> bool:
        decision = ti.xcom_pull(task_ids=DECIDE, key=DECISION_KEY) or {}
        return states.get(batch.undo) == "success" and batch.name in decision.get("undo", [])

    def _judge(self, ti: Any, run: Run, states: Mapping[str, str], problem: str) -> tuple[str, str]:
        decision = ti.xcom_pull(task_ids=DECIDE, key=DECISION_KEY) or {}
        through = [batch for batch in self.batches if promoted(batch, states)]
        cause = decision.get("cause") or "the rollback could not be decided"
        if run.dry_run:
            passed = len(through) == len(self.batches)
            return DRY_RUN, "dry run: every check passed, nothing was touched" if passed else f"dry run: {cause}"
        # Once the rollback has begun, what was decided counts, whatever the states of the tasks were made to say.
        if len(through) == len(self.batches) and not decision.get("fenced"):
            left = sorted({c for names in self.components.values() for c in names} - set(run.versions))
            return PROMOTED, "every change was promoted" + (f"; left alone: {', '.join(left)}" if left else "")
        if decision.get("parked"):
            return PARKED, f"parked; the locks are kept: {cause}"
        wanted = decision.get("undo", [])
        not_undone = [b.undo for b in self.batches if b.name in wanted and states.get(b.undo) != "success"]
        if states.get(DECIDE) != "success":
            not_undone = [DECIDE, *not_undone]
        if not_undone or problem:
            what = problem or f"{', '.join(not_undone)} did not succeed"
            return STUCK, f"the rollback is stuck, and the locks are kept: {what}. It began because {cause}"
        kept = [batch.name for batch in through if batch.name not in wanted]
        rest = f"; kept: {', '.join(kept)}" if kept else ""
        undone = ", ".join(reversed(wanted)) or "nothing had been touched"
        return (ABORTED if decision.get("by_hand") else ROLLED_BACK), f"{cause}; undone: {undone}{rest}"

    def _conclude(self, context: Mapping[str, Any], run: Run, states: Mapping[str, str], problem: str) -> None:
        ti = context["ti"]
        audit = Audit.of(context, run)
        outcome, message = self._judge(ti, run, states, problem)
        unreleased = "" if outcome in KEEPS_LOCKS else self._release(context, audit, run)
        if unreleased:
            message = f"{message}; but the locks are still held: {unreleased}"
        self._write_ledger(context, run, outcome, states)
        audit.emit(
            "run.finished",
            f"{outcome}: {message}",
            subject=ti.dag_id,
            level="info" if outcome == PROMOTED else "error",
            outcome=outcome,
        )
        ti.xcom_push(key=OUTCOME_KEY, value={"outcome": outcome, "message": message})
        self._record(context, audit, run, outcome, message)
        if outcome != PROMOTED or unreleased:
            raise AirflowFailException(f"{outcome}: {message}")

    def _release(self, context: Mapping[str, Any], audit: Audit, run: Run) -> str:
        """Release the locks; why not, after the last try."""
        try:
            self.open_target().release(run.holder)
        except TargetError as error:
            if not error.terminal and context["ti"].try_number <= context["ti"].max_tries:
                raise AirflowException(f"the locks could not be released yet: {error}") from error
            audit.emit(
                "lock.kept", f"the locks could not be released: {error}", subject=self.environment, level="error"
            )
            return str(error)
        audit.emit("lock.released", "all locks are released", subject=self.environment)
        return ""

    def _write_ledger(self, context: Mapping[str, Any], run: Run, outcome: str, states: Mapping[str, str]) -> None:
        if run.dry_run:
            return
        decision = context["ti"].xcom_pull(task_ids=DECIDE, key=DECISION_KEY) or {}
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        common = {"since": now, "run": run.holder, "correlation": run.correlation, "digest": run.digest}
        for batch in self.batches:
            through = promoted(batch, states) and batch.name not in decision.get("undo", [])
            for component in self.components[batch.name]:
                asset = asset_of(self.environment, component)
                store = context["asset_state_store"][asset]
                if component not in run.versions:
                    context["outlet_events"][asset].extra = {"unchanged": True, "run": run.holder}
                elif through:
                    entry = {"version": run.versions[component], **common}
                    store.set("live", entry)
                    context["outlet_events"][asset].extra = entry
                elif outcome in KEEPS_LOCKS:
                    store.set("live", {"version": None, "uncertain": outcome, **common})

    def _record(self, context: Mapping[str, Any], audit: Audit, run: Run, outcome: str, message: str) -> None:
        ti = context["ti"]
        states = task_states(ti)
        events = list(audit.events)
        for task in sorted(states):
            if task != self.task_id:
                events += ti.xcom_pull(task_ids=task, key=EVENTS_KEY) or []
        summary = {
            "dag_id": ti.dag_id,
            "run_id": ti.run_id,
            "rollout": self.dag_name,
            "environment": self.environment,
            "outcome": outcome,
            "message": message,
            "digest": run.digest,
            "correlation": run.correlation,
            "reason": run.reason,
            "versions": run.versions,
            "tasks": states,
        }
        keep_record(audit, summary, events)
