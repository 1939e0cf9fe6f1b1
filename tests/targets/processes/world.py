"""An environment of real processes, as the tests drive it, and a load on it."""

from __future__ import annotations

import asyncio
import http.client
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from convoy.targets.base import Applied, Desired, Lock, Readiness
from convoy.targets.processes.rpc import Supervisor
from convoy.targets.processes.target import ProcessesTarget

SERVER = Path(__file__).with_name("server.py")
T = TypeVar("T")


def eventually(what: str, ask: Callable[[], T], *, within: float = 30.0) -> T:
    """The first true answer; AssertionError with the last one if there is none in time."""
    deadline = time.monotonic() + within
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what}: not within {within:g} s; last answer {answer!r}"
        time.sleep(0.05)
    return answer


class World:
    """One running environment."""

    def __init__(self, root: Path, name: str = "test") -> None:
        self.root = root
        self.target = ProcessesTarget(name, str(root))
        self.target.prepare()
        self._count = 0

    @property
    def supervisor(self) -> Supervisor:
        """Behind the controller's back."""
        return Supervisor(self.target.layout.socket)

    def lock(self, *prefixes: str) -> tuple[Lock, list[str]]:
        """A lock of a new run on new components."""
        self._count += 1
        names = [f"{prefix}-{self._count}" for prefix in prefixes]
        return self.target.acquire(names, f"run-{self._count}"), names

    def apply(
        self,
        lock: Lock,
        component: str,
        version: str,
        strategy: dict[str, Any] | None = None,
        *,
        replicas: int = 1,
        env: dict[str, str] | None = None,
        command: list[str] | None = None,
        stop_timeout: str = "10s",
        **more: Any,
    ) -> Applied:
        """Order a version of the test service."""
        workload = {
            "kind": "process",
            "command": command or [sys.executable, "-I", "-S", str(SERVER)],
            "env": env or {},
            "replicas": replicas,
            "stop_timeout": stop_timeout,
        }
        return self.target.apply(Desired(component, version, workload, strategy or {"type": "rolling"}, **more), lock)

    def ready(self, applied: Applied) -> Readiness:
        """One answer."""
        return asyncio.run(self.target.ready(applied.component, applied.generation))

    def settle(self, applied: Applied, *, within: float = 60.0) -> Readiness:
        """The first final answer."""

        def final() -> Readiness | None:
            readiness = self.ready(applied)
            return readiness if readiness.ready or readiness.failed else None

        found = eventually(f"{applied.component} settled", final, within=within)
        assert found
        return found

    def up(self, *args: Any, **kwargs: Any) -> Applied:
        """Order a version, and wait until it is up."""
        applied = self.apply(*args, **kwargs)
        readiness = self.settle(applied)
        assert readiness.ready, readiness
        return applied

    def ask(self, component: str, timeout: float = 10.0) -> dict[str, Any]:
        """One request to the component's stable address. Raises OSError or HTTPException where it fails."""
        address = self.target.address(component)
        assert address is not None
        return ask(address, timeout)

    def versions(self, component: str, requests: int = 30) -> Counter[str]:
        """Which versions answer on the stable address."""
        return Counter(self.ask(component)["CONVOY_VERSION"] for _ in range(requests))

    def programs(self, component: str) -> dict[str, dict[str, Any]]:
        """What supervisord says about the component's replicas."""
        return {n: info for n, info in self.supervisor.programs().items() if n.startswith(f"{component}-")}

    def pids(self, component: str) -> set[int]:
        """The processes of the component."""
        return {int(info["pid"]) for info in self.programs(component).values() if info["pid"]}


def ask(address: tuple[str, int], timeout: float = 10.0) -> dict[str, Any]:
    """One request, over a connection of its own."""
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        connection.request("GET", "/")
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return answer
    finally:
        connection.close()


class Load:
    """Requests without a pause to one address, from several threads, counted by version; failures are kept."""

    def __init__(self, address: tuple[str, int], threads: int = 4) -> None:
        self.versions: list[str] = []
        self.failures: list[str] = []
        self._address = address
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.versions.append(ask(self._address)["CONVOY_VERSION"])
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.failures.append(repr(error))
