"""Expected time and tasks of a change, from its effective settings."""

from __future__ import annotations

from typing import Any

from convoy.manifest.models.gates import Gates
from convoy.manifest.resolve import plain
from convoy.planning.contracts import Effort
from convoy.planning.effort import effort_of

SCRAPE = {"scrape": {"rate": {"counter": "errors"}}, "successCondition": {"max": 1}}
PROMETHEUS = {"query": "up", "successCondition": {"min": 1}}


def settings(gates: dict[str, Any] | None = None, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    empty = {"set_weight": None, "pause": None, "analysis": None}
    strategy = {"type": "canary", "steps": [{**empty, **s} for s in steps]} if steps else {"type": "rolling"}
    resolved = plain(Gates.model_validate(gates or {}))
    return {"strategy": strategy, "gates": resolved, "expected_duration": 10.0, **more}


def metric(name: str, kind: dict[str, Any], interval: str, count: int, delay: str = "0s") -> dict[str, Any]:
    return {"name": name, **kind, "interval": interval, "count": count, "initialDelay": delay}


def test_a_deployment_without_gates_takes_what_its_component_says() -> None:
    """Ten seconds by default; that is decided where settings are resolved."""
    assert effort_of(settings()) == Effort(10.0)
    assert effort_of(settings(expected_duration=42.0)) == Effort(42.0)
    assert effort_of(settings(expected_duration=0.0)) == Effort(0.0)


def test_health_adds_its_idle_and_its_healthy_time() -> None:
    """Not the time that is allowed for getting there."""
    health = {"waitDuration": "4s", "healthyStateDuration": "6s", "maxElasticDuration": "10m"}
    assert effort_of(settings({"health": health})) == Effort(20.0)


def test_metrics_run_side_by_side_so_the_longest_counts() -> None:
    """A scrape needs one interval more than a query, before it has a first value."""
    gates = {"metrics": [metric("a", SCRAPE, "5s", 4, "3s"), metric("b", PROMETHEUS, "5s", 5)]}
    found = effort_of(settings(gates))
    assert found == Effort(10.0 + 23.0, (), True)
    assert found.seconds - 10.0 == max(m.duration() for m in Gates.model_validate(gates).metrics)


def test_each_canary_step_adds_health_pause_and_analysis() -> None:
    """And its weight, because it makes two tasks; the last one, to 100 percent, is the deployment itself."""
    gates = {"health": {"healthyStateDuration": "2s"}, "metrics": [metric("b", PROMETHEUS, "5s", 3)]}
    steps = (
        {"set_weight": 10},
        {"pause": {"duration": 30.0}},
        {"set_weight": 50},
        {"analysis": True},
        {"set_weight": 100},
        {"pause": {"duration": 99.0}},
    )
    assert effort_of(settings(gates, *steps)) == Effort(10.0 + 2 + 10 + (2 + 30) + (2 + 10), (10, 50), True)
