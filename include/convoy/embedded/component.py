"""One of Airflow's four processes, as the monitor sees it: started, dead and due to start again, held, or stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from convoy.embedded.home import Home

# Arguments of `airflow`; no log servers, since they would listen on every interface.
ARGUMENTS = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
# Tasks report to the API server, so that the scheduler, which waits for its tasks, goes first and the API server last.
STOP_ORDER = (("scheduler",), ("triggerer", "dag-processor"), ("api-server",))

FIRST_DELAY, LONGEST_DELAY, STEADY_AFTER = 0.5, 30.0, 60.0
LARGEST_LOG = 20 * 1024 * 1024
PR_SET_PDEATHSIG = 1


@dataclass
class Component:
    """A component's process and its history. Times are seconds of the monotonic clock."""

    name: str
    home: Home
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float | None = 0.0
    delay: float = FIRST_DELAY
    exits: list[int] = field(default_factory=list)

    @property
    def pid(self) -> int | None:
        """The process id, while it runs."""
        return self.process.pid if self.process else None

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.home.logs / f"{self.name}.log"

    def start(self) -> None:
        """Start it in a process group of its own, so that a signal to the monitor's group spares it."""
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        parent = os.getpid()

        def prepare() -> None:
            os.setpgid(0, 0)
            die_with_parent(parent)

        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "airflow", *ARGUMENTS[self.name]],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.home.airflow,
                preexec_fn=prepare,
            )
        self.started, self.due = time.monotonic(), None

    def reap(self) -> int | None:
        """The exit code if it has just ended; then it is due to start again, later every time it does not last."""
        if self.process is None:
            return None
        code = self.process.poll()
        if code is None:
            return None
        now = time.monotonic()
        if now - self.started > STEADY_AFTER:
            self.delay = FIRST_DELAY
        self.process, self.due = None, now + self.delay
        self.delay = min(self.delay * 2, LONGEST_DELAY)
        self.exits.append(code)
        return code

    def is_due(self) -> bool:
        """Whether it is time to start it; not while it is held."""
        return self.due is not None and time.monotonic() >= self.due and not self.home.hold_file(self.name).exists()

    def stop(self, grace: float) -> bool:
        """SIGTERM, and after ``grace`` seconds SIGKILL. Whether it went by itself."""
        if self.process is None:
            return True
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(grace)
            return True
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
        finally:
            self.process = None


def die_with_parent(parent: int) -> None:
    """On Linux: have the kernel kill this process when its parent dies. Elsewhere the guardian alone does it."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os.kill(os.getpid(), signal.SIGKILL)
