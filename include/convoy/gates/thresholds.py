"""A metric gate as a fold over measurements: state and measurement in, state out.

Each kind of measurement has its own budget:

- *failed* over ``failureLimit``: Failed, at once;
- *inconclusive* over ``inconclusiveLimit``: Inconclusive, at once;
- *errors in a row* over ``consecutiveErrorLimit``: Inconclusive, so that an outage of the metrics asks a person and
  neither passes nor undoes a good release. Errors do not count towards ``count``;
- ``count`` judged measurements within these budgets: Successful, if at least one of them was.

The state is JSON, holds no clock, and once it has decided it stays decided: resuming from it gives the verdict that not
stopping would have given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from convoy.gates.assessment import Assessment
from convoy.gates.conditions import evaluate
from convoy.gates.measurement import Measurement
from convoy.gates.settings import seconds, whole
from convoy.gates.verdict import Verdict

RETENTION = 50
"""How many measurements the state keeps, the latest ones. Counts are of all of them."""

WARMING_LIMIT = 10
"""How often in a row a provider may say that it has to measure once more first; after that it counts as no data."""

LONGEST_BACKOFF = 60.0
"""Seconds: the longest pause that errors can cause, unless the interval itself is longer."""


@dataclass(frozen=True)
class MetricState:
    """What was measured so far. ``errors`` and ``warming`` count those in a row. The texts are the latest reasons."""

    measurements: tuple[Measurement, ...] = ()
    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    errors: int = 0
    errors_in_all: int = 0
    warming: int = 0
    latest: str = "nothing was measured yet"
    latest_failure: str = ""
    latest_doubt: str = ""

    @property
    def judged(self) -> int:
        """How many measurements count towards ``count``."""
        return self.successful + self.failed + self.inconclusive

    def to_dict(self) -> dict[str, Any]:
        """As strict JSON."""
        return {**asdict(self), "measurements": [measurement.to_dict() for measurement in self.measurements]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> MetricState:
        """From JSON."""
        kept = tuple(Measurement.from_dict(measurement) for measurement in data["measurements"])
        return cls(**{**data, "measurements": kept})


def observe(gate: Mapping[str, Any], state: MetricState, measurement: Measurement) -> MetricState:
    """The state after one more measurement; the same state where the gate has already decided.

    ``gate`` is a MetricGate as JSON. A measurement without a value whose ``inputs`` say ``warming`` counts for nothing.
    Raises ValueError where the gate's own settings cannot be read.
    """
    if assess(gate, state).verdict is not None:
        return state
    if _warming(measurement) and state.warming < WARMING_LIMIT:
        return replace(state, warming=state.warming + 1, latest="a first reading was taken, the next one gives a value")
    verdict, reason = evaluate(gate["success_condition"], measurement)
    kept = (*state.measurements, _storable(measurement, verdict, reason))[-RETENTION:]
    state = replace(state, measurements=kept, latest=reason)
    if verdict is Verdict.ERROR:
        return replace(state, errors=state.errors + 1, errors_in_all=state.errors_in_all + 1)
    state = replace(state, errors=0, warming=0)
    if verdict is Verdict.FAILED:
        return replace(state, failed=state.failed + 1, latest_failure=reason)
    if verdict is Verdict.INCONCLUSIVE:
        return replace(state, inconclusive=state.inconclusive + 1, latest_doubt=reason)
    return replace(state, successful=state.successful + 1)


def assess(gate: Mapping[str, Any], state: MetricState) -> Assessment:
    """The verdict, or None while measurements are missing. Raises ValueError where the gate cannot be read."""
    count = whole(gate, "count", least=1)
    failures, doubts, errors = (
        whole(gate, key) for key in ("failure_limit", "inconclusive_limit", "consecutive_error_limit")
    )
    if state.failed > failures:
        tally = _tally(state.failed, state.judged, "failed", failures)
        return Assessment(Verdict.FAILED, f"{tally}: {state.latest_failure}")
    if state.inconclusive > doubts:
        tally = _tally(state.inconclusive, state.judged, "were inconclusive", doubts)
        return Assessment(Verdict.INCONCLUSIVE, f"{tally}: {state.latest_doubt}")
    if state.errors > errors:
        return Assessment(
            Verdict.INCONCLUSIVE,
            f"provider errors: {state.errors} in a row, {errors} tolerated, the latest: {state.latest}",
        )
    if state.judged >= count:
        if state.successful == 0:
            why = state.latest_doubt or state.latest_failure
            return Assessment(Verdict.INCONCLUSIVE, f"none of {state.judged} measurements was a success: {why}")
        return Assessment(
            Verdict.SUCCESSFUL,
            f"{state.successful} of {state.judged} measurements succeeded, the latest: {state.latest}",
        )
    suffix = f" (error {state.errors} in a row, {errors} tolerated)" if state.errors else ""
    return Assessment(None, f"{state.judged} of {count} measured: {state.latest}{suffix}")


def next_delay(gate: Mapping[str, Any], state: MetricState) -> float:
    """Seconds until the next measurement.

    That is the interval. After errors it is twice the interval, four times, and so on, at most
    :data:`LONGEST_BACKOFF` or, where that is longer, the interval. Raises ValueError where the gate cannot be read.
    """
    interval = seconds(gate, "interval")
    # 2 ** 30 intervals are beyond any bound, and a float cannot hold 2 ** 2000.
    return float(min(interval * 2 ** min(state.errors, 30), max(interval, LONGEST_BACKOFF)))


def _warming(measurement: Measurement) -> bool:
    return measurement.value is None and measurement.error is None and measurement.inputs.get("warming") is True


def _storable(measurement: Measurement, verdict: Verdict, reason: str) -> Measurement:
    """What the state keeps. A value of a wrong type is kept as the error that it is: the state has to stay JSON."""
    if verdict is not Verdict.ERROR:
        return measurement
    return replace(measurement, value=None, baseline=None, error=reason)


def _tally(part: int, judged: int, what: str, tolerated: int) -> str:
    return f"{part} of {judged} measurements {what}, {tolerated} tolerated"
