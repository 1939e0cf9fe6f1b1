"""Which process a number means: a process id alone may have been given to somebody else meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    """A process that was seen alive: its id, and when it was born, in the kernel's own words."""

    pid: int
    born: str

    @property
    def alive(self) -> bool:
        """Whether that very process still runs; one that only waits to be reaped does not."""
        return born(self.pid) == self.born


def born(pid: int) -> str | None:
    """When the process was born, as an opaque text; None where there is none or it has ended."""
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else fields[19]
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return None if not answer or answer.startswith("Z") else answer.partition(" ")[2].strip()


def identify(pid: int) -> Identity | None:
    """The identity of a running process, or None."""
    when = born(pid) if pid > 0 else None
    return None if when is None else Identity(pid, when)


def end(processes: Iterable[Identity], *, grace: float) -> list[Identity]:
    """End processes that lead process groups, with their groups: SIGTERM, ``grace`` seconds, SIGKILL.

    Returns those that are still there. Only a group whose leader was verified alive is touched."""
    found = [process for process in processes if process.alive]
    for process in found:
        _signal_group(process.pid, signal.SIGTERM)
    _wait(found, grace)
    for process in found:
        if process.alive or _group_exists(process.pid):
            _signal_group(process.pid, signal.SIGKILL)
    return _wait(found, 5.0)


def _wait(processes: list[Identity], seconds: float) -> list[Identity]:
    deadline = time.monotonic() + seconds
    while True:
        left = [process for process in processes if process.alive]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        leads = os.getpgid(pid) == pid
    except ProcessLookupError:
        # The leader is gone; what is left of its group still carries its number.
        leads = _group_exists(pid)
    try:
        if leads:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        return


def _group_exists(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # macOS says so of a group in which only unreaped processes are left.
        return False
    return True
