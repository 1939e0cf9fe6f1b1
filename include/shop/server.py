"""The listening side: accepts connections, answers one request on each, and ends without losing any.

A socket of our own instead of ``asyncio.start_server``: when a listening socket is closed, the kernel resets every
connection that was established but not yet accepted. Here the queue is emptied in the same breath before the close.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

from shop.message import HEAD_LIMIT, HttpError, Request, Response, parse_request_head

BACKLOG = 256
READ_TIMEOUT = 10.0
DISCARD_TIMEOUT = 2.0
CHUNK = 16 * 1024

Handler = Callable[[Request], Awaitable[Response]]


class Server:
    """Answers requests with ``handler`` until it is drained. ``handler`` must not raise."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._socket: socket.socket | None = None
        self._open: set[asyncio.Task[None]] = set()

    def listen(self, host: str, port: int) -> int:
        """Start to accept; port 0 picks a free one. Returns the port. Raises OSError where it is taken."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
        listening.setblocking(False)
        self._socket = listening
        asyncio.get_running_loop().add_reader(listening, self._accept)
        return int(listening.getsockname()[1])

    async def drain(self, grace: float) -> int:
        """Stop accepting, finish what has arrived, and return how many were cut off after ``grace`` seconds."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._accept()
            self._socket.close()
            self._socket = None
        if not self._open:
            return 0
        _, late = await asyncio.wait(self._open, timeout=grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)

    def _accept(self) -> None:
        assert self._socket is not None
        while True:
            try:
                connection, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                # The client is gone again, or no file descriptor is free: the next readiness tries once more.
                return
            connection.setblocking(False)
            task = asyncio.get_running_loop().create_task(self._answer(connection))
            self._open.add(task)
            task.add_done_callback(self._open.discard)

    async def _answer(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        # A client that hangs up, or never says anything, is its own business: nobody is left to be told.
        with connection, suppress(OSError, asyncio.TimeoutError):
            try:
                request = await asyncio.wait_for(_read(connection), READ_TIMEOUT)
            except HttpError as error:
                await loop.sock_sendall(connection, error.to_response().to_bytes())
                connection.shutdown(socket.SHUT_WR)
                await asyncio.wait_for(_discard(connection), DISCARD_TIMEOUT)
                return
            if request is not None:
                response = await self._handler(request)
                await loop.sock_sendall(connection, response.to_bytes())


async def _discard(connection: socket.socket) -> None:
    """Read what is left of a refused request. Closing on unread data would reset the connection, answer and all."""
    loop = asyncio.get_running_loop()
    while await loop.sock_recv(connection, CHUNK):
        pass


async def _read(connection: socket.socket) -> Request | None:
    """One request, or None where the client only knocked. Raises HttpError."""
    loop = asyncio.get_running_loop()
    received = bytearray()
    while (end := received.find(b"\r\n\r\n")) < 0:
        if len(received) > HEAD_LIMIT:
            break
        chunk = await loop.sock_recv(connection, CHUNK)
        if not chunk:
            return None
        received += chunk
    if end < 0 or end > HEAD_LIMIT:
        raise HttpError(431, "too-large", f"the headers are larger than {HEAD_LIMIT} bytes")
    request, length = parse_request_head(bytes(received[:end]))
    body = received[end + 4 :]
    while len(body) < length:
        chunk = await loop.sock_recv(connection, CHUNK)
        if not chunk:
            raise HttpError(400, "bad-request", "the body ended early")
        body += chunk
    request.body = bytes(body[:length])
    return request
