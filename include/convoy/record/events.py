"""Events: every decision of a run, as CloudEvents of a closed list of types.

Where CDEvents has a type for it, the event carries that type; the others are custom CDEvents of ``convoy``. All
events of one run share one correlation id, from the plan to the outcome.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

CLOUDEVENTS = "1.0"

TYPES: Mapping[str, str] = {
    "run.started": "dev.cdevents.pipelinerun.started.0.3.0",
    "run.refused": "dev.cdeventsx.convoy-run.refused.0.1.0",
    "run.finished": "dev.cdevents.pipelinerun.finished.0.3.0",
    "plan.pinned": "dev.cdeventsx.convoy-plan.pinned.0.1.0",
    "lock.acquired": "dev.cdeventsx.convoy-lock.acquired.0.1.0",
    "lock.fenced": "dev.cdeventsx.convoy-lock.fenced.0.1.0",
    "lock.kept": "dev.cdeventsx.convoy-lock.kept.0.1.0",
    "lock.released": "dev.cdeventsx.convoy-lock.released.0.1.0",
    "drift.detected": "dev.cdeventsx.convoy-drift.detected.0.1.0",
    "snapshot.taken": "dev.cdeventsx.convoy-snapshot.taken.0.1.0",
    "deploy.intended": "dev.cdeventsx.convoy-deploy.intended.0.1.0",
    "service.deployed": "dev.cdevents.service.deployed.0.3.0",
    "service.upgraded": "dev.cdevents.service.upgraded.0.3.0",
    "service.rolledback": "dev.cdevents.service.rolledback.0.3.0",
    "service.removed": "dev.cdevents.service.removed.0.3.0",
    "service.leftalone": "dev.cdeventsx.convoy-service.leftalone.0.1.0",
    "gate.judged": "dev.cdeventsx.convoy-gate.judged.0.1.0",
    "gate.escalated": "dev.cdeventsx.convoy-gate.escalated.0.1.0",
    "gate.answered": "dev.cdeventsx.convoy-gate.answered.0.1.0",
    "rollback.decided": "dev.cdeventsx.convoy-rollback.decided.0.1.0",
    "rollback.verified": "dev.cdeventsx.convoy-rollback.verified.0.1.0",
    "rollback.stuck": "dev.cdeventsx.convoy-rollback.stuck.0.1.0",
    "record.failed": "dev.cdeventsx.convoy-record.failed.0.1.0",
}
"""Short name of every event there is, and its CloudEvents type."""


@dataclass(frozen=True)
class Event:
    """One decision or act. ``subject`` is what it is about (a component, a batch or the run); ``data`` is JSON."""

    name: str
    message: str
    source: str
    subject: str
    correlation: str
    time: str
    id: str
    data: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def now(cls, name: str, message: str, *, source: str, subject: str, correlation: str, **data: Any) -> Event:
        """An event that happens at this moment. Raises ValueError for a name that is not in :data:`TYPES`."""
        if name not in TYPES:
            raise ValueError(f"unknown event {name!r}; the events are {', '.join(TYPES)}")
        return cls(
            name=name,
            message=message,
            source=source,
            subject=subject,
            correlation=correlation,
            time=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            id=str(uuid.uuid4()),
            data=data,
        )

    def to_cloudevent(self) -> dict[str, Any]:
        """As a CloudEvent in JSON, with CDEvents' ``chainid`` for the correlation."""
        return {
            "specversion": CLOUDEVENTS,
            "id": self.id,
            "source": self.source,
            "type": TYPES[self.name],
            "time": self.time,
            "subject": self.subject,
            "chainid": self.correlation,
            "datacontenttype": "application/json",
            "data": {"event": self.name, "message": self.message, **self.data},
        }

    @classmethod
    def from_cloudevent(cls, event: Mapping[str, Any]) -> Event:
        """From a CloudEvent that :meth:`to_cloudevent` made. Raises KeyError for another shape."""
        data = dict(event["data"])
        return cls(
            name=data.pop("event"),
            message=data.pop("message"),
            source=event["source"],
            subject=event["subject"],
            correlation=event["chainid"],
            time=event["time"],
            id=event["id"],
            data=data,
        )
