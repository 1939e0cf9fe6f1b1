"""A measurement survives being stored."""

from __future__ import annotations

import json
import math

import pytest

from convoy.gates.measurement import Measurement

AT = "2026-01-01T00:00:00.000+00:00"


@pytest.mark.parametrize("value", [0.0, -1.5, 1e308, None, math.inf, -math.inf])
def test_a_measurement_comes_back_from_strict_json_as_it_was(value: float | None) -> None:
    measurement = Measurement(at=AT, value=value, baseline=value, inputs={"query": "up", "seen": [value]})
    text = json.dumps(measurement.to_dict(), allow_nan=False)
    again = Measurement.from_dict(json.loads(text))
    assert (again.value, again.baseline, again.at) == (value, value, AT)


def test_nan_comes_back_from_strict_json_as_nan() -> None:
    text = json.dumps(Measurement(at=AT, value=math.nan).to_dict(), allow_nan=False)
    again = Measurement.from_dict(json.loads(text))
    assert again.value is not None
    assert math.isnan(again.value)
