"""Reading the settings of a gate from JSON.

A gate travels as ``model_dump()`` of its model: snake_case keys, and durations either as seconds or, where the dump
was made for JSON, in the manifest's spelling. Nothing that cannot be read becomes a default.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from convoy.manifest.models.base import parse_duration


def seconds(gate: Mapping[str, Any], key: str) -> float:
    """A duration in seconds. Raises ValueError where it is missing, negative, not finite or no duration."""
    value = gate.get(key)
    if isinstance(value, str):
        value = parse_duration(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{key} is {value!r}: a gate needs a duration here, in seconds or like 30s")
    return float(value)


def whole(gate: Mapping[str, Any], key: str, *, least: int = 0) -> int:
    """A whole number that is at least ``least``. Raises ValueError."""
    value = gate.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{key} is {value!r}: a gate needs a whole number here, {least} or more")
    return value
