"""Starting and stopping an environment: supervisord, the controller, and every replica."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from convoy.targets.base import TargetError, TargetUnreachable
from convoy.targets.processes import database, launch
from convoy.targets.processes.controller import alive
from convoy.targets.processes.identity import Identity, end, identify
from convoy.targets.processes.layout import Layout, layout_of
from convoy.targets.processes.programs import CONTROLLER, log_tail, write_config, write_program
from convoy.targets.processes.rpc import Supervisor

START_SECONDS = 45.0
"""Time allowed from starting supervisord to the controller's first pass."""

STOP_MARGIN_SECONDS = 10.0
"""Time allowed for stopping, beyond the longest stopTimeout."""


class StillRunning(TargetError):
    """Processes could not be stopped, not even with SIGKILL."""


@dataclass(frozen=True)
class Stopped:
    """What was stopped: process ids, and whether some did not end by themselves."""

    pids: tuple[int, ...]
    killed: bool


def running(layout: Layout) -> bool:
    """Whether supervisord of this environment answers."""
    try:
        return Supervisor(layout.socket, timeout=5.0).identifier() == layout.identifier
    except TargetUnreachable:
        return False


def start(layout: Layout) -> None:
    """Start what does not run yet, and wait until the controller has made a pass. Idempotent, and safe to call from
    several processes at once. Raises TargetUnreachable with the last lines of the log."""
    if running(layout) and alive(layout):
        return
    with _lifecycle(layout):
        database.create(layout.store)
        if not running(layout):
            _end_leftovers(layout)
            layout.heartbeat.unlink(missing_ok=True)
            write_config(layout)
            _write_controller(layout)
            _daemonise(layout)
        deadline = time.monotonic() + START_SECONDS
        while not (running(layout) and alive(layout)):
            if time.monotonic() > deadline:
                tail = log_tail(layout, CONTROLLER)
                raise TargetUnreachable(
                    f"the environment {layout.environment} did not start within {START_SECONDS:g} s: see {layout.root}"
                    + (f"; the controller's log ends with:\n{tail}" if tail else "")
                )
            _revive_controller(layout)
            time.sleep(0.1)


def stop(environment: str, root: str | None = None) -> Stopped:
    """Stop everything of an environment, replicas included, and verify that it is gone. Idempotent; desired state,
    locks and logs stay. Raises StillRunning."""
    layout = layout_of(environment, root)
    if not layout.root.is_dir():
        return Stopped((), False)
    with _lifecycle(layout):
        processes = {process for process in _recorded(layout) if process.alive}
        grace = 0.0
        if running(layout):
            supervisor = Supervisor(layout.socket)
            infos = supervisor.programs()
            found = [identify(pid) for pid in (supervisor.pid(), *(int(info["pid"]) for info in infos.values()))]
            processes |= {process for process in found if process}
            # The controller first, or it would start again what is stopped here; then all at once: on its own,
            # supervisord would stop one program after the other.
            _stop_all(supervisor, infos)
            grace = _longest_stop(layout) + STOP_MARGIN_SECONDS
            supervisor.shutdown()
        late = _wait(processes, grace)
        left = end(late, grace=1.0) if late else []
        if left:
            raise StillRunning(
                f"processes of environment {environment} cannot be stopped: {', '.join(str(p.pid) for p in left)}"
            )
        layout.heartbeat.unlink(missing_ok=True)
        return Stopped(tuple(sorted(process.pid for process in processes)), bool(late))


def _stop_all(supervisor: Supervisor, infos: dict[str, dict[str, object]]) -> None:
    if CONTROLLER in infos:
        supervisor.stop(CONTROLLER)
        deadline = time.monotonic() + 5.0
        while supervisor.programs()[CONTROLLER]["pid"] and time.monotonic() < deadline:
            time.sleep(0.05)
    for name in supervisor.programs():
        supervisor.stop(name)


def _wait(processes: set[Identity], seconds: float) -> list[Identity]:
    deadline = time.monotonic() + seconds
    while True:
        late = [process for process in processes if process.alive]
        if not late or time.monotonic() > deadline:
            return late
        time.sleep(0.05)


def _longest_stop(layout: Layout) -> float:
    seconds = [0.0]
    for path in layout.programs.glob("*.conf"):
        for line in path.read_text().splitlines():
            key, _, value = line.partition("=")
            if key == "stopwaitsecs":
                seconds.append(float(value))
    return max(seconds)


def _daemonise(layout: Layout) -> None:
    """Start supervisord in a session of its own, so that it outlives whoever needs it first."""
    with (layout.root / "supervisord.start.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(layout.config)],
            env={**launch.inherited(), "PYTHONPATH": _import_path("supervisor")},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            # It forks, and this first process ends.
            status = process.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.wait()
            raise TargetUnreachable(f"supervisord of {layout.environment} did not go to the background") from error
    if status != 0:
        text = (layout.root / "supervisord.start.log").read_text(errors="replace").strip()
        raise TargetUnreachable(f"supervisord of {layout.environment} could not be started (status {status}): {text}")


def _write_controller(layout: Layout) -> None:
    write_program(
        layout,
        CONTROLLER,
        command=[
            sys.executable,
            "-m",
            "convoy.targets.processes.controller",
            str(layout.root),
            layout.environment,
        ],
        env={"PYTHONPATH": _import_path("convoy"), "PYTHONUNBUFFERED": "1"},
        directory=str(layout.root),
        keep_trying=True,
    )


def _revive_controller(layout: Layout) -> None:
    """A controller that somebody stopped, or that has given up, is started again."""
    try:
        supervisor = Supervisor(layout.socket, timeout=5.0)
        info = supervisor.programs().get(CONTROLLER)
        if info and info["statename"] in ("STOPPED", "FATAL"):
            supervisor.start(CONTROLLER)
    except TargetUnreachable:
        # supervisord is only just coming up; whoever waits for it says so when its time is over.
        return


def _import_path(package: str) -> str:
    """The folder from which this interpreter imports a package, wherever the settings say so."""
    spec = find_spec(package)
    folder = Path((spec.submodule_search_locations or [""])[0] if spec else "")
    return os.pathsep.join([str(folder.parent)])


def _recorded(layout: Layout) -> set[Identity]:
    """The processes that the controller noted last."""
    if not layout.store.exists():
        return set()
    with database.reading(layout.store) as connection:
        return {Identity(row["pid"], row["born"]) for row in connection.execute("SELECT * FROM processes")}


def _end_leftovers(layout: Layout) -> None:
    """End replicas of a supervisord that was killed: nobody keeps them any more, and they hold their ports."""
    left = end(_recorded(layout), grace=_longest_stop(layout))
    if left:
        raise TargetUnreachable(
            f"processes that an earlier supervisord of {layout.environment} left behind cannot be ended: "
            f"{', '.join(str(process.pid) for process in left)}"
        )


@contextmanager
def _lifecycle(layout: Layout) -> Iterator[None]:
    """One start or stop at a time; the kernel gives the lock back when its holder dies."""
    layout.create()
    with layout.lifecycle_lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
