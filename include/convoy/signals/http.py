"""What every signal needs of HTTP: one session, bounded answers, and errors in plain words.

Redirects are not followed: a login page is not an answer, and a login must not travel to another host. Proxy settings
of the environment are not used: replicas are asked directly.
"""

from __future__ import annotations

import asyncio
import os
from datetime import datetime, timezone

import aiohttp

LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes, after decompression: a larger answer is an error, and is not read to its end."""

AT_ONCE = 64
"""How many requests one session has under way."""

UNREACHABLE = (aiohttp.ClientError, asyncio.TimeoutError, OSError)
"""What a request raises where there is no usable answer."""


class AnswerTooLarge(aiohttp.ClientError):
    """The answer exceeds :data:`LARGEST_ANSWER`."""


def new_session() -> aiohttp.ClientSession:
    """A session that makes a new connection for every request.

    A kept connection would go on answering from a replica that accepts no new ones. Call it inside a running loop.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True, limit=0), cookie_jar=aiohttp.DummyCookieJar()
    )


async def read_body(response: aiohttp.ClientResponse) -> bytes:
    """The whole body. Raises AnswerTooLarge, and aiohttp's errors where it breaks off."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(65536):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise AnswerTooLarge(f"the answer is larger than {LARGEST_ANSWER // 1024 // 1024} MiB")
    return bytes(body)


def address(host: str, port: int, path: str) -> str:
    """The address of a path on a replica; an IPv6 host gets its brackets."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"


def explain(error: BaseException, timeout: float) -> str:
    """One clause that says why there is no answer. ``timeout`` in seconds is what was allowed."""
    if isinstance(error, asyncio.TimeoutError):
        return f"no answer within {timeout:g} s"
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, OSError):
        number = error.os_error.errno
        return f"cannot connect: {os.strerror(number)}" if number and number > 0 else "cannot connect: unknown host"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the connection was closed without an answer"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer broke off"
    if isinstance(error, AnswerTooLarge):
        return str(error)
    if isinstance(error, aiohttp.InvalidURL):
        return "the address is not valid"
    if isinstance(error, aiohttp.ClientResponseError):
        return "the answer is not HTTP"
    return f"no answer ({type(error).__name__})"


def now() -> str:
    """This machine's time, ISO 8601 in UTC. For reading only."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
