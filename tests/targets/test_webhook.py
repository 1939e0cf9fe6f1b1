"""What the webhook target makes of answers, good and bad."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from convoy.targets.base import (
    Desired,
    Drift,
    Fenced,
    Lock,
    LockHeld,
    Refused,
    TargetError,
    TargetUnreachable,
)
from convoy.targets.webhook import WebhookTarget

LOCK = {"holder": "run-1", "token": 7, "epoch": "forward", "components": ["x"]}


class Answering:
    """A server that gives one answer, and keeps what it was asked."""

    def __init__(self, status: int, body: Any, delay: float = 0.0) -> None:
        self.requests: list[tuple[str, str | None, Any]] = []
        answering = self
        self.released = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answering.requests.append((self.path, self.headers["Authorization"], asked))
                answering.released.wait(delay)
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output short."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@contextmanager
def answering(status: int, body: Any, *, delay: float = 0.0) -> Iterator[Answering]:
    found = Answering(status, body, delay)
    thread = threading.Thread(target=found.server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield found
    finally:
        found.released.set()
        found.server.shutdown()
        thread.join()
        found.server.server_close()


def target(host: str | None, password: str | None = "sesame", timeout: float = 5.0, **more: Any) -> WebhookTarget:
    connection = SimpleNamespace(**{"host": host, "schema": None, "port": None, "login": None, **more})
    connection.password = password
    config = {"kind": "webhook", "connection": "deploy", "timeout": timeout}
    return WebhookTarget(config, "staging", resolve_connection=lambda _: connection)


def test_every_request_says_environment_and_contract_and_carries_the_token() -> None:
    with answering(200, LOCK) as server:
        target(server.url).acquire(["x"], "run-1")
    expected = {"convoy": 1, "environment": "staging", "components": ["x"], "holder": "run-1"}
    assert server.requests == [("/acquire", "Bearer sesame", expected)]


def test_every_mutation_carries_holder_and_fencing_token() -> None:
    """The target compares them; only there can a zombie be stopped."""
    with answering(200, {"component": "x", "generation": 1, "changed": True, "message": "ok"}) as server:
        target(server.url).apply(Desired("x", "1.0.0", {"kind": "external"}, {}), Lock("run-1", 7, "forward", ("x",)))
    assert server.requests[0][2]["lock"] == LOCK


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (409, {"error": "lock-held", "message": "held by run-9"}, LockHeld),
        (409, {"error": "fenced", "message": "superseded"}, Fenced),
        (409, {"error": "drift", "message": "it is 3.0.0"}, Drift),
        (422, {"error": "refused", "message": "no such component"}, Refused),
        (400, {"message": "what?"}, Refused),
        (404, b"<html>not found</html>", Refused),
        (401, {"message": "who are you?"}, Refused),
        (302, b"", Refused),
        (409, {"message": "something else"}, TargetUnreachable),
        (429, b"", TargetUnreachable),
        (500, b"oops", TargetUnreachable),
        (503, {"message": "later"}, TargetUnreachable),
        (200, b"<html>please log in</html>", TargetUnreachable),
        (200, b"[]", TargetUnreachable),
        (200, {**LOCK, "token": "7"}, TargetUnreachable),
        (200, {**LOCK, "token": True}, TargetUnreachable),
        (200, {**LOCK, "holder": "run-2"}, TargetUnreachable),
        (200, {**LOCK, "epoch": "rollback"}, TargetUnreachable),
        (200, {"holder": "run-1"}, TargetUnreachable),
    ],
)
def test_every_bad_answer_is_the_right_error(status: int, body: Any, error: type[TargetError]) -> None:
    """What may pass by itself is unreachable and tried again; what will not is terminal."""
    with answering(status, body) as server, pytest.raises(error) as caught:
        target(server.url).acquire(["x"], "run-1")
    assert type(caught.value) is error or error is TargetUnreachable


def test_an_error_repeats_what_the_server_said() -> None:
    body = {"error": "lock-held", "message": "held by run-9 since noon"}
    with answering(409, body) as server, pytest.raises(LockHeld, match="held by run-9 since noon"):
        target(server.url).acquire(["x"], "run-1")


def test_a_redirect_is_not_followed() -> None:
    """The token must not travel to another host."""
    with answering(307, b"") as server, pytest.raises(Refused, match="redirected"):
        target(server.url).prepare()
    assert len(server.requests) == 1


def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(TargetUnreachable):
        target(f"http://127.0.0.1:{port}").observe("x")


def test_an_answer_that_takes_too_long_is_unreachable() -> None:
    with answering(200, {}, delay=30) as server, pytest.raises(TargetUnreachable):
        target(server.url, timeout=0.2).prepare()


def test_readiness_that_takes_too_long_is_unreachable() -> None:
    with answering(200, {}, delay=30) as server, pytest.raises(TargetUnreachable):
        asyncio.run(target(server.url, timeout=0.2).ready("x", 1))


def test_readiness_does_not_block_the_event_loop() -> None:
    """A hundred gates wait in one triggerer."""

    async def both() -> None:
        asking = asyncio.ensure_future(target(server.url, timeout=20).ready("x", 1))
        while not server.requests:
            await asyncio.sleep(0.01)
        # Only a loop that is free comes here while the server waits for it.
        server.released.set()
        with pytest.raises(TargetUnreachable, match="breaks the contract"):
            await asking

    with answering(200, {}, delay=30) as server:
        asyncio.run(both())


@pytest.mark.parametrize("host", [None, "", "ftp://deploy.example", "https://user:pass@deploy.example"])
def test_an_address_that_cannot_be_used_is_refused(host: str | None) -> None:
    with pytest.raises(Refused, match="address"):
        target(host).prepare()


def test_host_schema_and_port_make_the_address() -> None:
    with answering(200, {}) as server:
        port = server.server.server_address[1]
        target("127.0.0.1/base", schema="http", port=port).prepare()
    assert server.requests[0][0] == "/base/prepare"


def test_without_a_password_no_token_is_sent() -> None:
    with answering(200, {}) as server:
        target(server.url, password=None).prepare()
    assert server.requests[0][1] is None


def test_a_token_that_no_header_can_carry_is_refused_without_telling_it() -> None:
    with pytest.raises(Refused) as caught:
        target("http://127.0.0.1:1", password="sesame\nX-Other: 1").prepare()
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("status", [401, 409, 500, 200])
def test_no_error_tells_the_token(status: int) -> None:
    with answering(status, b"nonsense") as server, pytest.raises(TargetError) as caught:
        target(server.url, password="very-secret-token").acquire(["x"], "run-1")
    assert "very-secret-token" not in str(caught.value) + repr(caught.value.__cause__)


def test_after_a_refused_token_the_connection_is_looked_up_again() -> None:
    """It may have been renewed."""
    asked = []

    def resolve(name: str) -> Any:
        asked.append(name)
        return SimpleNamespace(host=server.url, schema=None, port=None, login=None, password="old")

    with answering(401, {}) as server:
        hook = WebhookTarget({"connection": "deploy", "timeout": 5.0}, "staging", resolve_connection=resolve)
        for _ in range(2):
            with pytest.raises(Refused, match="password"):
                hook.prepare()
    assert asked == ["deploy", "deploy"]


def test_an_answer_that_drips_for_ever_is_ended() -> None:
    """Each part comes in time, the whole does not."""
    stop = threading.Event()

    def drip() -> None:
        peer, _ = listener.accept()
        with peer:
            peer.recv(65536)
            peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not stop.is_set():
                try:
                    peer.sendall(b"1\r\n \r\n")
                except OSError:
                    return
                time.sleep(0.02)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(TargetUnreachable):
                target(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.3).prepare()
        finally:
            stop.set()
            thread.join()


def test_the_connection_comes_from_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of a task from the variable that Airflow itself reads."""
    with answering(200, {}) as server:
        monkeypatch.setenv(
            "AIRFLOW_CONN_DEPLOY", json.dumps({"conn_type": "http", "host": server.url, "password": "k"})
        )
        WebhookTarget({"connection": "deploy", "timeout": 5.0}, "staging").prepare()
    assert server.requests[0][1] == "Bearer k"


def test_a_connection_that_nobody_knows_is_named() -> None:
    with pytest.raises(TargetUnreachable, match="no_such_connection"):
        WebhookTarget({"connection": "no_such_connection", "timeout": 5.0}, "staging").prepare()
