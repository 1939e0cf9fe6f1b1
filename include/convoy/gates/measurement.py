"""One measurement: a value, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

_NOT_FINITE = {"NaN": math.nan, "+Inf": math.inf, "-Inf": -math.inf}


@dataclass(frozen=True)
class Measurement:
    """What a signal provider answered at one moment.

    ``value`` is None where there is no data; ``error`` is set where the provider could not be asked or answered
    nonsense. ``baseline`` is the value to compare with, where the gate compares. ``inputs`` is what was asked (query,
    timeframe, replicas), for the record. ``at`` is ISO 8601 in UTC and is for reading only, never for arithmetic.
    """

    at: str
    value: float | None = None
    baseline: float | None = None
    error: str | None = None
    inputs: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As strict JSON: NaN and the infinities become the texts ``NaN``, ``+Inf`` and ``-Inf``.

        JSON has no such numbers, and a database that stores JSON refuses a document that holds one.
        """
        plain: dict[str, Any] = _strict(asdict(self))
        return plain

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Measurement:
        """From JSON."""
        return cls(**{**data, "value": _number(data.get("value")), "baseline": _number(data.get("baseline"))})


def _strict(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return value


def _number(value: Any) -> Any:
    return _NOT_FINITE.get(value, value) if isinstance(value, str) else value
