"""Real HTTP servers on loopback with scripted answers, and a real Prometheus."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from convoy.targets.base import Endpoint


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Script:
    """What a server answers from now on, and what it was asked. Change it between requests."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    behaviour: str = "answer"
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def endpoint(self, replica: str = "payment-1", version: str = "1.1.0", revision: str = "new") -> Endpoint:
        """This server as a replica."""
        return Endpoint(replica, "127.0.0.1", self.port, version, revision)


class _Handler(BaseHTTPRequestHandler):
    script: Script

    def do_GET(self) -> None:
        script = self.script
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        script.asked.append(Asked(self.command, self.path, dict(self.headers.items()), body))
        if script.behaviour == "hang":
            script.closing.wait(30)
            return
        if script.behaviour == "hang up":
            return
        if script.behaviour == "garbage":
            self.wfile.write(b"this is not HTTP\r\n\r\n")
            return
        self.send_response(script.status)
        length = len(script.body) + (100 if script.behaviour == "break off" else 0)
        for name, value in {"Content-Length": str(length), **script.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(script.body)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is part of the tests."""


@pytest.fixture
def serve() -> Iterator[Callable[..., Script]]:
    """Starts scripted servers: ``serve(status=503)``. They end with the test."""
    with ExitStack() as stack:

        def start(**script: object) -> Script:
            told = Script(**script)  # type: ignore[arg-type]
            server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"script": told}))
            told.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            stack.callback(told.closing.set)
            return told

        yield start


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port on which nobody listens, and that nobody else can take meanwhile."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
