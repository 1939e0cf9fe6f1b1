"""The client: a complete answer, or the reason why there is none."""

from __future__ import annotations

import asyncio

import pytest

from shop.client import Answer, Unreachable, send


def exchange(sent: bytes | None, timeout: float = 10.0) -> Answer:
    """What the client makes of a server that sends these bytes and hangs up; None: it says nothing and stays."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if sent is not None:
            writer.write(sent)
        else:
            await reader.read()
        writer.close()

    async def run() -> Answer:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            host, port = server.sockets[0].getsockname()
            return await send(f"{host}:{port}", "GET", "/", timeout=timeout)

    return asyncio.run(run())


def test_an_answer_with_a_length_is_complete_once_that_much_is_there() -> None:
    assert exchange(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi there") == Answer(200, b"hi")


def test_an_answer_without_a_length_lasts_until_the_end_of_the_connection() -> None:
    assert exchange(b"HTTP/1.0 200 OK\r\n\r\nhi there") == Answer(200, b"hi there")


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi", "cut-off"),
        (b"", "cut-off"),
        (b"SSH-2.0-server\r\n\r\n", "not-http"),
    ],
)
def test_half_an_answer_is_no_answer(sent: bytes, reason: str) -> None:
    with pytest.raises(Unreachable) as caught:
        exchange(sent)

    assert caught.value.reason == reason


def test_a_server_that_says_nothing_is_given_up_after_the_timeout() -> None:
    with pytest.raises(Unreachable) as caught:
        exchange(None, timeout=0.2)

    assert caught.value.reason == "timeout"


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense", "127.0.0.1:http"])
def test_an_address_where_nothing_is_says_refused(address: str) -> None:
    with pytest.raises(Unreachable) as caught:
        asyncio.run(send(address, "GET", "/"))

    assert caught.value.reason == "refused"


def test_a_body_that_is_no_json_object_reads_as_an_empty_one() -> None:
    assert [Answer(200, body).json() for body in (b"[1]", b"<html>", b'{"a": 1}')] == [{}, {}, {"a": 1}]
