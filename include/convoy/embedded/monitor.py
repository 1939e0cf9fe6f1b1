"""The monitor: owns Airflow's four processes, starts one again that dies, and stops them in the right order.

``python -m convoy.embedded.monitor HOME`` in a session of its own. SIGTERM ends it, and Airflow with it. What it does
is in ``embedded/logs/monitor.log``, what it knows in ``embedded/monitor.json``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType

from convoy.embedded.component import ARGUMENTS, STOP_ORDER, Component
from convoy.embedded.home import Home, read_json, write_json
from convoy.embedded.session import boot_id, kill_session, orphaned_workers, send

TICK = 0.2
ORPHANS_EVERY = 5.0
# The scheduler waits for the tasks that run. A rollout's task that is cut off is tried again at the next start.
GRACE = {"scheduler": 20.0, "triggerer": 3.0, "dag-processor": 3.0}
DEFAULT_GRACE = 10.0


class Monitor:
    """Starts, watches and stops the components of one home."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.components = {name: Component(name, home) for name in ARGUMENTS}
        self.guardian: subprocess.Popen[bytes] | None = None
        self.stopping = False
        self.orphans_due: float | None = None

    def run(self) -> None:
        """Until SIGTERM."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop_soon)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            while not self.stopping:
                self._tick()
                time.sleep(TICK)
        finally:
            self._stop()

    def _stop_soon(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _tick(self) -> None:
        changed = self._guard()
        for component in self.components.values():
            code = component.reap()
            if code is not None:
                changed = True
                how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
                wait = max(0.0, (component.due or 0.0) - time.monotonic())
                self._say(f"{component.name} {how}; it starts again in {wait:.1f} s. See {component.log}")
                if component.name == "scheduler":
                    self.orphans_due = time.monotonic() + ORPHANS_EVERY
            if component.is_due() and not self.stopping:
                component.start()
                changed = True
                self._say(f"{component.name} started, process {component.pid}")
        self._sweep_idle_orphans()
        if changed:
            self._write_state()

    def _guard(self) -> bool:
        """Keep a guardian. Started before the first component."""
        if self.guardian is not None and self.guardian.poll() is None:
            return False
        if self.guardian is not None:
            self._say("the guardian is gone; starting another")
        self.guardian = subprocess.Popen(
            [sys.executable, "-m", "convoy.embedded.guardian", str(os.getsid(0))],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        return True

    def _sweep_idle_orphans(self) -> None:
        """After a scheduler was killed: end those of its workers that have nothing to do, until none is left."""
        if self.orphans_due is None or time.monotonic() < self.orphans_due:
            return
        orphans = orphaned_workers(os.getsid(0))
        for pid in (pid for pid, idle in orphans.items() if idle):
            self._say(f"ending worker {pid}, which the killed scheduler has left without work")
            send(pid, signal.SIGKILL)
        self.orphans_due = time.monotonic() + ORPHANS_EVERY if orphans else None

    def _stop(self) -> None:
        """In order; then whatever is left of the session."""
        self._say("stopping")
        for names in STOP_ORDER:
            with ThreadPoolExecutor(len(names)) as pool:
                for name, by_itself in zip(names, pool.map(self._stop_one, names), strict=True):
                    self._say(f"{name} stopped" if by_itself else f"{name} did not stop in time and was killed")
        left = kill_session(os.getsid(0), without=[os.getpid()])
        self._say(f"stopped; still there: {left}" if left else "stopped; nothing is left")

    def _stop_one(self, name: str) -> bool:
        return self.components[name].stop(GRACE.get(name, DEFAULT_GRACE))

    def _write_state(self) -> None:
        state = dict(read_json(self.home.state_file) or {})
        state.update(
            pid=os.getpid(),
            session=os.getsid(0),
            boot=boot_id(),
            guardian=self.guardian.pid if self.guardian else None,
            components={name: component.pid for name, component in self.components.items()},
            exits={name: component.exits[-10:] for name, component in self.components.items()},
        )
        write_json(self.home.state_file, state)

    def _say(self, text: str) -> None:
        print(f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ} {text}", flush=True)


def main() -> None:
    """Run the monitor of the home that the command line names."""
    Monitor(Home(Path(sys.argv[1]))).run()


if __name__ == "__main__":
    main()
