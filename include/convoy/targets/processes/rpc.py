"""supervisord over its Unix socket, with a time limit, and with idempotent verbs.

supervisor's own transport waits for ever; this one does not, since a supervisord that hangs must not hang its callers.
"""

from __future__ import annotations

import http.client
import socket
import xmlrpc.client
from pathlib import Path
from typing import Any

from convoy.targets.base import TargetUnreachable

SECONDS = 10.0

BAD_NAME, SPAWN_ERROR, ALREADY_STARTED, NOT_RUNNING, ALREADY_ADDED, STILL_RUNNING = 10, 50, 60, 70, 90, 91


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(self._path))
        except OSError:
            self.close()
            raise


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__()
        self._path = path
        self._timeout = timeout

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = _UnixConnection(self._path, self._timeout)
        # Where close() of the base class finds it.
        self._connection = host, connection
        return connection


class Supervisor:
    """A running supervisord. Every method raises TargetUnreachable where it does not answer."""

    def __init__(self, socket_path: Path, timeout: float = SECONDS) -> None:
        self._path = socket_path
        self._timeout = timeout

    def identifier(self) -> str:
        """How it names itself."""
        return str(self._call("getIdentification"))

    def pid(self) -> int:
        """Its process id."""
        return int(self._call("getPID"))

    def programs(self) -> dict[str, dict[str, Any]]:
        """What it says about every program (``statename``, ``pid``, ``spawnerr``, ``exitstatus``), by name."""
        return {info["group"]: info for info in self._call("getAllProcessInfo")}

    def add(self, names: list[str]) -> None:
        """Read the configuration again, and start the programs of these names, unless they are there."""
        self._call("reloadConfig")
        for name in names:
            self._call("addProcessGroup", name, harmless=(ALREADY_ADDED,))

    def start(self, name: str) -> None:
        """Start a program that is stopped or has given up; its state tells whether that worked."""
        self._call("startProcess", f"{name}:{name}", False, harmless=(ALREADY_STARTED, SPAWN_ERROR))

    def stop(self, name: str) -> None:
        """Begin to stop a program: SIGTERM, and after its time SIGKILL."""
        self._call("stopProcess", f"{name}:{name}", False, harmless=(NOT_RUNNING, BAD_NAME))

    def remove(self, name: str) -> None:
        """Forget a program that is stopped."""
        self._call("removeProcessGroup", name, harmless=(BAD_NAME, STILL_RUNNING))

    def shutdown(self) -> None:
        """Stop everything, and end."""
        self._call("shutdown")

    def _call(self, method: str, *arguments: Any, harmless: tuple[int, ...] = ()) -> Any:
        transport = _UnixTransport(self._path, self._timeout)
        try:
            with xmlrpc.client.ServerProxy("http://localhost", transport=transport) as server:
                return getattr(server.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode in harmless:
                return None
            raise TargetUnreachable(f"supervisord refused {method}{arguments}: {fault.faultString}") from fault
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
            raise TargetUnreachable(f"supervisord does not answer at {self._path}: {error!r}") from error
