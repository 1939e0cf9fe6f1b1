"""Free ports on loopback.

They come from below the range that the kernel gives to outgoing connections: a port from within it could be taken by
some connection in the moment in which a replica restarts.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Collection

HOST = "127.0.0.1"
RANGE = range(20000, 32768)
TRIES = 200


def free_port(taken: Collection[int]) -> int:
    """A port that nobody listens on now, and that is not in ``taken``. Raises OSError where none is found."""
    for port in random.sample(RANGE, TRIES):
        if port in taken:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As servers do: a port on which old connections still linger is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port found on {HOST} between {RANGE.start} and {RANGE.stop - 1} in {TRIES} tries")


def accepts(port: int, timeout: float = 0.5) -> bool:
    """Whether somebody accepts connections on the port."""
    try:
        with socket.create_connection((HOST, port), timeout=timeout):
            return True
    except OSError:
        return False
