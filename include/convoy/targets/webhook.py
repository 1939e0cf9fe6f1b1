"""The ``webhook`` target: a deployment system behind HTTP. The contract is docs/targets/webhook.md."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from convoy.gates.settings import seconds
from convoy.targets import contract
from convoy.targets.base import Applied, Desired, Lock, Observation, Readiness, Refused, TargetUnreachable
from convoy.targets.connections import Connection, Resolver, base_url

AGAIN = (408, 425, 429)
"""Client errors that may pass by themselves."""


class WebhookTarget:
    """A deployment system that answers ``POST <base>/<verb>``. See :class:`convoy.targets.base.Target`.

    ``config`` has ``connection`` and ``timeout``. ``resolve_connection`` takes the place of Airflow's connections, for
    tests and tools.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        environment: str,
        resolve_connection: Resolver | None = None,
    ) -> None:
        self.environment = environment
        self._connection = Connection(str(config["connection"]), resolve_connection)
        self._timeout = seconds(config, "timeout")

    def prepare(self) -> None:
        """Ask whether the system is there, speaks the contract, and lets us in."""
        self._post("prepare")

    def observe(self, component: str) -> Observation:
        """What is live now."""
        return contract.observation(self._post("observe", component=component), component)

    def acquire(self, components: Sequence[str], holder: str) -> Lock:
        """Lock all of the components, or none."""
        answer = self._post("acquire", components=sorted(set(components)), holder=holder)
        return contract.lock(answer, holder, "acquire")

    def fence(self, holder: str) -> Lock:
        """Only the returned lock may change anything from now on."""
        return contract.lock(self._post("fence", holder=holder), holder, "fence")

    def release(self, holder: str) -> None:
        """Give up whatever the holder holds."""
        self._post("release", holder=holder)

    def locks(self) -> Sequence[Lock]:
        """The locks in force."""
        return contract.locks(self._post("locks"))

    def apply(self, desired: Desired, lock: Lock) -> Applied:
        """Order a change."""
        return contract.applied(self._post("apply", **contract.apply_fields(desired, lock)), desired.component, "apply")

    def restore(self, component: str, prior: Observation, lock: Lock) -> Applied:
        """Order a component back."""
        return contract.applied(
            self._post("restore", **contract.restore_fields(component, prior, lock)), component, "restore"
        )

    async def ready(self, component: str, generation: int) -> Readiness:
        """How far the change has come."""
        url, headers = self._where(await self._connection.aget(), "ready")
        body = contract.request(self.environment, component=component, generation=generation)
        try:
            content, status = await asyncio.wait_for(self._ask(url, body, headers), self._timeout)
        except asyncio.TimeoutError as error:
            raise TargetUnreachable(f"ready: no answer within {self._timeout:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable("ready", error) from error
        return contract.readiness(self._answer("ready", status, content))

    async def _ask(self, url: str, body: Any, headers: dict[str, str]) -> tuple[bytes, int]:
        async with (
            httpx.AsyncClient(timeout=self._timeout) as client,
            client.stream("POST", url, json=body, headers=headers) as response,
        ):
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += _bounded(chunk, content)
            return bytes(content), response.status_code

    def _post(self, verb: str, **fields: Any) -> Any:
        url, headers = self._where(self._connection.get(), verb)
        body = contract.request(self.environment, **fields)
        try:
            with (
                httpx.Client(timeout=self._timeout) as client,
                client.stream("POST", url, json=body, headers=headers) as response,
            ):
                content = self._read(response, verb)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unreachable(verb, error) from error
        return self._answer(verb, response.status_code, content)

    def _read(self, response: httpx.Response, verb: str) -> bytes:
        """The body, within the time for the whole request: httpx's own limit is for each part."""
        deadline = time.monotonic() + self._timeout
        content = bytearray()
        for chunk in response.iter_bytes():
            content += _bounded(chunk, content)
            if time.monotonic() > deadline:
                raise TargetUnreachable(f"{verb}: the answer was not complete within {self._timeout:g} s")
        return bytes(content)

    def _answer(self, verb: str, status: int, content: bytes) -> Any:
        if status in (401, 403):
            self._connection.forget()
        return _answer(verb, status, content)

    def _where(self, connection: Any, verb: str) -> tuple[str, dict[str, str]]:
        token = connection.password or ""
        if not (token.isascii() and token.isprintable()):
            raise Refused(
                f"the password of the Airflow connection {self._connection.connection_id!r} cannot be sent as a token"
            )
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return f"{base_url(connection, self._connection.connection_id)}/{verb}", headers


def _bounded(chunk: bytes, before: bytearray) -> bytes:
    if len(before) + len(chunk) > contract.LONGEST_ANSWER:
        raise contract.BadAnswer(f"the answer is longer than {contract.LONGEST_ANSWER} bytes")
    return chunk


def _answer(verb: str, status: int, content: bytes) -> Any:
    """The body of a good answer; the error that a bad one stands for."""
    try:
        body = json.loads(content) if content.strip() else {}
    except (ValueError, RecursionError):
        body = None
    if status in (200, 201, 202, 204):
        if body is None:
            raise contract.BadAnswer(f"the answer to {verb} is not JSON (status {status})")
        return body
    code, message = _error_fields(body)
    said = f"{verb}: {message}" if message else f"{verb} was answered with status {status} and no message"
    if status == 409 and code in ("lock-held", "fenced", "drift"):
        raise contract.ERRORS[code](message or said)
    if status == 409:
        raise contract.BadAnswer(f"{said}; a 409 has to say lock-held, fenced or drift, not {code!r}")
    if status >= 500 or status in AGAIN:
        raise TargetUnreachable(f"{said} (status {status})")
    if status in (401, 403):
        raise Refused(f"{said} (status {status}): check the password of the Airflow connection, it is sent as a token")
    if 300 <= status < 400:
        raise Refused(f"{verb} was redirected (status {status}), which is not followed: correct the address")
    raise Refused(f"{said} (status {status})")


def _error_fields(body: Any) -> tuple[str, str]:
    if not isinstance(body, dict):
        return "", ""
    return str(body.get("error") or ""), str(body.get("message") or "")


def _unreachable(verb: str, error: Exception) -> TargetUnreachable:
    kind = type(error).__name__
    return TargetUnreachable(f"{verb}: no answer ({kind}{f': {error}' if str(error) else ''})")
