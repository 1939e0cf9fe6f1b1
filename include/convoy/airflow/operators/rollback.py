"""``rollback.decide`` and ``rollback.<batch>``: undo exactly what was touched, in reverse order, and verify it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airflow.sdk.exceptions import AirflowException, DownstreamTasksSkipped

from convoy.airflow.audit import KEEP, Audit
from convoy.airflow.operators.base import RolloutOperator, refuse, reported
from convoy.airflow.run import DECIDE, DECISION_KEY, SNAPSHOTS_KEY, Run, pinned
from convoy.airflow.states import BatchTasks, parks, past_return, promoted, root_cause, task_states, to_undo
from convoy.gates.verdict import Verdict
from convoy.targets.base import Drift, Observation, Target, TargetError

DONE = ("success", "skipped", "upstream_failed")


class DecideOperator(RolloutOperator):
    """Teardown of preflight: finds out what happened, fences the run off, and skips every undo that is not needed.

    A promoted run skips all undos in one call, so that a good release starts no further process."""

    ui_color = "#ffe3d6"

    def __init__(self, *, batches: list[BatchTasks], scope: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batches = batches
        self.scope = scope

    def execute(self, context: Mapping[str, Any]) -> None:
        """Decide; once the rollback has begun, a second run of this task repeats the decision."""
        ti, run = context["ti"], pinned(context)
        audit = Audit.of(context, run)
        decision = context["task_state_store"].get(DECISION_KEY)
        if decision is None or not decision["fenced"]:
            decision = self._decide(ti, run, audit)
            context["task_state_store"].set(DECISION_KEY, decision, retention=KEEP)
        ti.xcom_push(key=DECISION_KEY, value=decision)
        skip = [batch.undo for batch in self.batches if batch.name not in decision["undo"]]
        if skip:
            raise DownstreamTasksSkipped(tasks=skip)

    def _decide(self, ti: Any, run: Run, audit: Audit) -> dict[str, Any]:
        states = task_states(ti)
        cause = root_cause(ti, self.batches, states)
        if cause is None:
            audit.emit("rollback.decided", "every batch went through: nothing to undo", subject=ti.dag_id, undo=[])
            return {"fenced": False, "undo": [], "parked": False, "cause": None, "by_hand": False}
        names = [] if run.dry_run else to_undo(ti, self.batches, states, self.scope)
        final = past_return(self.batches, names)
        parked = (parks(self.batches, cause) or bool(final)) and not run.dry_run
        decision = {"cause": cause.message, "task": cause.task, "by_hand": cause.by_hand, "parked": parked}
        if parked:
            why = "as the manifest says"
            if final:
                why = f"because there is no way back from {', '.join(final)}: a person has to decide"
            audit.emit(
                "rollback.decided",
                f"parked, {why}; everything stays as it is, the locks are kept. {cause.message}",
                subject=ti.dag_id,
                level="error",
                cause=cause.message,
                undo=[],
                noReturn=list(final),
            )
            return {**decision, "undo": [], "fenced": False}
        self._fence(audit, run, cause.message, names)
        return {**decision, "undo": names, "fenced": not run.dry_run}

    def _fence(self, audit: Audit, run: Run, cause: str, names: list[str]) -> None:
        if not run.dry_run:
            with reported(audit, self.environment):
                lock = self.open_target().fence(run.holder)
            audit.emit(
                "lock.fenced",
                f"from now on only the rollback may change anything, token {lock.token}",
                subject=self.environment,
                token=lock.token,
            )
        order = " then ".join(reversed(names)) or "nothing: nothing was touched"
        audit.emit(
            "rollback.decided",
            f"rolling back because {cause}. To undo, in reverse order: {order}",
            subject=self.dag_id,
            level="error",
            cause=cause,
            undo=list(reversed(names)),
        )


class UndoOperator(RolloutOperator):
    """Teardown of a batch's snapshot: restores what was touched, and verifies it with the batch's health gates.

    ``before`` are the undo tasks of the batches that depend on this one; they must have succeeded. A teardown runs
    after a failed one too, so it asks. The verification waits in the triggerer."""

    ui_color = "#ffd6d6"

    def __init__(
        self,
        *,
        batch: BatchTasks,
        batches: list[BatchTasks],
        scope: str,
        components: list[dict[str, Any]],
        before: list[str],
        spec: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.batches = batches
        self.scope = scope
        self.components = components
        self.before = before
        self.spec = spec

    def component_settings(self) -> Iterable[Mapping[str, Any]]:
        """Those of the components of this batch."""
        return self.components

    def execute(self, context: Mapping[str, Any]) -> None:
        """Restore in this process, then wait for the verification in the triggerer."""
        ti, run = context["ti"], pinned(context)
        audit = Audit.of(context, run)
        states = task_states(ti)
        if not self._wanted(ti, run, states):
            audit.emit("service.leftalone", f"{self.batch.name}: nothing to undo", subject=self.batch.name)
            return
        stuck = [task for task in self.before if states.get(task) not in DONE]
        if stuck:
            self._stuck(audit, f"{', '.join(stuck)} did not succeed, and {self.batch.name} goes back only after that")
        snapshots = ti.xcom_pull(task_ids=f"{self.batch.name}.snapshot", key=SNAPSHOTS_KEY) or {}
        generations = self._restore(audit, run, snapshots)
        if not generations:
            self._done(audit, f"nothing of {self.batch.name} was touched")
            return
        from convoy.airflow.triggers.gate import GateTrigger

        spec = {
            **self.spec,
            "components": [
                # What is removed has nothing that could be probed: the target says when it is gone.
                {**c, "health": c["health"] if (snapshots.get(c["component"]) or {}).get("version") else None}
                for c in self.spec["components"]
            ],
            "fixed": {name: [snapshots[name]["version"], generations[name]] for name in generations},
        }
        self.defer(trigger=GateTrigger(spec=spec, round=ti.try_number, resume=True), method_name="verified")

    def _wanted(self, ti: Any, run: Run, states: Mapping[str, str]) -> bool:
        """What was decided; where nothing could be, the same question asked again."""
        if run.dry_run:
            return False
        decision = ti.xcom_pull(task_ids=DECIDE, key=DECISION_KEY)
        if decision is not None:
            return self.batch.name in decision["undo"]
        if all(promoted(batch, states) for batch in self.batches):
            return False
        cause = root_cause(ti, self.batches, states)
        if cause is not None and parks(self.batches, cause):
            return False
        names = to_undo(ti, self.batches, states, self.scope)
        return self.batch.name in names and not past_return(self.batches, names)

    def _restore(self, audit: Audit, run: Run, snapshots: Mapping[str, Any]) -> dict[str, int]:
        target = self.open_target()
        generations: dict[str, int] = {}
        with reported(audit, self.environment):
            lock = target.fence(run.holder)
        for settings in reversed(self.components):
            name = settings["component"]
            if name not in run.versions:
                continue
            if name not in snapshots:
                self._must_be_untouched(audit, run, target, name)
                continue
            prior = Observation(**snapshots[name])
            try:
                applied = target.restore(name, prior, lock)
            except Drift as drift:
                self._stuck(audit, f"{name}: {drift}")
            except TargetError as error:
                with reported(audit, name):
                    raise error
            generations[name] = applied.generation
            audit.emit(
                "service.rolledback" if prior.version else "service.removed",
                applied.message,
                subject=name,
                version=prior.version,
                failedVersion=run.versions.get(name),
                generation=applied.generation,
            )
        return generations

    def _must_be_untouched(self, audit: Audit, run: Run, target: Target, name: str) -> None:
        with reported(audit, name):
            seen = target.observe(name)
        if seen.changed_by == run.holder:
            self._stuck(audit, f"{name} was touched without a snapshot: nobody knows what to restore")

    def verified(self, context: Mapping[str, Any], event: Any = None) -> None:
        """The health gate of the restored state has spoken."""
        run = pinned(context)
        audit = Audit.of(context, run)
        if event == "success" or Verdict(event["verdict"]).passes:
            self._done(audit, f"{self.batch.name} is back where it was: {_said(event)}")
            return
        message = f"{self.batch.name} was restored, but is not as it was: {event['message']}"
        audit.emit("rollback.stuck", message, subject=self.batch.name, level="error", components=event["components"])
        audit.fail(message, subject=self.batch.name)
        raise AirflowException(message)

    def _done(self, audit: Audit, message: str) -> None:
        audit.emit("rollback.verified", message, subject=self.batch.name)

    def _stuck(self, audit: Audit, message: str) -> None:
        audit.emit("rollback.stuck", message, subject=self.batch.name, level="error")
        raise refuse(audit, message, subject=self.batch.name)


def _said(event: Any) -> str:
    return "healthy" if event == "success" else str(event["message"])
