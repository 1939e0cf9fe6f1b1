"""Who a process is: read once from the environment variables that its deployer sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ADDRESS_PREFIX = "CONVOY_ADDRESS_"


class BadSetting(ValueError):
    """An environment variable that is missing or makes no sense. The process must not start."""


@dataclass(frozen=True)
class Identity:
    """``addresses`` maps the names of other components to ``host:port``."""

    component: str
    version: str
    replica: str
    host: str
    port: int
    addresses: Mapping[str, str]


def read_identity(environ: Mapping[str, str]) -> Identity:
    """The identity in the environment. Raises BadSetting, naming every variable that is wrong."""
    problems = [
        f"{name} is not set" for name in ("CONVOY_COMPONENT", "CONVOY_VERSION", "PORT") if not environ.get(name)
    ]
    port = environ.get("PORT", "")
    if port and not (port.isascii() and port.isdigit() and int(port) < 65536):
        problems.append(f"PORT is not a port: {port!r}")
    if problems:
        raise BadSetting("; ".join(problems))
    addresses = {
        name[len(ADDRESS_PREFIX) :].lower().replace("_", "-"): address
        for name, address in environ.items()
        if name.startswith(ADDRESS_PREFIX) and address
    }
    return Identity(
        component=environ["CONVOY_COMPONENT"],
        version=environ["CONVOY_VERSION"],
        replica=environ.get("CONVOY_REPLICA", "0"),
        host=environ.get("HOST", "127.0.0.1"),
        port=int(port),
        addresses=addresses,
    )
