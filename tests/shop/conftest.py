"""Real services of the demo shop, wired together on free ports of the loopback interface."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

INCLUDE = Path(__file__).resolve().parents[2] / "include"
START_ORDER = (
    "cart-store",
    "catalog",
    "currency",
    "payment",
    "shipping",
    "email",
    "ads",
    "cart",
    "recommendation",
    "checkout",
    "frontend",
)


def poll(what: str, ask: Callable[[], Any], within: float = 20.0) -> Any:
    """The first true answer, or AssertionError with the last one."""
    deadline = time.monotonic() + within
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what}: not within {within:g} s; last answer {answer!r}"
        time.sleep(0.02)
    return answer


@dataclass(frozen=True)
class Reply:
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Replica:
    """One running process. ``address`` is known once it listens."""

    process: subprocess.Popen[bytes]
    log: Path
    address: str = ""

    def get(self, path: str) -> Reply:
        return self._send(urllib.request.Request(f"http://{self.address}{path}"))

    def post(self, path: str, body: Any) -> Reply:
        data = json.dumps(body).encode()
        return self._send(urllib.request.Request(f"http://{self.address}{path}", data=data, method="POST"))

    @staticmethod
    def _send(request: urllib.request.Request) -> Reply:
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Reply(answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.read().decode())

    def terminate(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


@dataclass
class Shop:
    """Starts services; each knows the addresses of those that were started before it."""

    folder: Path
    replicas: dict[str, Replica] = field(default_factory=dict)
    everything: list[Replica] = field(default_factory=list)

    def spawn(self, component: str, version: str = "1.0.0", fault: Any = None, **settings: str) -> Replica:
        """Start a process and do not wait for it."""
        log = self.folder / f"{component}-{len(self.everything)}.log"
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOST": "127.0.0.1",
            "PORT": "0",
            "CONVOY_COMPONENT": component,
            "CONVOY_VERSION": version,
            "CONVOY_REPLICA": "0",
            "SHOP_FAULT": json.dumps(fault) if fault else "",
            **{
                f"CONVOY_ADDRESS_{name.upper().replace('-', '_')}": replica.address
                for name, replica in self.replicas.items()
            },
            **settings,
        }
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "shop.service"], cwd=INCLUDE, env=environment, stdout=out, stderr=out
            )
        replica = Replica(process, log)
        self.everything.append(replica)
        return replica

    def start(self, component: str, version: str = "1.0.0", fault: Any = None) -> Replica:
        """Start a process, wait until it listens, and make it known to those that come after."""
        replica = self.spawn(component, version, fault)
        self.await_address(replica)
        self.replicas[component] = replica
        return replica

    def await_address(self, replica: Replica) -> None:
        def listening() -> re.Match[str] | None:
            assert replica.process.poll() is None, replica.log.read_text()
            return re.search(r"listening on (\S+:\d+)", replica.log.read_text())

        replica.address = poll("listening", listening)[1]

    def start_all(self, versions: dict[str, str] | None = None, faults: dict[str, Any] | None = None) -> Shop:
        """Start every component, providers first."""
        for component in START_ORDER:
            self.start(component, (versions or {}).get(component, "1.0.0"), (faults or {}).get(component))
        return self

    def replace(self, component: str, version: str) -> None:
        """Another version at the same address; the others notice nothing but the difference."""
        old = self.replicas[component]
        old.terminate()
        new = self.spawn(component, version, PORT=old.address.rpartition(":")[2])
        self.await_address(new)
        self.replicas[component] = new

    def stop(self) -> None:
        """End every process that was started, by its id."""
        for replica in self.everything:
            if replica.process.poll() is None:
                replica.process.terminate()
        for replica in self.everything:
            try:
                replica.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                replica.process.kill()
                replica.process.wait()


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Waits for a condition, with a deadline."""
    return poll


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Finds a port that is free, for programs that cannot pick one themselves."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """An empty shop for one test."""
    shop = Shop(tmp_path)
    yield shop
    shop.stop()


@pytest.fixture(scope="module")
def whole_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Every component at 1.0.0, for the tests of one module that do not break it."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    try:
        yield shop.start_all()
    finally:
        shop.stop()
