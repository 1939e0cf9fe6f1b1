"""What preflight pinned for a run, and how the other tasks of the run read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from convoy.targets.base import Lock

PREFLIGHT = "preflight"
DECIDE = "rollback.decide"
OUTCOME = "outcome"
ROLLBACK = "rollback"
NO_DRILL = "none"

RUN_KEY = "run"
EVENTS_KEY = "events"
FAILURE_KEY = "failure"
INTENT_KEY = "intent"
SNAPSHOTS_KEY = "snapshots"
APPLIED_KEY = "applied"
DECISION_KEY = "decision"
OUTCOME_KEY = "outcome"
VERDICT_KEY = "verdict"
GO_ON, MEASURE_AGAIN, ROLL_BACK = "Go on", "Measure again", "Roll back"
"""What a person may answer where a gate cannot tell."""

PROMOTED, ROLLED_BACK, ABORTED, PARKED, STUCK, DRY_RUN, REFUSED = (
    "Promoted",
    "RolledBack",
    "Aborted",
    "Parked",
    "Stuck",
    "DryRun",
    "Refused",
)
CONCLUDED = (ROLLED_BACK, ABORTED, PROMOTED, DRY_RUN)
"""Outcomes after which a run does nothing any more, whatever of it is cleared."""
KEEPS_LOCKS = (PARKED, STUCK)
"""Outcomes that leave the locks in place, for a person to decide."""


class NotPinned(RuntimeError):
    """The run has no pinned plan: preflight has not succeeded, or was cleared."""


@dataclass(frozen=True)
class Run:
    """A run's pinned facts: who holds the locks with which token, under which correlation id, and what was chosen.

    ``versions`` gives for each changing component the version that this run moves it to; a component that is left
    where it is does not appear."""

    holder: str
    correlation: str
    token: int
    digest: str
    reason: str
    dry_run: bool
    drill: str
    versions: dict[str, str]
    components: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for XCom."""
        return {**asdict(self), "components": list(self.components)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> Run:
        """From XCom. Raises NotPinned where there is nothing."""
        if not data:
            raise NotPinned("preflight has not pinned this run: nothing may be touched")
        return cls(**{**data, "components": tuple(data["components"])})

    @property
    def forward_lock(self) -> Lock:
        """The right to move forward, as preflight got it; the target refuses it once the rollback has begun."""
        return Lock(self.holder, self.token, "forward", self.components)


def answer_key(task_id: str) -> str:
    """The XCom of preflight that holds a person's answer for a gate. The gate's own attempts come and go; this one goes
    only when preflight lets the run begin anew."""
    return f"answer.{task_id}"


def holder_of(dag_id: str, run_id: str) -> str:
    """The name under which a run holds its locks."""
    return f"{dag_id}/{run_id}"


def pinned(context: Mapping[str, Any]) -> Run:
    """The run's pinned facts, inside a task. Raises NotPinned."""
    return Run.from_dict(context["ti"].xcom_pull(task_ids=PREFLIGHT, key=RUN_KEY))
