"""Watching one component through the phases of a gate: health, pause, metrics.

All clocks here are monotonic, and what is kept are durations that have passed, so that neither a restart nor another
machine's clock changes a verdict.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

from convoy.airflow.triggers.progress import Progress
from convoy.gates import health, thresholds
from convoy.gates.health import HealthPoll, HealthState
from convoy.gates.measurement import Measurement
from convoy.gates.thresholds import MetricState
from convoy.gates.verdict import Verdict, worst
from convoy.signals.base import Provider, Scope
from convoy.targets.base import Readiness, Target, TargetError

DURABLE_EVERY = 5.0
POLL_WITHOUT_HEALTH_GATE = {
    "path": None,
    "interval": 1.0,
    "wait_duration": 0.0,
    "max_elastic_duration": 300.0,
    "healthy_state_duration": 0.0,
}


@dataclass(frozen=True)
class Judged:
    """What a gate says about one component. ``metrics`` has one entry per metric: name, verdict, message, values."""

    component: str
    verdict: Verdict
    message: str
    metrics: tuple[dict[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "verdict": self.verdict.value, "metrics": list(self.metrics)}


@dataclass(frozen=True)
class Watch:
    """One component to watch. ``generation`` None: whatever is live; ``pause`` in seconds."""

    component: str
    version: str
    generation: int | None
    health: Mapping[str, Any] | None
    metrics: Sequence[dict[str, Any]]
    phases: Sequence[str]
    pause: float


async def watch_component(
    watch: Watch, target: Target, providers: Mapping[str, Provider], progress: Progress, log: Any
) -> Judged:
    """Go through the phases in order; the first that does not pass ends the watch."""
    judged = Judged(watch.component, Verdict.INCONCLUSIVE, "nothing was judged")
    for phase in watch.phases:
        if phase == "health":
            judged = await _health(watch, target, progress, log)
        elif phase == "pause":
            broken = await _pause(watch, target, progress)
            if broken is None:
                continue
            judged = broken
        else:
            judged = await _metrics(watch, target, providers, progress, log)
        if not judged.verdict.passes:
            break
    return judged


async def _readiness(watch: Watch, target: Target) -> Readiness:
    generation = watch.generation
    if generation is None:
        generation = (await asyncio.to_thread(target.observe, watch.component)).generation
    return await target.ready(watch.component, generation)


async def _health(watch: Watch, target: Target, progress: Progress, log: Any) -> Judged:
    from convoy.signals.http_health import Prober

    gate = dict(watch.health or POLL_WITHOUT_HEALTH_GATE)
    slot = f"{watch.component}/health"
    state = HealthState.from_dict(progress.get(slot)) if progress.get(slot) else HealthState()
    before = time.monotonic()
    kept = before
    said = ""
    async with Prober() as prober:
        while True:
            poll = await _poll(watch, target, prober, gate)
            now = time.monotonic()
            state = health.observe(gate, state, poll, now - before)
            before = now
            assessment = health.assess(gate, state)
            durable = now - kept >= DURABLE_EVERY or assessment.verdict is not None
            kept = now if durable else kept
            await progress.put(slot, state.to_dict(), durable=durable)
            if assessment.message != said:
                said = assessment.message
                log.info(f"{watch.component}: {said}", component=watch.component, phase="health")
            if assessment.verdict is not None:
                return Judged(watch.component, assessment.verdict, assessment.message)
            await asyncio.sleep(gate["interval"])


async def _poll(watch: Watch, target: Target, prober: Any, gate: Mapping[str, Any]) -> HealthPoll:
    try:
        readiness = await _readiness(watch, target)
    except TargetError as error:
        return HealthPoll.unreachable(str(error))
    if readiness.failed:
        return HealthPoll.dead(readiness.message)
    if not readiness.ready:
        return HealthPoll.unhealthy(readiness.message)
    if gate["path"] is None:
        return HealthPoll.healthy(readiness.message)
    new = [endpoint for endpoint in readiness.endpoints if endpoint.revision == "new"]
    return HealthPoll.of(await prober.probe_all(new, gate))


async def _pause(watch: Watch, target: Target, progress: Progress) -> Judged | None:
    """Wait; a component that breaks meanwhile ends the pause with Failed."""
    slot = f"{watch.component}/pause"
    left = watch.pause if progress.get(slot) is None else float(progress.get(slot))
    while left > 0:
        step = min(left, DURABLE_EVERY)
        await asyncio.sleep(step)
        left -= step
        await progress.put(slot, left)
        try:
            readiness = await _readiness(watch, target)
        except TargetError:
            # An outage of the target says nothing about the release; the next phase asks again, and has a budget.
            continue
        if readiness.failed:
            return Judged(watch.component, Verdict.FAILED, f"it broke during the pause: {readiness.message}")
    return None


async def _metrics(
    watch: Watch, target: Target, providers: Mapping[str, Provider], progress: Progress, log: Any
) -> Judged:
    if not watch.metrics:
        return Judged(watch.component, Verdict.SUCCESSFUL, "no metrics to judge")
    tasks = [
        asyncio.ensure_future(_metric(watch, metric, target, providers, progress, log)) for metric in watch.metrics
    ]
    results: list[dict[str, Any]] = []
    try:
        for next_one in asyncio.as_completed(tasks):
            results.append(await next_one)
            if results[-1]["verdict"] == Verdict.FAILED.value:
                break
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    results.sort(key=lambda r: r["name"])
    verdict = worst(Verdict(r["verdict"]) for r in results)
    message = "; ".join(f"{r['name']}: {r['message']}" for r in results if r["verdict"] == verdict.value)
    return Judged(watch.component, verdict, message, tuple(results))


async def _metric(
    watch: Watch,
    metric: dict[str, Any],
    target: Target,
    providers: Mapping[str, Provider],
    progress: Progress,
    log: Any,
) -> dict[str, Any]:
    slot = f"{watch.component}/metric/{metric['name']}"
    kept = progress.get(slot)
    state = MetricState.from_dict(kept["state"]) if kept else MetricState()
    delay_left = float(kept["delay"]) if kept else float(metric["initial_delay"])
    if delay_left > 0:
        await asyncio.sleep(delay_left)
    provider = providers.get("prometheus" if metric["query"] is not None else "openmetrics")
    while True:
        measurement, dead = await _measure(watch, metric, target, provider)
        if dead:
            return {"name": metric["name"], "verdict": Verdict.FAILED.value, "message": dead, "measurements": []}
        state = thresholds.observe(metric, state, measurement)
        await progress.put(slot, {"state": state.to_dict(), "delay": 0.0})
        assessment = thresholds.assess(metric, state)
        if not measurement.inputs.get("warming"):
            log.info(
                f"{watch.component} {metric['name']}: {assessment.message}",
                component=watch.component,
                metric=metric["name"],
                value=measurement.value,
                baseline=measurement.baseline,
                error=measurement.error,
                inputs=measurement.inputs,
            )
        if assessment.verdict is not None:
            return {
                "name": metric["name"],
                "verdict": assessment.verdict.value,
                "message": assessment.message,
                "measurements": [m.to_dict() for m in state.measurements],
            }
        await asyncio.sleep(thresholds.next_delay(metric, state))


async def _measure(
    watch: Watch, metric: dict[str, Any], target: Target, provider: Provider | None
) -> tuple[Measurement, str]:
    """One measurement, and why the component is beyond saving, if it is."""
    at = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    if provider is None:
        return Measurement(at=at, error="the environment has no provider for this metric"), ""
    try:
        readiness = await _readiness(watch, target)
    except TargetError as error:
        return Measurement(at=at, error=f"the target does not say where the replicas are: {error}"), ""
    if readiness.failed:
        return Measurement(at=at), f"it broke while it baked: {readiness.message}"
    scope = Scope(watch.component, watch.version, readiness.endpoints)
    return await provider.measure(metric, scope), ""
