"""Airflow connections for the targets that need an address or a secret, inside Airflow and outside of it.

Airflow's own lookup serves both: outside of a task it knows the variables AIRFLOW_CONN_<ID> (JSON or URI) and the
configured secrets backend.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from convoy.targets.base import Refused, TargetUnreachable

Resolver = Callable[[str], Any]
"""Connection id to an object with ``host``, ``schema``, ``port``, ``login``, ``password``."""


class Connection:
    """One connection, looked up when it is first needed and kept until :meth:`forget`.

    ``resolve`` takes the place of Airflow's lookup, for tests and tools."""

    def __init__(self, connection_id: str, resolve: Resolver | None = None) -> None:
        self.connection_id = connection_id
        self._resolve = resolve
        self._found: Any = None
        # Tasks apply from several threads; a task's line to Airflow is one.
        self._guard = threading.Lock()

    def get(self) -> Any:
        """The connection. Raises TargetUnreachable."""
        with self._guard:
            if self._found is None:
                self._found = self._resolve(self.connection_id) if self._resolve else self._look_up()
            return self._found

    async def aget(self) -> Any:
        """The same without blocking the loop of the triggerer."""
        if self._found is None:
            self._found = self._resolve(self.connection_id) if self._resolve else await self._look_up_async()
        return self._found

    def forget(self) -> None:
        """Look it up again next time: its secret may have been changed."""
        self._found = None

    def _look_up(self) -> Any:
        from airflow.sdk import BaseHook
        from airflow.sdk.exceptions import AirflowException

        try:
            return BaseHook.get_connection(self.connection_id)
        except (AirflowException, ValueError) as error:
            raise self._unknown(error) from error

    async def _look_up_async(self) -> Any:
        from airflow.sdk import BaseHook
        from airflow.sdk.exceptions import AirflowException

        try:
            return await BaseHook.aget_connection(self.connection_id)
        except (AirflowException, ValueError) as error:
            raise self._unknown(error) from error

    def _unknown(self, error: Exception) -> TargetUnreachable:
        # Airflow says "not defined" also where it could not ask, so trying again may help. Its text is not repeated:
        # that of a value that cannot be read quotes it.
        return TargetUnreachable(
            f"the Airflow connection {self.connection_id!r} is not known or cannot be read ({type(error).__name__}): "
            f"make it in Airflow, or set AIRFLOW_CONN_{self.connection_id.upper()}"
        )


def base_url(connection: Any, connection_id: str) -> str:
    """The address of a connection of type http, without a slash at its end. Raises Refused."""
    host = (connection.host or "").strip().rstrip("/")
    url = host if "://" in host else f"{connection.schema or 'http'}://{host}"
    if connection.port and host:
        scheme, _, rest = url.partition("://")
        name, slash, path = rest.partition("/")
        url = f"{scheme}://{name}:{connection.port}{slash}{path}"
    if not host or not url.startswith(("http://", "https://")) or "@" in url:
        raise Refused(
            f"the Airflow connection {connection_id!r} has no usable address: its host has to be like "
            "https://deploy.example, without credentials"
        )
    return url
