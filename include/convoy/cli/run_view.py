"""What can be seen of a run at one moment: plain values, filled by :mod:`convoy.cli.run_reader`, drawn by others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

ACTIVE = frozenset(
    {"scheduled", "queued", "running", "deferred", "up_for_retry", "up_for_reschedule", "restarting", "awaiting_input"}
)
STARTED = frozenset({"running", "deferred", "up_for_retry", "up_for_reschedule", "restarting", "awaiting_input"})
ASKING = "awaiting_input"

WAITING, MOVING, PROMOTED, FAILED, HALTED, UNTOUCHED = "waiting", "moving", "promoted", "failed", "halted", "untouched"
ASKS, ROLLING_BACK, ROLLED_BACK, STUCK = "asks", "rolling back", "rolled back", "stuck"


@dataclass(frozen=True)
class GateCount:
    """How far one metric of a gate has come. ``wanted`` is None where it is not known; ``value`` is the latest."""

    component: str
    metric: str
    wanted: int | None = None
    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    errors: int = 0
    value: float | None = None

    @property
    def judged(self) -> int:
        """How many measurements count."""
        return self.successful + self.failed + self.inconclusive


@dataclass(frozen=True)
class StepView:
    """One task. ``state`` is Airflow's; ``note`` is a sentence: why it failed, or what it waits for."""

    task_id: str
    state: str = "none"
    start: datetime | None = None
    end: datetime | None = None
    tries: int = 0
    note: str = ""
    counts: tuple[GateCount, ...] = ()

    @property
    def name(self) -> str:
        """The task without its batch: ``deploy``, ``canary-25``."""
        return self.task_id.rpartition(".")[2]

    def seconds(self, now: datetime) -> float | None:
        """How long it took, or has been going on; None before it started."""
        return elapsed(self.start, self.end, now) if self.state != "none" else None


@dataclass(frozen=True)
class BatchView:
    """One batch. ``steps`` in their order; ``undo`` is its task in the rollback; ``undone``: it is to go back."""

    name: str
    changes: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    expected: float | None = None
    steps: tuple[StepView, ...] = ()
    undo: StepView | None = None
    undone: bool = False

    @property
    def state(self) -> str:
        """One word for the batch as a whole."""
        if self.undo is not None and self.undone:
            if self.undo.state == "success":
                return ROLLED_BACK
            if self.undo.state == "failed":
                return STUCK
            if self.undo.state in STARTED:
                return ROLLING_BACK
        states = [step.state for step in self.steps]
        if "failed" in states:
            return FAILED
        if ASKING in states:
            return ASKS
        if states and all(state == "success" for state in states):
            return PROMOTED
        if any(state in ACTIVE for state in states):
            return MOVING
        ended = [state for state in states if state in ("skipped", "upstream_failed", "removed")]
        if "success" in states:
            return HALTED if ended else MOVING
        return UNTOUCHED if ended else WAITING

    @property
    def current(self) -> StepView | None:
        """The step that matters now: the failed one, else the one that is under way; None where there is none."""
        for wanted in (("failed",), (ASKING,), tuple(ACTIVE)):
            for step in self.steps:
                if step.state in wanted:
                    return step
        return None

    def seconds(self, now: datetime) -> float | None:
        """From the start of the first step to the end of the last one, or to now; None before it started."""
        starts = [step.start for step in self.steps if step.start is not None]
        if not starts:
            return None
        ends = [step.end for step in self.steps if step.end is not None]
        return elapsed(min(starts), max(ends) if ends and self.state not in (MOVING, ASKS) else None, now)


@dataclass(frozen=True)
class RunView:
    """A run. ``now`` is the server's clock; ``expected`` in seconds; ``cause`` is why it rolls back; ``outcome`` is
    Promoted, RolledBack and so on once it is concluded, and ``message`` says more. ``trouble`` is about the view
    itself: Airflow does not answer."""

    dag_id: str
    run_id: str
    state: str
    now: datetime
    start: datetime | None = None
    end: datetime | None = None
    expected: float | None = None
    preflight: StepView = StepView("preflight")
    batches: tuple[BatchView, ...] = ()
    decide: StepView = StepView("rollback.decide")
    conclusion: StepView = StepView("outcome")
    cause: str = ""
    outcome: str = ""
    message: str = ""
    trouble: str = ""

    @property
    def finished(self) -> bool:
        """Whether nothing will happen any more."""
        return self.state in ("success", "failed")

    @property
    def seconds(self) -> float:
        """How long the run took, or has been going on."""
        return elapsed(self.start, self.end, self.now)

    @property
    def title(self) -> str:
        """The run as a whole in a word or two."""
        if self.outcome:
            return self.outcome
        if self.cause:
            return "rolling back" if any(batch.undone for batch in self.batches) else "ending"
        return self.state


def elapsed(start: datetime | None, end: datetime | None, now: datetime) -> float:
    """Seconds from start to end, or to now. The server's clock has a resolution of a second: never below zero."""
    return max(0.0, ((end or now) - start).total_seconds()) if start is not None else 0.0
