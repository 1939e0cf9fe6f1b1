"""``<batch>.snapshot``: the prior state of every component of a batch, written before the first touch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from convoy.airflow.audit import KEEP, Audit
from convoy.airflow.operators.base import RolloutOperator, leaves_a_reason, refuse, reported
from convoy.airflow.run import SNAPSHOTS_KEY, pinned
from convoy.targets.base import Observation


class SnapshotOperator(RolloutOperator):
    """Setup of a batch. First write wins: however often it runs, the snapshot is the one before the first touch.

    The snapshot lives in the task state store, which survives retries and clears, and goes out as an XCom."""

    ui_color = "#eef7ee"

    def __init__(self, *, batch: str, components: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.components = components

    def component_settings(self) -> Iterable[Mapping[str, Any]]:
        """Those of the components of this batch."""
        return self.components

    @leaves_a_reason
    def execute(self, context: Mapping[str, Any]) -> None:
        """Observe, check against the declared ``from``, and keep."""
        run = pinned(context)
        audit = Audit.of(context, run)
        store = context["task_state_store"]
        target = self.open_target()
        snapshots: dict[str, Any] = {}
        for settings in self.components:
            name = settings["component"]
            if name not in run.versions:
                continue
            kept = store.get(f"snapshot.{name}")
            if kept is None:
                with reported(audit, name):
                    seen = target.observe(name)
                self._must_be_as_declared(audit, settings, seen, run.holder)
                kept = asdict(seen)
                store.set(f"snapshot.{name}", kept, retention=KEEP)
                audit.emit(
                    "snapshot.taken",
                    f"{name} is {seen.version or 'absent'}; this is what a rollback would restore",
                    subject=name,
                    version=seen.version,
                    generation=seen.generation,
                )
            snapshots[name] = kept
        context["ti"].xcom_push(key=SNAPSHOTS_KEY, value=snapshots)

    def _must_be_as_declared(self, audit: Audit, settings: Mapping[str, Any], seen: Observation, holder: str) -> None:
        if seen.version == settings["from"] or seen.changed_by == holder:
            return
        message = (
            f"{seen.component} is {seen.version or 'absent'}, but the plan was proven from "
            f"{settings['from'] or 'absent'}: it was changed since preflight, by {seen.changed_by or 'somebody else'}"
        )
        audit.emit("drift.detected", message, subject=seen.component, level="error", live=seen.version)
        raise refuse(audit, message, subject=seen.component)
