"""HTTP health of replicas: status, a field of the JSON body, latency."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from convoy.gates.health import ReplicaHealth
from convoy.gates.settings import seconds
from convoy.signals.http import AT_ONCE, UNREACHABLE, address, explain, new_session, read_body
from convoy.targets.base import Endpoint


class Prober:
    """Asks replicas for their health, all at once::

    async with Prober() as prober:
        found = await prober.probe_all(endpoints, gate)
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._slots: asyncio.Semaphore | None = None

    async def __aenter__(self) -> Prober:
        """Open the session."""
        self._session = new_session()
        self._slots = asyncio.Semaphore(AT_ONCE)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def probe_all(self, endpoints: Sequence[Endpoint], gate: Mapping[str, Any]) -> list[ReplicaHealth]:
        """One result per endpoint, in their order."""
        return list(await asyncio.gather(*(self.probe(endpoint, gate) for endpoint in endpoints)))

    async def probe(self, endpoint: Endpoint, gate: Mapping[str, Any]) -> ReplicaHealth:
        """One replica. ``gate`` is a HealthGate as JSON.

        Raises ValueError where the gate cannot be read; a replica that does not answer is unhealthy, never an error.
        """
        if self._session is None or self._slots is None:
            raise RuntimeError("a Prober is used inside `async with`")
        allowed = seconds(gate, "max_latency")
        async with self._slots:
            # The clock starts when the request may start: waiting for a slot is our delay, not the replica's.
            start = time.monotonic()
            try:
                async with self._session.get(
                    address(endpoint.host, endpoint.port, gate["path"]),
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=allowed),
                ) as response:
                    status, body = response.status, await read_body(response)
            except UNREACHABLE as error:
                return ReplicaHealth(endpoint.replica, False, explain(error, allowed))
            latency = time.monotonic() - start
        problem = _problem(gate, status, body, latency, allowed)
        return ReplicaHealth(endpoint.replica, problem is None, problem or f"status {status}", latency)


def _problem(gate: Mapping[str, Any], status: int, body: bytes, latency: float, allowed: float) -> str | None:
    """Why an answer is unhealthy, or None."""
    if status not in gate["status"]:
        return f"status {status}, wanted {' or '.join(str(code) for code in gate['status'])}"
    if latency > allowed:
        return f"answered after {latency:.3g} s, allowed are {allowed:g} s"
    wanted = gate.get("json_field")
    return None if wanted is None else _field_problem(wanted, body)


def _field_problem(wanted: Mapping[str, Any], body: bytes) -> str | None:
    path, expected = wanted["field"], wanted["equals"]
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return f"the body is not JSON, wanted {path} to be {expected!r}"
    for step in path.split("."):
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return f"the body has no field {path}, wanted it to be {expected!r}"
    # In Python True equals 1, in JSON it does not.
    if isinstance(found, bool) == isinstance(expected, bool) and found == expected:
        return None
    shown = repr(found)
    return f"{path} is {shown if len(shown) <= 80 else shown[:77] + '...'}, wanted {expected!r}"
