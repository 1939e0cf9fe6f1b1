"""Where Prometheus is, and how to log in: from the environment's ``url``, or from an Airflow connection."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from yarl import URL

_SHORTEST_SECRET = 4
"""Characters. Striking out a tenant called ``1`` would hide every digit of the text, and no secret."""


class AddressError(ValueError):
    """There is no usable address. The text holds no secret."""


@dataclass(frozen=True)
class Address:
    """``base`` has no credentials; ``headers`` and ``password`` may be secret and never show in a repr."""

    base: URL
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    password: str = field(default="", repr=False)

    def without_secrets(self, text: str) -> str:
        """A text of the server, in which it may quote what it was sent, with the secrets struck out."""
        parts = [part for value in self.headers.values() for part in (value, value.partition(" ")[2])]
        # The longest first: one secret may be a part of another.
        for secret in sorted({*parts, self.password}, key=len, reverse=True):
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, "***")
        return text


Resolver = Callable[[str], Awaitable[Any]]
"""Connection id to an object with ``host``, ``schema``, ``port``, ``login``, ``password`` and ``extra_dejson``."""


async def airflow_connection(connection_id: str) -> Any:
    """An Airflow connection, looked up without blocking the loop of the triggerer."""
    from airflow.sdk import BaseHook

    return await BaseHook.aget_connection(connection_id)


def from_url(url: str) -> Address:
    """The address of a ``url`` setting. Raises AddressError."""
    return Address(_base(url, "the url of the Prometheus signals"))


def from_connection(connection: Any, connection_id: str, url: str | None) -> Address:
    """The address and login of a connection of type http; ``url``, where given, takes the place of its address.

    Login and password are sent as basic authentication, a password alone as a bearer token. ``headers`` in the extra
    are sent as they are. Raises AddressError.
    """
    where = f"the Airflow connection {connection_id!r}"
    if url is None:
        host = connection.host or ""
        if not host:
            raise AddressError(f"{where} has no host")
        base = _base(host if "://" in host else f"{connection.schema or 'http'}://{host}", where)
        base = base.with_port(connection.port) if connection.port else base
    else:
        base = _base(url, "the url of the Prometheus signals")
    extra = connection.extra_dejson
    headers = extra.get("headers") if isinstance(extra, dict) else None
    if headers is not None and not (
        isinstance(headers, dict) and all(isinstance(text, str) for pair in headers.items() for text in pair)
    ):
        raise AddressError(f"{where} has headers in its extra that are not a mapping of texts")
    return Address(base, {**(headers or {}), **_login(connection)}, connection.password or "")


def _login(connection: Any) -> dict[str, str]:
    if connection.login:
        pair = f"{connection.login}:{connection.password or ''}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}
    return {"Authorization": f"Bearer {connection.password}"} if connection.password else {}


def _base(text: str, where: str) -> URL:
    try:
        base = URL(text)
        usable = base.scheme in ("http", "https") and bool(base.host)
    except ValueError:
        usable = False
    if not usable:
        raise AddressError(f"{where} is not an address like https://prometheus.example:9090")
    if base.user is not None or base.password is not None:
        raise AddressError(f"{where} has credentials in its address; put them into login and password of a connection")
    return base.with_query(None).with_fragment(None)
