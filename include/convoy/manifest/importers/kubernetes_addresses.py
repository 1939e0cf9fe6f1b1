"""Which Services a text speaks of: ``redis:6379``, ``http://cart.shop.svc.cluster.local/``, ``nc -z db 5432``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*\.?"
_TOKEN = re.compile(r"[^\s,;=\"'()\[\]{}|<>`]+")
_ADDRESS = re.compile(
    # Two schemes, as in jdbc:postgresql://
    rf"(?P<scheme>(?:[a-z][a-z0-9+.-]*:)?[a-z][a-z0-9+.-]*://(?:[^@/\s]*@)?)?(?P<host>{_HOST})"
    r"(?::(?P<port>\d{1,5}))?(?P<rest>[/?#].*)?"
)
_PROBE = re.compile(
    r"(?:\b(?:nslookup|ping|getent\s+hosts)\s+|\bnc\s+(?:-\S+\s+(?:\d+\s+)?)*|(?:^|\s)(?:-h|--host)[\s=]+)"
    rf"(?P<host>{_HOST})(?=[\s;)]|$)"
)
_HOST_VARIABLE = re.compile(r"(?:^|_)(?:ADDR|ADDRESS|ENDPOINT|HOST|HOSTNAME|SERVER|SERVICE|URI|URL)$", re.IGNORECASE)
_LONGEST = 2000
"""Longer words are certificates and the like."""
_PUBLIC = ("localhost", "example")


@dataclass(frozen=True)
class Address:
    """A host in a text, as the text spells it. ``sure`` is False for a bare word that may be something else."""

    host: str
    sure: bool = True

    def candidates(self, namespace: str) -> Iterator[tuple[str, str]]:
        """The (namespace, name) of the Services that it may mean, seen from a namespace, the likeliest first.

        The last one is the Service of a StatefulSet, whose pods have names of their own below it."""
        parts = self.host.rstrip(".").split(".")
        if len(parts) == 1:
            yield namespace, parts[0]
        elif len(parts) == 2 or parts[2] == "svc":
            yield parts[1], parts[0]
        if len(parts) == 2:
            yield namespace, parts[1]
        elif len(parts) > 2 and (len(parts) == 3 or parts[3] == "svc"):
            yield parts[2], parts[1]

    @property
    def in_cluster(self) -> bool:
        """Whether it can only mean a Service: one word, or with ``svc`` in its place."""
        parts = self.host.rstrip(".").split(".")
        return (len(parts) == 1 and parts[0] not in _PUBLIC and not parts[0].isdigit()) or "svc" in parts[2:4]


def addresses(text: str, *, variable: str = "") -> Iterator[Address]:
    """The hosts in the value of a variable, or in an argument.

    A host counts where a port, a scheme or ``svc`` shows that it is one. A bare name counts only as the whole value of
    a variable; it is sure if the variable's name says that it is a host."""
    for token in _TOKEN.findall(text):
        match = _ADDRESS.fullmatch(token) if len(token) <= _LONGEST else None
        if match is None:
            continue
        address = Address(match["host"])
        shown = match["scheme"] or match["port"] or "svc" in match["host"].split(".")[1:]
        if shown and not _is_number(match["host"]):
            yield address
        elif variable and token == text.strip() and not match["rest"] and not _is_number(match["host"]):
            yield Address(match["host"], sure=bool(_HOST_VARIABLE.search(variable)))


def probed(script: str) -> Iterator[Address]:
    """The hosts that a script waits for by ``nc``, ``nslookup``, ``-h host`` and the like."""
    for match in _PROBE.finditer(script):
        if not _is_number(match["host"]):
            yield Address(match["host"])


def with_variables(text: str, value: Callable[[str], str | None]) -> str:
    """``$(NAME)`` replaced as Kubernetes does: unknown names stay, and ``$$(NAME)`` is not a reference."""
    return re.sub(
        r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)",
        lambda m: "$" if m[1] is None else m[0] if (found := value(m[1])) is None else found,
        text,
    )


def _is_number(host: str) -> bool:
    return all(part.isdigit() for part in host.rstrip(".").split("."))
