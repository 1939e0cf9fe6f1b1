"""Ports on the loopback interface: picked once, kept, and checked before use."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

from convoy.embedded.errors import EmbeddedError, PortTaken
from convoy.embedded.home import Home, read_json, write_json

HOST = "127.0.0.1"
NAMES = ("api", "log-server")
# Below the range from which operating systems take ports for outgoing connections (32768 on Linux, 49152 on macOS): a
# port from inside it may be in use, for a moment, just when Airflow is started again.
LOWEST, HIGHEST = 20000, 32000


def kept_ports(home: Home) -> dict[str, int]:
    """The ports of this home, picked when asked for the first time. Raises EmbeddedError if there is no free one."""
    found = read_json(home.ports_file)
    if found is not None and set(found) == set(NAMES):
        return {name: int(found[name]) for name in NAMES}
    ports = _pick(len(NAMES))
    picked = dict(zip(NAMES, ports, strict=True))
    write_json(home.ports_file, picked)
    return picked


def check_free(home: Home) -> None:
    """Raises PortTaken if somebody else listens on the port of the API."""
    port = kept_ports(home)["api"]
    with socket.socket() as probe:
        if not _bind(probe, port):
            raise PortTaken(
                f"port {port} on {HOST} is in use by another program; this Airflow has kept it since its first start, "
                f"for a stable address. Stop that program, or delete {home.ports_file} to pick other ports"
            )


def _pick(count: int) -> list[int]:
    candidates = random.SystemRandom().sample(range(LOWEST, HIGHEST), 500)
    found: list[int] = []
    with ExitStack() as held:
        for port in candidates:
            if len(found) == count:
                return found
            if _bind(held.enter_context(socket.socket()), port):
                found.append(port)
    raise EmbeddedError(f"found no free port between {LOWEST} and {HIGHEST} on {HOST}")


def _bind(probe: socket.socket, port: int) -> bool:
    """As the server will do it: a connection of the last run that is still closing does not count."""
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((HOST, port))
        probe.listen(1)
    except OSError:
        return False
    return True
