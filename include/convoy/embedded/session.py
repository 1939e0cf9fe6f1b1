"""The processes of one embedded Airflow: all members of the session that its monitor leads.

Airflow's processes move into process groups of their own, so a group is not enough to find them; none leaves the
session. What a rollout deploys does leave it, on purpose: it outlives Airflow.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

WORKER = "airflow worker -- LocalExecutor"


def boot_id() -> str:
    """Tells one start of the machine from another, so that a process id of before is never taken for one of now."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else str(round(psutil.boot_time(), -1))


def is_alive(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def is_monitor(pid: int) -> bool:
    """Whether the process is one of our monitors, and not a stranger with its number."""
    return _runs(pid, "convoy.embedded.monitor")


def is_guardian(pid: int) -> bool:
    """Whether the process is one of our guardians, and not a stranger with its number."""
    return _runs(pid, "convoy.embedded.guardian")


def _runs(pid: int, module: str) -> bool:
    try:
        return is_alive(pid) and module in psutil.Process(pid).cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def members(sid: int, *, without: Iterable[int] = ()) -> list[int]:
    """The live processes of a session, in the order of their ids."""
    skip = set(without)
    found = []
    for pid in psutil.pids():
        try:
            if pid not in skip and os.getsid(pid) == sid and is_alive(pid):
                found.append(pid)
        except (ProcessLookupError, PermissionError):
            continue
    return sorted(found)


def looks_like_ours(pids: Iterable[int]) -> bool:
    """Whether any of the processes is Airflow or our launcher: a session number may be used again by strangers."""
    for pid in pids:
        try:
            text = " ".join(psutil.Process(pid).cmdline())
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if "airflow" in text or "convoy.embedded" in text:
            return True
    return False


def kill_session(sid: int, *, without: Iterable[int] = (), within: float = 10.0) -> list[int]:
    """SIGKILL everything in a session until nothing is left or ``within`` seconds are over; returns what is left.

    Repeated, since a process may fork between being listed and being killed."""
    deadline = time.monotonic() + within
    left = members(sid, without=without)
    while left and time.monotonic() < deadline:
        for pid in left:
            send(pid, signal.SIGKILL)
        time.sleep(0.05)
        left = members(sid, without=without)
    return left


def orphaned_workers(sid: int) -> dict[int, bool]:
    """LocalExecutor workers in the session whose parent is not in it any more, each with whether it is idle.

    A scheduler that is killed leaves its workers. One with a task lets the task finish; one without waits for ever."""
    found = {}
    for pid in members(sid):
        try:
            process = psutil.Process(pid)
            title = " ".join(process.cmdline())
            if title.startswith(WORKER) and os.getsid(process.ppid()) != sid:
                found[pid] = "<idle>" in title
        except (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
            continue
    return found


def send(pid: int, number: int) -> bool:
    """Send a signal; False if the process is gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
