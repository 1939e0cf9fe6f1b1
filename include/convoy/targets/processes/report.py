"""What the controller says about one component, and what that means to those who ask."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from convoy.targets.base import Endpoint, Readiness
from convoy.targets.processes.ports import HOST


@dataclass(frozen=True)
class ReplicaReport:
    """One replica. ``up``: it runs and its port accepts. ``routed``: it gets connections of the stable address."""

    program: str
    version: str
    revision: str
    port: int
    up: bool
    routed: bool


@dataclass(frozen=True)
class Report:
    """The state of one component, as of ``generation``.

    ``desired``, ``updated`` and ``available`` count replicas of the deployed ``revision``. ``settled`` is true from the
    moment in which the generation was completely rolled out (to its weight). ``failed`` is the reason why it will not
    come up, or empty; ``problem`` what else is wrong. ``serving`` are the revisions that the address leads to."""

    generation: int
    revision: str | None
    desired: int
    updated: int
    available: int
    settled: bool
    failed: str
    message: str
    problem: str = ""
    serving: tuple[str, ...] = ()
    address: int | None = None
    replicas: tuple[ReplicaReport, ...] = field(default_factory=tuple)

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of all replicas that exist."""
        return tuple(sorted({replica.version for replica in self.replicas}))

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The addresses of the replicas that are up: those of the deployed revision, and those of the one before."""
        return tuple(
            Endpoint(r.program, HOST, r.port, r.version, "new" if r.revision == self.revision else "old")
            for r in self.replicas
            if r.up
        )

    def readiness(self) -> Readiness:
        """The target's answer about this generation."""
        return Readiness(
            ready=self.settled and not self.failed and not self.problem and self.available >= self.desired,
            failed=bool(self.failed),
            message=self.failed or self.problem or self.message,
            desired=self.desired,
            updated=self.updated,
            available=self.available,
            endpoints=self.endpoints,
        )

    def to_json(self) -> str:
        """As JSON text, the same for the same report."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """From JSON text."""
        data: dict[str, Any] = json.loads(text)
        replicas = tuple(ReplicaReport(**replica) for replica in data["replicas"])
        return cls(**{**data, "serving": tuple(data["serving"]), "replicas": replicas})
