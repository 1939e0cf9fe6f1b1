"""Waiting for what a controller does in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def eventually(what: str, ask: Callable[[], Answer], *, within: float = 60.0) -> Answer:
    """The first true answer; AssertionError with the last one if there is none in time."""
    deadline = time.monotonic() + within
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what}: not within {within:g} s; last answer {answer!r}"
        time.sleep(0.05)
    return answer
