"""Settings of a gate are read strictly, in both spellings of its dump."""

from __future__ import annotations

import math
from typing import Any

import pytest

from convoy.gates.settings import seconds, whole
from convoy.manifest.models.gates import HealthGate


@pytest.mark.parametrize(("value", "expected"), [(1.5, 1.5), (2, 2.0), ("1m30s", 90.0), ("250ms", 0.25), (0, 0.0)])
def test_a_duration_is_read_from_seconds_and_from_text(value: Any, expected: float) -> None:
    assert seconds({"interval": value}, "interval") == expected


@pytest.mark.parametrize("value", [None, -1.0, math.nan, math.inf, True, "soon", [], {}])
def test_what_is_no_duration_is_an_error_and_no_default(value: Any) -> None:
    with pytest.raises(ValueError, match=r"interval|duration"):
        seconds({"interval": value}, "interval")


@pytest.mark.parametrize("value", [None, -1, 1.0, True, "3"])
def test_what_is_no_whole_number_is_an_error_and_no_default(value: Any) -> None:
    with pytest.raises(ValueError, match="count"):
        whole({"count": value}, "count")


def test_durations_of_a_dumped_model_can_be_read() -> None:
    gate = HealthGate.model_validate({"maxElasticDuration": "1h30m"})
    assert seconds(gate.model_dump(), "max_elastic_duration") == 5400.0
    assert seconds(gate.model_dump(mode="json"), "max_elastic_duration") == 5400.0
