"""The plan: batches in a proven-safe order, with the reason for every arc. Immutable, printable, digestible."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class PlannedChange:
    """One component's change inside a batch. ``from_version`` is None for a component that does not exist yet."""

    component: str
    from_version: str | None
    to_version: str


@dataclass(frozen=True, slots=True)
class Arc:
    """``dependent`` new implies ``requirement`` new: the requirement moves first, and goes back last.

    ``kind``: ``contract`` (a mixed cell is not ok), ``start-order`` (dependsOn without a contract), ``wish`` (after,
    declared batches, maxParallel). ``reason`` is one sentence a person understands. ``location`` is file:line:col."""

    dependent: str
    requirement: str
    kind: str
    reason: str
    location: str = ""


@dataclass(frozen=True)
class Batch:
    """Components that advance together. ``requires`` names the batches that must be done before; there are no other
    barriers. ``lockstep``: the components must switch in one moment. ``expected_seconds`` includes the gates.
    ``reversible``: whether there is a way back once it was touched."""

    name: str
    changes: tuple[PlannedChange, ...]
    requires: tuple[str, ...]
    lockstep: bool = False
    expected_seconds: float = 0.0
    on_failure: str = "rollback"
    reversible: bool = True
    runbook: str | None = None
    acceptance: str | None = None

    @property
    def components(self) -> tuple[str, ...]:
        """The names of the components, in order."""
        return tuple(change.component for change in self.changes)


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the certificate: an edge in one combination of versions that the rollout visits, and its verdict.

    ``when`` is ``during <batch>`` or ``after <batch>``; ``ok`` is the verdict; ``evidence`` says where it comes from
    (declared range, nothing required, verification, unknown)."""

    consumer: str
    consumer_version: str | None
    provider: str
    provider_version: str | None
    interface: str
    when: str
    ok: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class PointOfNoReturn:
    """A component in a batch that cannot go back once it was touched, and why, as a sentence."""

    batch: str
    component: str
    reason: str


@dataclass(frozen=True, slots=True)
class Affected:
    """A component that is affected by a change of others. ``distance`` counts the uses on the chain, 1 is direct;
    ``through`` is the one before it on the chain. ``hard``: it fails if they fail, else it serves less."""

    component: str
    distance: int
    through: str
    hard: bool
    weight: float = 1.0


@dataclass(frozen=True)
class BlastRadius:
    """Who is affected by a change set. ``changed`` is the weight of the components that change themselves."""

    changed: float = 0.0
    affected: tuple[Affected, ...] = ()

    @property
    def direct(self) -> tuple[Affected, ...]:
        """Those that use a changing component themselves."""
        return tuple(one for one in self.affected if one.distance == 1)

    @property
    def transitive(self) -> tuple[Affected, ...]:
        """Those that are affected only through others."""
        return tuple(one for one in self.affected if one.distance > 1)

    @property
    def weight(self) -> float:
        """The weight of everything that changes or is affected."""
        return self.changed + sum(one.weight for one in self.affected)


@dataclass(frozen=True)
class Plan:
    """A proven plan. Batches stand in a topological order; ``rollback_order`` is its exact reverse.

    ``critical_path`` names batches; durations are seconds. ``makespan`` respects maxParallel, ``lower_bound`` is the
    length of the critical path. ``warnings`` are sentences."""

    rollout: str
    environment: str
    batches: tuple[Batch, ...]
    arcs: tuple[Arc, ...]
    certificate: tuple[Cell, ...]
    rollback_order: tuple[str, ...]
    critical_path: tuple[str, ...]
    makespan: float
    lower_bound: float
    warnings: tuple[str, ...] = ()
    points_of_no_return: tuple[PointOfNoReturn, ...] = ()
    blast_radius: BlastRadius = BlastRadius()

    def batch(self, name: str) -> Batch:
        """The batch of this name. Raises KeyError."""
        for batch in self.batches:
            if batch.name == name:
                return batch
        raise KeyError(name)

    def batch_of(self, component: str) -> Batch:
        """The batch that a component moves in. Raises KeyError."""
        for batch in self.batches:
            if component in batch.components:
                return batch
        raise KeyError(component)

    def to_dict(self) -> dict[str, Any]:
        """As JSON, with lists for tuples."""
        document: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return document

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Plan:
        """From JSON. Raises KeyError or TypeError where the shape is another."""
        values = dict(data)
        values["batches"] = tuple(
            Batch(**{**b, "changes": tuple(PlannedChange(**c) for c in b["changes"]), "requires": tuple(b["requires"])})
            for b in data["batches"]
        )
        values["arcs"] = tuple(Arc(**arc) for arc in data["arcs"])
        values["certificate"] = tuple(Cell(**cell) for cell in data["certificate"])
        values["points_of_no_return"] = tuple(PointOfNoReturn(**p) for p in data["points_of_no_return"])
        radius = data["blast_radius"]
        values["blast_radius"] = BlastRadius(radius["changed"], tuple(Affected(**a) for a in radius["affected"]))
        for key in ("rollback_order", "critical_path", "warnings"):
            values[key] = tuple(data[key])
        return cls(**{f.name: values[f.name] for f in fields(cls)})

    @property
    def digest(self) -> str:
        """SHA-256 over everything that decides what happens; sentences and positions in files do not count."""
        decisive = {
            "rollout": self.rollout,
            "environment": self.environment,
            "batches": [asdict(batch) for batch in self.batches],
            "arcs": sorted([arc.dependent, arc.requirement, arc.kind] for arc in self.arcs),
            "certificate": sorted(
                [c.consumer, str(c.consumer_version), c.provider, str(c.provider_version), c.interface, c.when, c.ok]
                for c in self.certificate
            ),
        }
        text = json.dumps(decisive, sort_keys=True, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
