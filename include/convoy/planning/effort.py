"""How long a component's change is expected to take, and which tasks it will have, from its effective settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convoy.planning.contracts import Effort


def effort_of(settings: Mapping[str, Any]) -> Effort:
    """The effort of a change. ``settings`` are resolved ones, as JSON: ``strategy``, ``gates``, ``expected_duration``.

    The deployment, then health (idle time and time of continuous health), then the longest metric gate; and for each
    step of a canary before the last its health, its pauses and, if it is judged, the longest metric gate."""
    gates = settings["gates"]
    health = _health(gates["health"])
    metrics = max((_metric(metric) for metric in gates["metrics"]), default=0.0)
    weights: list[int] = []
    total = float(settings["expected_duration"]) + health + metrics
    for step in settings["strategy"].get("steps") or ():
        if step["set_weight"] is not None:
            if step["set_weight"] >= 100:
                break
            weights.append(step["set_weight"])
            total += health
        elif step["pause"] is not None:
            total += step["pause"]["duration"]
        elif step["analysis"]:
            total += metrics
    return Effort(total, tuple(weights), bool(gates["metrics"]))


def _health(gate: Mapping[str, Any] | None) -> float:
    return float(gate["wait_duration"] + gate["healthy_state_duration"]) if gate else 0.0


def _metric(metric: Mapping[str, Any]) -> float:
    """As ``MetricGate.duration`` in the manifest models: a scrape needs one interval before its first value."""
    intervals = metric["count"] if metric["scrape"] is not None else metric["count"] - 1
    return float(metric["initial_delay"] + metric["interval"] * intervals)
