"""One stable address per component, and behind it the replicas that serve right now.

Connections are handed on as they are, each to one replica, in turn. Where a replica does not accept, nothing was sent
yet, and the next one is tried. A replica that leaves the routes gets no new connection; the open ones go on until they
end, until they have rested for a while after an answer, or until the replica is stopped.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from convoy.targets.processes.ports import HOST

log = logging.getLogger(__name__)

CONNECT_SECONDS = 2.0
REST_SECONDS = 2.0
"""A connection to a leaving replica over which nothing came for so long since the replica spoke last is closed: a
client that keeps it for later then makes a new one, to a replica that stays."""

CHUNK = 65536


@dataclass(frozen=True)
class Route:
    """Where an address leads: the port that clients use, and the replicas behind it, as program and port."""

    port: int
    backends: tuple[tuple[str, int], ...]


@dataclass(eq=False)
class _Open:
    """One connection that is handed on."""

    program: str
    client: asyncio.StreamWriter
    replica: asyncio.StreamWriter | None = None
    replica_spoke: bool = False
    moved: float = field(default_factory=time.monotonic)


class Router:
    """The addresses of one environment. Lives in one event loop."""

    def __init__(self) -> None:
        self._routes: dict[str, Route] = {}
        self._servers: dict[str, asyncio.base_events.Server] = {}
        self._turn: Counter[str] = Counter()
        self._open: set[_Open] = set()

    def connections(self) -> dict[str, int]:
        """How many connections each program has, those that are just being made included."""
        return dict(Counter(connection.program for connection in self._open))

    async def apply(self, routes: Mapping[str, Route]) -> dict[str, str]:
        """Take over all routes in one moment. Returns, by component, why an address could not be opened."""
        # No await between the first and the last: components that switch together do.
        self._routes = dict(routes)
        self._close_rested()
        problems: dict[str, str] = {}
        for component in [name for name in self._servers if name not in routes]:
            self._servers.pop(component).close()
        for component, route in routes.items():
            if component in self._servers:
                continue
            try:
                self._servers[component] = await asyncio.start_server(
                    lambda reader, writer, name=component: self._serve(name, reader, writer),  # type: ignore[misc]
                    HOST,
                    route.port,
                    backlog=1024,
                )
            except OSError as error:
                problems[component] = (
                    f"the address {HOST}:{route.port} of {component} cannot be opened: {error.strerror}"
                )
        return problems

    def close(self) -> None:
        """Close the addresses and cut every connection."""
        for server in self._servers.values():
            server.close()
        for connection in list(self._open):
            _cut(connection)

    async def _serve(self, component: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Open("", writer)
        try:
            replica_reader = await self._connect(component, connection)
            if replica_reader is None or connection.replica is None:
                writer.transport.abort()
                return
            await asyncio.gather(
                self._pipe(connection, reader, connection.replica, from_replica=False),
                self._pipe(connection, replica_reader, writer, from_replica=True),
            )
        except OSError:
            # One side broke off; the other side has to learn it, and not take it for a proper end.
            _cut(connection)
        finally:
            self._open.discard(connection)
            for side in (writer, connection.replica):
                if side is not None:
                    side.close()

    async def _connect(self, component: str, connection: _Open) -> asyncio.StreamReader | None:
        """Connect to the next replica that accepts."""
        route = self._routes.get(component)
        backends = route.backends if route else ()
        first = self._turn[component]
        self._turn[component] += 1
        self._open.add(connection)
        for offset in range(len(backends)):
            program, port = backends[(first + offset) % len(backends)]
            connection.program = program
            try:
                reader, connection.replica = await asyncio.wait_for(
                    asyncio.open_connection(HOST, port), CONNECT_SECONDS
                )
            except (OSError, asyncio.TimeoutError) as error:
                log.warning("%s does not accept a connection (%r); trying another replica", program, error)
                continue
            return reader
        return None

    async def _pipe(
        self, connection: _Open, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, from_replica: bool
    ) -> None:
        while data := await source.read(CHUNK):
            connection.replica_spoke = from_replica
            connection.moved = time.monotonic()
            sink.write(data)
            await sink.drain()
        if sink.can_write_eof() and not sink.is_closing():
            sink.write_eof()

    def _close_rested(self) -> None:
        routed = {program for route in self._routes.values() for program, _ in route.backends}
        now = time.monotonic()
        for connection in self._open:
            rested = connection.replica_spoke and now - connection.moved >= REST_SECONDS
            if rested and connection.program not in routed:
                connection.client.close()


def _cut(connection: _Open) -> None:
    for side in (connection.client, connection.replica):
        if side is not None:
            side.transport.abort()
