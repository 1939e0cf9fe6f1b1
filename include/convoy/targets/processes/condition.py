"""In which condition each replica is: up, coming, or beyond saving.

*Up* is what supervisord calls RUNNING, and a port that has accepted a connection since this process started. A replica
that ends at once gives up after a few tries (FATAL); one that ends again and again later is in a crash loop.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from convoy.targets.processes.ports import accepts

LOOP_RESTARTS = 3
LOOP_SECONDS = 60.0
"""A crash loop: so many restarts within so many seconds."""

RETRY_FIRST, RETRY_LONGEST = 5.0, 60.0
"""Seconds between tries to start a replica again that has given up, where nobody deploys; doubled each time."""

GIVEN_UP = ("FATAL", "UNKNOWN")
STOPPED = ("STOPPED", "EXITED", "FATAL", "UNKNOWN")


@dataclass
class _Track:
    pid: int = 0
    accepted: int = 0
    restarts: deque[float] = field(default_factory=lambda: deque(maxlen=LOOP_RESTARTS))
    retry_after: float = RETRY_FIRST
    retry_at: float | None = None


@dataclass(frozen=True)
class Condition:
    """``crashed`` is why the replica is beyond saving, or empty; ``stopped`` that no process of it runs."""

    up: bool
    crashed: str
    stopped: bool
    pid: int


class Conditions:
    """Remembers, for as long as the controller lives, what it takes to judge: which process accepted, and restarts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, probe: Callable[[int], bool] = accepts) -> None:
        self._clock = clock
        self._probe = probe
        self._tracks: dict[str, _Track] = {}

    def judge(self, program: str, port: int, info: Mapping[str, Any] | None) -> Condition:
        """The condition of a replica, from what supervisord says about its program (None: it does not know it)."""
        track = self._tracks.setdefault(program, _Track())
        if info is None:
            return Condition(False, "", True, 0)
        state, pid = info["statename"], int(info["pid"])
        if pid and pid != track.pid:
            if track.pid:
                track.restarts.append(self._clock())
            track.pid = pid
        if state == "RUNNING" and track.accepted != pid and self._probe(port):
            track.accepted = pid
        up = state == "RUNNING" and track.accepted == pid
        return Condition(up, self._crashed(track, state, info), state in STOPPED, pid)

    def due(self, program: str) -> bool:
        """Whether a replica that has given up may be tried again now; the time to the next try doubles."""
        track = self._tracks.setdefault(program, _Track())
        now = self._clock()
        if track.retry_at is None:
            track.retry_at = now + track.retry_after
            return False
        if now < track.retry_at:
            return False
        track.retry_after = min(track.retry_after * 2, RETRY_LONGEST)
        track.retry_at = None
        return True

    def forget(self, program: str) -> None:
        """The replica is gone."""
        self._tracks.pop(program, None)

    def _crashed(self, track: _Track, state: str, info: Mapping[str, Any]) -> str:
        if state in GIVEN_UP:
            return str(info["spawnerr"] or f"it is {state}").partition(" (")[0].lower()
        recent = [at for at in track.restarts if self._clock() - at <= LOOP_SECONDS]
        if len(recent) >= LOOP_RESTARTS:
            return f"restarted {len(recent)} times within {LOOP_SECONDS:g} s"
        return ""
