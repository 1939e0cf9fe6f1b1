"""``<batch>.deploy`` and ``<batch>.canary-N``: intent, then fenced and idempotent apply, component by component."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from airflow.sdk.exceptions import AirflowTaskTimeout

from convoy.airflow.audit import KEEP, Audit
from convoy.airflow.operators.base import Halted, RolloutOperator, describe, leaves_a_reason, refuse, reported
from convoy.airflow.run import APPLIED_KEY, INTENT_KEY, SNAPSHOTS_KEY, Run, pinned
from convoy.targets.base import Applied, Desired, Target

MOST_AT_ONCE = 16


class DeployOperator(RolloutOperator):
    """Order every component of a batch to its new version, and return at once: waiting is the gates' business.

    ``weight`` below 100 moves only the share of a canary. ``group`` names the components of a lockstep batch, which
    the target switches in one moment."""

    ui_color = "#dbe9ff"

    def __init__(
        self,
        *,
        batch: str,
        components: list[dict[str, Any]],
        weight: int = 100,
        group: list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.components = components
        self.weight = weight
        self.group = group or []
        self._halted = False

    def component_settings(self) -> Iterable[Mapping[str, Any]]:
        """Those of the components of this batch."""
        return self.components

    @leaves_a_reason
    def execute(self, context: Mapping[str, Any]) -> None:
        """Apply; on a retry the target recognises what is already in place."""
        run = pinned(context)
        audit = Audit.of(context, run)
        todo = [settings for settings in self.components if settings["component"] in run.versions]
        for settings in self.components:
            if settings not in todo:
                name = settings["component"]
                audit.emit("service.leftalone", f"{name} stays at {settings['from']}, by choice", subject=name)
        if run.dry_run:
            for settings in todo:
                log_line = describe(settings, run.versions[settings["component"]])
                audit.emit("service.leftalone", f"dry run: would move {log_line}", subject=settings["component"])
            return
        self._must_have_snapshots(context["ti"], audit, todo)
        intent = {s["component"]: run.versions[s["component"]] for s in todo}
        context["task_state_store"].set(INTENT_KEY, intent, retention=KEEP)
        context["ti"].xcom_push(key=INTENT_KEY, value=intent)
        for settings in todo:
            name = settings["component"]
            share = f" for {self.weight} % of its replicas" if self.weight < 100 else ""
            audit.emit(
                "deploy.intended",
                f"about to move {describe(settings, run.versions[name])}{share}",
                subject=name,
                version=run.versions[name],
                weight=self.weight,
            )
        applied = self._apply_all(self.open_target(), todo, run, audit)
        context["ti"].xcom_push(key=APPLIED_KEY, value={a.component: a.generation for a in applied})

    def _must_have_snapshots(self, ti: Any, audit: Audit, todo: list[dict[str, Any]]) -> None:
        taken = ti.xcom_pull(task_ids=f"{self.batch}.snapshot", key=SNAPSHOTS_KEY) or {}
        missing = [s["component"] for s in todo if s["component"] not in taken]
        if missing:
            message = f"no snapshot was taken of {', '.join(missing)}: nothing is touched without one"
            raise refuse(audit, message, subject=self.batch)

    def _apply_all(self, target: Target, todo: list[dict[str, Any]], run: Run, audit: Audit) -> list[Applied]:
        def apply(settings: dict[str, Any]) -> Applied:
            if self._halted:
                raise Halted(f"halted before {settings['component']} was touched")
            return target.apply(self._desired(settings, run), run.forward_lock)

        applied: list[Applied] = []
        pool = ThreadPoolExecutor(max_workers=min(MOST_AT_ONCE, max(1, len(todo))))
        try:
            futures = [(settings, pool.submit(apply, settings)) for settings in todo]
            errors: list[tuple[dict[str, Any], BaseException]] = []
            for settings, future in futures:
                error = future.exception()
                if error is not None:
                    errors.append((settings, error))
                    continue
                answer = future.result()
                applied.append(answer)
                audit.emit(
                    "service.upgraded" if settings["from"] else "service.deployed",
                    answer.message,
                    subject=answer.component,
                    version=run.versions[answer.component],
                    generation=answer.generation,
                    changed=answer.changed,
                )
        finally:
            # A target that hangs must not outlast the task's timeout.
            pool.shutdown(wait=False, cancel_futures=True)
        for settings, error in errors[1:]:
            audit.emit_line(f"{settings['component']} could not be moved either: {error}")
        for settings, error in errors[:1]:
            with reported(audit, settings["component"]):
                raise error
        return applied

    def _desired(self, settings: Mapping[str, Any], run: Run) -> Desired:
        version = run.versions[settings["component"]]
        return Desired(
            component=settings["component"],
            version=version,
            workload=settings["workloads"][version],
            strategy=settings["strategy"],
            weight=self.weight,
            group=tuple(name for name in self.group if name in run.versions),
        )

    def on_kill(self) -> None:
        """Touch nothing more. The fence at the target covers what is already on its way."""
        self._halted = True
        if isinstance(sys.exc_info()[1], AirflowTaskTimeout):
            return
        raise Halted("the task was told to stop")
