"""The audit trail of a task: every event goes to the task's log, and is kept for the record.

In the log an event is one line for people whose fields are JSON for machines. For the record the events of a task are
kept twice: as an XCom, which the outcome collects, and in the task state store, because the XComs of a task vanish when
it runs again and the events of its earlier tries must not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog

from convoy.airflow.run import EVENTS_KEY, FAILURE_KEY, Run, holder_of
from convoy.record.events import Event

KEEP = timedelta(days=400)

log = structlog.get_logger("convoy")


class Audit:
    """Writes the events of one task."""

    def __init__(self, context: Mapping[str, Any], correlation: str) -> None:
        self._ti = context["ti"]
        self._store = context["task_state_store"]
        self._source = f"/airflow/{holder_of(self._ti.dag_id, self._ti.run_id)}/{self._ti.task_id}"
        self.correlation = correlation
        self._events: list[dict[str, Any]] = list(self._store.get(EVENTS_KEY) or [])

    @classmethod
    def of(cls, context: Mapping[str, Any], run: Run) -> Audit:
        """The audit trail of a task of a pinned run."""
        return cls(context, run.correlation)

    def emit(self, name: str, message: str, *, subject: str, level: str = "info", **data: Any) -> Event:
        """Log an event and keep it. ``level`` is the log level: info, warning or error."""
        event = Event.now(name, message, source=self._source, subject=subject, correlation=self.correlation, **data)
        cloud = event.to_cloudevent()
        getattr(log, level)(message, type=cloud["type"], subject=subject, chainid=self.correlation, **data)
        self._events.append(cloud)
        self._store.set(EVENTS_KEY, self._events, retention=KEEP)
        self._ti.xcom_push(key=EVENTS_KEY, value=self._events)
        return event

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of this task so far, earlier tries included, as CloudEvents."""
        return list(self._events)

    def emit_line(self, message: str) -> None:
        """Log a line that is no event: a hint for the reader of the log."""
        log.info(message, chainid=self.correlation)

    def fail(self, message: str, *, subject: str, **data: Any) -> None:
        """Leave the reason of a failure where the rollback and the outcome look for it."""
        self._ti.xcom_push(
            key=FAILURE_KEY, value={"task": self._ti.task_id, "subject": subject, "message": message, **data}
        )
