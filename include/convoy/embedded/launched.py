"""What was launched in a home: read from the monitor's state file, and checked against the processes that are there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from convoy.embedded import session
from convoy.embedded.home import Home, read_json


def state(home: Home) -> dict[str, Any]:
    """What the monitor has written, or nothing."""
    return read_json(home.state_file) or {}


def monitor_pid(home: Home) -> int | None:
    """The monitor's process id, if one runs for this home. A file from before a reboot, or one whose monitor is gone
    and whose number belongs to another program now, does not count."""
    found = state(home)
    pid = found.get("pid")
    return pid if pid and found.get("boot") == session.boot_id() and session.is_monitor(pid) else None


def pids(home: Home) -> dict[str, int]:
    """The process ids of the monitor, the guardian and the components that run; nothing if the monitor does not."""
    if monitor_pid(home) is None:
        return {}
    found = state(home)
    named = {"monitor": found.get("pid"), "guardian": found.get("guardian"), **found.get("components", {})}
    return {name: pid for name, pid in named.items() if pid is not None and session.is_alive(pid)}


def kill_remains(home: Home, sid: int | None = None) -> list[int]:
    """Kill what is left of a session whose monitor is gone; returns what cannot be killed.

    ``sid`` is the session, where the caller knows it from having started it; otherwise the state file names it, and
    then it is touched only if it is of this boot and there is Airflow in it."""
    if sid is not None:
        return session.kill_session(sid)
    found = state(home)
    recorded = found.get("session")
    if recorded is None or found.get("boot") != session.boot_id():
        return []
    left = session.members(recorded)
    return session.kill_session(recorded) if session.looks_like_ours(left) else []


def gone(processes: Sequence[int], *, within: float) -> bool:
    """Wait until none of the processes lives; False if one still does after ``within`` seconds."""
    deadline = time.monotonic() + within
    while any(session.is_alive(pid) for pid in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
