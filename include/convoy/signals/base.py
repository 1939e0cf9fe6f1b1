"""The signal protocol: something that can be asked for one measurement of one metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from convoy.gates.measurement import Measurement
from convoy.targets.base import Endpoint


@dataclass(frozen=True)
class Scope:
    """What a metric is asked about: a component, the version that was deployed, and its replicas right now."""

    component: str
    version: str
    endpoints: Sequence[Endpoint]


class Provider(Protocol):
    """Answers metrics. ``metric`` is a MetricGate as JSON (``model_dump()``: snake_case keys, durations in seconds)."""

    async def measure(self, metric: dict[str, Any], scope: Scope) -> Measurement:
        """One measurement. Never raises for an unreachable or senseless source: that is a Measurement with an error."""

    async def aclose(self) -> None:
        """Close connections."""
