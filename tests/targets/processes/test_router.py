"""The router with real sockets on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from convoy.targets.processes import router as routing
from convoy.targets.processes.ports import HOST, free_port
from convoy.targets.processes.router import Route, Router


class Stage:
    """A router, and servers behind it."""

    def __init__(self) -> None:
        self.router = Router()
        self._servers: list[asyncio.base_events.Server] = []

    async def serve(self, handler: Callable[..., Awaitable[None]]) -> int:
        """Start a server; its port."""
        server = await asyncio.start_server(handler, HOST, 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def backend(self, name: str) -> int:
        """Start a server that answers every line with its name."""

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.readline():
                writer.write(f"{name}\n".encode())
                await writer.drain()
            writer.close()

        return await self.serve(talk)

    async def close(self) -> None:
        self.router.close()
        for server in self._servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait(others, timeout=5) if others else None


async def ask(port: int) -> str:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(b"who\n")
        answer = await reader.readline()
    finally:
        writer.close()
    return answer.decode().strip()


def run(test: Callable[[Stage], Awaitable[None]]) -> None:
    async def main() -> None:
        stage = Stage()
        try:
            await asyncio.wait_for(test(stage), 30)
        finally:
            await stage.close()

    asyncio.run(main())


def test_connections_go_to_the_replicas_in_turn() -> None:
    async def test(stage: Stage) -> None:
        port, backends = free_port(()), tuple([(name, await stage.backend(name)) for name in "ab"])
        assert await stage.router.apply({"x": Route(port, backends)}) == {}
        assert sorted([await ask(port) for _ in range(6)]) == ["a", "a", "a", "b", "b", "b"]

    run(test)


def test_a_replica_that_does_not_accept_is_passed_over() -> None:
    """Nothing was sent to it, so the next one can have the connection."""

    async def test(stage: Stage) -> None:
        alive, port = await stage.backend("alive"), free_port(())
        await stage.router.apply({"x": Route(port, (("dead", free_port((port,))), ("alive", alive)))})
        assert [await ask(port) for _ in range(4)] == ["alive"] * 4

    run(test)


def test_without_a_replica_the_connection_is_cut() -> None:
    async def test(stage: Stage) -> None:
        port = free_port(())
        await stage.router.apply({"x": Route(port, ())})
        with pytest.raises(ConnectionError):
            await ask(port)

    run(test)


def test_new_connections_follow_the_routes_and_open_ones_stay() -> None:
    async def test(stage: Stage) -> None:
        old, new, port = await stage.backend("old"), await stage.backend("new"), free_port(())
        await stage.router.apply({"x": Route(port, (("old", old),))})
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"who\n")
        assert await reader.readline() == b"old\n"
        await stage.router.apply({"x": Route(port, (("new", new),))})
        assert await ask(port) == "new"
        writer.write(b"who\n")
        assert await reader.readline() == b"old\n"
        assert stage.router.connections()["old"] == 1
        writer.close()

    run(test)


def test_a_connection_that_rests_on_a_leaving_replica_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that keeps it for later makes a new one, to a replica that stays."""
    monkeypatch.setattr(routing, "REST_SECONDS", 0.0)

    async def test(stage: Stage) -> None:
        old, port = await stage.backend("old"), free_port(())
        await stage.router.apply({"x": Route(port, (("old", old),))})
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"who\n")
        assert await reader.readline() == b"old\n"
        await stage.router.apply({"x": Route(port, ())})
        assert await reader.read() == b""
        writer.close()

    run(test)


def test_a_question_that_is_not_answered_yet_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "REST_SECONDS", 0.0)

    async def test(stage: Stage) -> None:
        answer = asyncio.Event()

        async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            await answer.wait()
            writer.write(b"late\n")
            writer.close()

        slow_port, port = await stage.serve(slow), free_port(())
        await stage.router.apply({"x": Route(port, (("slow", slow_port),))})
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"who\n")
        while not stage.router.connections():
            await asyncio.sleep(0.01)
        await stage.router.apply({"x": Route(port, ())})
        answer.set()
        assert await reader.readline() == b"late\n"
        writer.close()

    run(test)


def test_closing_one_direction_leaves_the_other_open() -> None:
    """A client may say that it has no more to send, and still wait for the answer."""

    async def test(stage: Stage) -> None:
        async def whole(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"got %d" % len(await reader.read()))
            writer.close()

        whole_port, port = await stage.serve(whole), free_port(())
        await stage.router.apply({"x": Route(port, (("whole", whole_port),))})
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"x" * 300_000)
        writer.write_eof()
        assert await reader.read() == b"got 300000"
        writer.close()

    run(test)


def test_the_address_of_a_removed_component_is_closed() -> None:
    async def test(stage: Stage) -> None:
        port = free_port(())
        await stage.router.apply({"x": Route(port, ())})
        await stage.router.apply({})
        with pytest.raises(ConnectionRefusedError):
            await ask(port)

    run(test)


def test_an_address_that_is_taken_is_a_problem_until_it_is_free() -> None:
    async def test(stage: Stage) -> None:
        with socket.socket() as squatter:
            squatter.bind((HOST, 0))
            squatter.listen()
            port = squatter.getsockname()[1]
            problems = await stage.router.apply({"x": Route(port, ())})
            assert str(port) in problems["x"]
        assert await stage.router.apply({"x": Route(port, ())}) == {}

    run(test)


def test_connections_are_counted_until_they_end() -> None:
    async def test(stage: Stage) -> None:
        backend, port = await stage.backend("one"), free_port(())
        await stage.router.apply({"x": Route(port, (("one", backend),))})
        _, writer = await asyncio.open_connection(HOST, port)
        while stage.router.connections() != {"one": 1}:
            await asyncio.sleep(0.01)
        writer.close()
        while stage.router.connections():
            await asyncio.sleep(0.01)

    run(test)
