"""One HTTP request over a connection of its own: what the services and the load generator call each other with."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import dataclass
from typing import Any

from shop.message import parse_headers

CHUNK = 64 * 1024


class Unreachable(Exception):
    """No complete answer: refused, reset, timed out, cut off, or not HTTP. ``reason`` is one of those words."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Answer:
    """A complete answer."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty one where it is something else."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


async def send(address: str, method: str, path: str, body: Any = None, *, timeout: float = 5.0) -> Answer:
    """Send one request to ``host:port`` and read the whole answer. ``timeout`` is in seconds, for all of it.

    Raises Unreachable. Nothing is tried twice: whether that is safe is for the caller to know."""
    try:
        return await asyncio.wait_for(_exchange(address, method, path, body), timeout)
    except asyncio.TimeoutError:
        raise Unreachable("timeout", f"no answer from {address} within {timeout:g} s") from None
    except ConnectionRefusedError:
        raise Unreachable("refused", f"nothing listens at {address}") from None
    except OSError as error:
        raise Unreachable("reset", f"the connection to {address} broke: {error}") from error


async def _exchange(address: str, method: str, path: str, body: Any) -> Answer:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise Unreachable("refused", f"{address!r} is not host:port")
    payload = b"" if body is None else json.dumps(body).encode()
    request = (
        f"{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(payload)}\r\nConnection: close\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        await loop.sock_connect(connection, (host, int(port)))
        await loop.sock_sendall(connection, request.encode() + payload)
        received = bytearray()
        while True:
            chunk = await loop.sock_recv(connection, CHUNK)
            received += chunk
            answer = _complete(received, ended=not chunk)
            if answer is not None:
                return answer
            if not chunk:
                raise Unreachable("cut-off", f"{address} ended the connection in the middle of an answer")


def _complete(received: bytearray, *, ended: bool) -> Answer | None:
    """The answer if all of it is there. Without a Content-Length it lasts until the end of the connection."""
    head, gap, body = bytes(received).partition(b"\r\n\r\n")
    if not gap:
        return None
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ", 2)
    if len(parts) < 2 or not parts[0].startswith("HTTP/") or not parts[1].isdigit():
        raise Unreachable("not-http", f"not an HTTP answer: {lines[0][:80]!r}")
    length = parse_headers(lines[1:]).get("content-length")
    if length is None:
        return Answer(int(parts[1]), body) if ended else None
    return Answer(int(parts[1]), body[: int(length)]) if len(body) >= int(length) else None
