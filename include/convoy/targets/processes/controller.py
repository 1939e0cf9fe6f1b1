"""The controller of one environment: ``python -m convoy.targets.processes.controller ROOT ENVIRONMENT``.

supervisord runs it and starts it again when it ends. It is the only one that starts and stops replicas, and they are
not its children: when it dies, they live on, and the next one goes on where it stopped. While it is away the stable
addresses are closed.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import resource
import signal
import sys
import time
from contextlib import closing
from pathlib import Path

from convoy.targets.base import TargetError
from convoy.targets.processes import database
from convoy.targets.processes.layout import Layout
from convoy.targets.processes.reconciler import Reconciler
from convoy.targets.processes.router import Router
from convoy.targets.processes.rpc import Supervisor

log = logging.getLogger("convoy.controller")

LOOK_SECONDS = 0.1
"""How often it looks whether something was ordered, and how soon it goes on while something moves."""

IDLE_SECONDS = 1.0
"""How often it looks at the replicas while nothing moves."""

FRESH_SECONDS = 5.0
"""A heartbeat that is older than this is none."""


def alive(layout: Layout) -> bool:
    """Whether the controller has finished a pass lately. The clock is the machine's monotonic one, which every process
    shares and nobody sets."""
    try:
        at = float(json.loads(layout.heartbeat.read_text())["at"])
    except (OSError, ValueError, KeyError):
        return False
    return 0 <= time.monotonic() - at < FRESH_SECONDS


def beat(layout: Layout) -> None:
    """Say that a pass is finished."""
    scratch = layout.heartbeat.with_suffix(".new")
    scratch.write_text(json.dumps({"pid": os.getpid(), "at": time.monotonic()}))
    scratch.replace(layout.heartbeat)


async def control(layout: Layout) -> None:
    """Reconcile until SIGTERM, or until supervisord is gone."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    parent = os.getppid()
    reconciler, router = Reconciler(layout, Supervisor(layout.socket)), Router()
    with closing(database.watch(layout.store)) as watch:
        while not stop.is_set():
            if os.getppid() != parent:
                log.error("supervisord is gone; so am I")
                break
            seen = _version(watch)
            busy = await _pass(layout, reconciler, router)
            waited = 0.0
            while not stop.is_set() and waited < IDLE_SECONDS:
                await asyncio.sleep(LOOK_SECONDS)
                waited += LOOK_SECONDS
                if busy or _version(watch) != seen:
                    break
    router.close()


async def _pass(layout: Layout, reconciler: Reconciler, router: Router) -> bool:
    """One pass; whether to go on soon. A pass that fails is said, gives no heartbeat, and is tried again."""
    try:
        done = await asyncio.to_thread(reconciler.tick, router.connections())
        problems = await router.apply(done.routes)
        await asyncio.to_thread(reconciler.publish, done, problems)
        await asyncio.to_thread(beat, layout)
    except (TargetError, OSError):
        log.exception("this pass failed; trying again")
        return False
    return done.busy


def _version(watch: object) -> int:
    row = watch.execute("PRAGMA data_version").fetchone()  # type: ignore[attr-defined]
    return int(row[0])


def _allow_many_connections() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536) if most > 0 else 65536, most))


def main(root: str, environment: str) -> None:
    """Run as a program; waits until an earlier controller of the same folder has ended."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s")
    layout = Layout(environment, Path(root))
    database.create(layout.store)
    _allow_many_connections()
    with layout.controller_lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        log.info("controller of %s at %s", environment, root)
        asyncio.run(control(layout))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
