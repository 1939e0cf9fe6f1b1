"""A health gate as a fold over polls, with Azure's three durations.

``waitDuration`` is idle time. From then on at most ``maxElasticDuration`` may pass in which not every replica is
healthy. Once all are, they have to stay so for ``healthyStateDuration``; a relapse starts that clock anew, as long as
elastic time is left.

The state holds durations that have passed, never points in time: it survives a restart, and the clock of the machine
on which it goes on. An interval between two polls counts only when both of its ends were seen: while the target does
not answer, all clocks stand still (an unhealthy poll right after an outage costs one interval). More than
:data:`ERROR_LIMIT` polls without an answer are Inconclusive, since an outage of the target says nothing about the
release.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from convoy.gates.assessment import Assessment
from convoy.gates.settings import seconds
from convoy.gates.verdict import Verdict
from convoy.manifest.models.base import format_duration

ERROR_LIMIT = 10
"""How many polls without an answer from the target are tolerated. Two answers in a row start the count anew."""

LONGEST_CREDIT = 10.0
"""Seconds, or three intervals where that is more: how much healthy time one pair of polls can prove at most. A watcher
that was stalled for an hour has not seen an hour of health."""

NAMED = 5

HEALTHY, UNHEALTHY, DEAD, UNREACHABLE = "healthy", "unhealthy", "dead", "unreachable"


@dataclass(frozen=True)
class ReplicaHealth:
    """One replica's answer. ``latency`` in seconds by a monotonic clock; None where there was no answer."""

    replica: str
    healthy: bool
    reason: str
    latency: float | None = None


@dataclass(frozen=True)
class HealthPoll:
    """What one look at a component found: ``healthy``, ``unhealthy``, ``dead`` (final) or ``unreachable``."""

    kind: str
    reason: str

    @classmethod
    def healthy(cls, reason: str) -> HealthPoll:
        """Every replica of the deployed revision is healthy."""
        return cls(HEALTHY, reason)

    @classmethod
    def unhealthy(cls, reason: str) -> HealthPoll:
        """Not yet, or no longer, healthy."""
        return cls(UNHEALTHY, reason)

    @classmethod
    def dead(cls, reason: str) -> HealthPoll:
        """The target says that waiting will not help."""
        return cls(DEAD, reason)

    @classmethod
    def unreachable(cls, reason: str) -> HealthPoll:
        """The target did not answer, so nothing is known about the replicas."""
        return cls(UNREACHABLE, reason)

    @classmethod
    def of(cls, replicas: Sequence[ReplicaHealth]) -> HealthPoll:
        """All replicas together. None at all is unhealthy."""
        if not replicas:
            return cls.unhealthy("there is no replica of the deployed revision")
        ill = [f"{replica.replica}: {replica.reason}" for replica in replicas if not replica.healthy]
        if not ill:
            return cls.healthy(
                "1 replica is healthy" if len(replicas) == 1 else f"all {len(replicas)} replicas are healthy"
            )
        more = [f"and {len(ill) - NAMED} more"] if len(ill) > NAMED else []
        return cls.unhealthy("; ".join([*ill[:NAMED], *more]))


@dataclass(frozen=True)
class HealthState:
    """Seconds that passed: idle, not healthy, healthy without a break. ``seen``: the kind of the latest judged poll."""

    waited: float = 0.0
    elastic: float = 0.0
    healthy_for: float = 0.0
    polls: int = 0
    errors: int = 0
    seen: str | None = None
    reason: str = "not polled yet"

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> HealthState:
        """From JSON."""
        return cls(**data)


def observe(gate: Mapping[str, Any], state: HealthState, poll: HealthPoll, elapsed: float) -> HealthState:
    """The state after one more poll, ``elapsed`` seconds (monotonic) after the one before.

    The same state where the gate has already decided. Raises ValueError where the gate's settings cannot be read.
    """
    if assess(gate, state).verdict is not None:
        return state
    elapsed = elapsed if math.isfinite(elapsed) and elapsed > 0 else 0.0
    wait = seconds(gate, "wait_duration")
    idle = state.waited < wait
    state = replace(state, polls=state.polls + 1, waited=min(wait, state.waited + elapsed))
    if poll.kind == DEAD:
        return replace(state, seen=DEAD, reason=poll.reason)
    if state.waited < wait:
        return state
    before = None if idle else state.seen
    state = replace(state, seen=poll.kind, reason=poll.reason)
    if poll.kind == UNREACHABLE:
        return replace(state, errors=state.errors + 1)
    if before != UNREACHABLE:
        state = replace(state, errors=0)
    if poll.kind == UNHEALTHY:
        state = replace(state, healthy_for=0.0)
    if before == poll.kind == HEALTHY:
        credit = min(elapsed, max(LONGEST_CREDIT, 3 * seconds(gate, "interval")))
        return replace(state, healthy_for=state.healthy_for + credit)
    if before in (HEALTHY, UNHEALTHY):
        return replace(state, elastic=state.elastic + elapsed)
    if before == UNREACHABLE and poll.kind == UNHEALTHY:
        # Every relapse costs some elastic time; else outages at the right moments would make it last for ever.
        return replace(state, elastic=state.elastic + min(elapsed, seconds(gate, "interval")))
    return state


def assess(gate: Mapping[str, Any], state: HealthState) -> Assessment:
    """The verdict, or None while the gate still looks. The message changes only when something happened."""
    wait, limit, need = (
        seconds(gate, key) for key in ("wait_duration", "max_elastic_duration", "healthy_state_duration")
    )
    if state.seen == DEAD:
        return Assessment(Verdict.FAILED, state.reason)
    if state.seen is None:
        return Assessment(None, f"idle for {format_duration(wait)} before the first poll" if wait else state.reason)
    if state.errors > ERROR_LIMIT:
        return Assessment(
            Verdict.INCONCLUSIVE, f"{state.errors} polls without an answer from the target: {state.reason}"
        )
    if state.seen == UNREACHABLE:
        return Assessment(None, f"the target does not answer: {state.reason}")
    if state.seen == HEALTHY:
        if state.healthy_for >= need:
            return Assessment(
                Verdict.SUCCESSFUL, f"{state.reason}, for {format_duration(need)}" if need else state.reason
            )
        return Assessment(None, f"{state.reason}, and must stay so for {format_duration(need)}")
    if state.elastic >= limit:
        return Assessment(Verdict.FAILED, f"not healthy within {format_duration(limit)}: {state.reason}")
    return Assessment(None, f"not healthy: {state.reason}")
