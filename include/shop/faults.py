"""Faults on purpose, chosen per version by the environment variable ``SHOP_FAULT`` (a JSON object).

==============  ===========================================================================
errorRate       share of the requests that are answered with 500, from 0 to 1
latency         seconds that every request takes longer
crashAtStart    true: the process ends with exit code 1 before it listens
slowStart       seconds before the process listens
memoryGrowth    bytes that every request leaves behind
==============  ===========================================================================

Health checks are spared, except by the two faults at start: a version with a fault looks healthy, and only its metrics
tell.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from shop.identity import BadSetting
from shop.message import HttpError

NAMES = {
    "errorRate": "error_rate",
    "latency": "latency",
    "crashAtStart": "crash_at_start",
    "slowStart": "slow_start",
    "memoryGrowth": "memory_growth",
}


@dataclass(frozen=True)
class Faults:
    """What goes wrong in this process. All zero: nothing."""

    error_rate: float = 0.0
    latency: float = 0.0
    crash_at_start: bool = False
    slow_start: float = 0.0
    memory_growth: int = 0


def read_faults(text: str | None) -> Faults:
    """The faults in the text of ``SHOP_FAULT``; none where it is empty. Raises BadSetting."""
    if not text:
        return Faults()
    try:
        given = json.loads(text)
    except ValueError as error:
        raise BadSetting(f"SHOP_FAULT is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise BadSetting("SHOP_FAULT is not a JSON object")
    problems = [problem for name, value in given.items() if (problem := _problem(name, value))]
    if problems:
        raise BadSetting("; ".join(f"SHOP_FAULT: {problem}" for problem in problems))
    return Faults(**{NAMES[name]: value for name, value in given.items()})


def _problem(name: str, value: Any) -> str:
    if name not in NAMES:
        near = get_close_matches(name, NAMES, n=1)
        return f"there is no fault {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    if name == "crashAtStart":
        return "" if isinstance(value, bool) else "crashAtStart is true or false"
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e12:
        return f"{name} is a number that is not negative, not {value!r}"
    if name == "errorRate" and value > 1:
        return f"errorRate is a share from 0 to 1, not {value!r}"
    if name == "memoryGrowth" and not isinstance(value, int):
        return f"memoryGrowth is a whole number of bytes, not {value!r}"
    return ""


class Injector:
    """Applies the faults that concern single requests.

    The errors are spread evenly instead of drawn by lot: a rate of 0.4 fails two of any five requests, so that whoever
    watches sees what was asked for, however short the look."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._due = 0.0
        self._leaked: list[bytearray] = []

    async def before_request(self) -> None:
        """Delay, leak, or raise HttpError 500."""
        faults = self._faults
        if faults.memory_growth:
            # Every page is written to: memory that is only promised does not show.
            self._leaked.append(bytearray(b"\x01") * faults.memory_growth)
        if faults.latency:
            await asyncio.sleep(faults.latency)
        self._due += faults.error_rate
        if self._due >= 1 - 1e-9:
            self._due -= 1
            raise HttpError(500, "injected", "this version fails on purpose")
