"""What the planner is told: for every component that matters, its contract before and after the change.

Plain values without pydantic, that go to JSON and back, so that preflight can prove a plan again long after it was
made. A :class:`Release` is one version of a component; a component that does not exist yet has no current release, and
one that does not change has no target.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property

from convoy.manifest.versions import SchemeSpec
from convoy.planning.facts import Facts, Verification
from convoy.planning.releases import DataContract, Incompatibility, Release, Requirement

__all__ = [
    "AT_ONCE_STRATEGIES",
    "ComponentContract",
    "Contracts",
    "DataContract",
    "DeclaredBatch",
    "Dependency",
    "Effort",
    "Incompatibility",
    "Release",
    "Requirement",
    "Use",
    "Verification",
    "Wish",
]

AT_ONCE_STRATEGIES = ("recreate", "blueGreen")
"""Strategies that switch in one moment. Under all others old and new replicas of one component serve side by side."""


@dataclass(frozen=True)
class Dependency:
    """A component that must be up first (``required``), or that had better be.

    ``startup``: needed only when the component starts."""

    name: str
    required: bool = True
    startup: bool = False
    location: str = ""


@dataclass(frozen=True)
class Wish:
    """Something that shall be done before, because somebody says so."""

    name: str
    location: str = ""


@dataclass(frozen=True)
class Effort:
    """What a change costs: ``seconds`` until its last gate has passed, and what its tasks depend on, the canary
    ``weights`` below 100 and whether there are ``metrics`` gates."""

    seconds: float = 0.0
    weights: tuple[int, ...] = ()
    metrics: bool = False


@dataclass(frozen=True)
class ComponentContract:
    """One component: ``current`` is live (None: does not exist yet), ``target`` is wanted (None: does not change).

    ``alternatives`` are other declared releases: for the trigger form, for hints, and as steps between. ``scheme``
    says how its versions are written."""

    name: str
    current: Release | None = None
    target: Release | None = None
    depends_on: tuple[Dependency, ...] = ()
    after: tuple[Wish, ...] = ()
    strategy: str = "rolling"
    effort: Effort = Effort()
    alternatives: tuple[Release, ...] = ()
    runbook: str | None = None
    scheme: SchemeSpec = "semver"
    location: str = ""

    @property
    def changes(self) -> bool:
        """Whether the component is part of the change set."""
        return self.target is not None

    @property
    def from_version(self) -> str | None:
        """The version that is live; None where there is none, or where it is not known."""
        return self.current.version if self.current else None

    @property
    def to_version(self) -> str | None:
        """The version that is wanted; None where nothing changes."""
        return self.target.version if self.target else None

    @property
    def releases(self) -> tuple[Release, ...]:
        """Every release that is known: live, wanted, and alternatives."""
        return tuple(r for r in (self.current, self.target, *self.alternatives) if r is not None)

    @property
    def switches_at_once(self) -> bool:
        """Whether the change has a single moment at which it happens, as lockstep needs."""
        return self.current is None or self.strategy in AT_ONCE_STRATEGIES

    def only(self, subjects: Set[str]) -> ComponentContract:
        """The same component as far as these subjects go."""
        return replace(
            self,
            current=self.current and self.current.only(subjects),
            target=self.target and self.target.only(subjects),
            alternatives=tuple(release.only(subjects) for release in self.alternatives),
        )


@dataclass(frozen=True)
class DeclaredBatch:
    """Components that are to advance together, by wish."""

    name: str
    components: tuple[str, ...]
    after: tuple[Wish, ...] = ()
    on_failure: str | None = None
    acceptance: str | None = None
    runbook: str | None = None
    location: str = ""


@dataclass(frozen=True)
class Use:
    """Who is affected when a provider is not there: ``consumer`` is. ``hard``: it fails too, else it serves less."""

    consumer: str
    provider: str
    hard: bool = True


@dataclass(frozen=True)
class Contracts:
    """The planner's whole input for one rollout in one environment. ``warnings`` go into the plan as they are.

    ``schemes`` holds the version schemes of interfaces and of formats of data, where they are not SemVer. ``uses`` and
    ``weights`` are for the blast radius alone: everything that reaches a changing component, in the whole catalog."""

    rollout: str
    environment: str
    components: Mapping[str, ComponentContract]
    batches: tuple[DeclaredBatch, ...] = ()
    max_parallel: int | None = None
    on_failure: str = "rollback"
    warnings: tuple[str, ...] = ()
    schemes: Mapping[str, SchemeSpec] = field(default_factory=dict)
    verifications: tuple[Verification, ...] = ()
    uses: tuple[Use, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def changing(self) -> tuple[str, ...]:
        """The names of the components that change, sorted."""
        return tuple(sorted(name for name, component in self.components.items() if component.changes))

    @cached_property
    def facts(self) -> Facts:
        """Schemes and verification records, as the rules of compatibility look them up. Of several records about one
        pair a refutation counts first, then a verification, then an acceptance."""
        rank = {"accepted": 1, "verified": 2}
        records = sorted(self.verifications, key=lambda record: rank.get(record.result, 3))
        own = {name: component.scheme for name, component in self.components.items() if component.scheme != "semver"}
        return Facts(self.schemes, own, {record.pair: record for record in records})

    @cached_property
    def by_subject(self) -> dict[str, tuple[str, ...]]:
        """For each subject the components any release of which has to do with it, sorted."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name, component in self.components.items():
            for subject in {s for release in component.releases for s in release.subjects}:
                found[subject].add(name)
        return {subject: tuple(sorted(names)) for subject, names in found.items()}

    @cached_property
    def by_offer(self) -> dict[str, tuple[str, ...]]:
        """For each interface the components any release of which provides it, or may, sorted."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name, component in self.components.items():
            for release in component.releases:
                for interface in (*release.provides, *release.uncertain_provides):
                    found[interface].add(name)
        return {interface: tuple(sorted(names)) for interface, names in found.items()}

    @cached_property
    def named_beside(self) -> dict[str, frozenset[str]]:
        """For each component those that name it: as incompatible with it, or in a record about both."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name, component in self.components.items():
            for other in {other for release in component.releases for other in release.incompatible}:
                found[other].add(name)
        for record in self.verifications:
            found[record.consumer].add(record.provider)
            found[record.provider].add(record.consumer)
        return {name: frozenset(names) for name, names in found.items()}

    @property
    def unchanged(self) -> dict[str, str]:
        """The versions of neighbours that the proof relies on, where they are declared."""
        return {n: c.from_version for n, c in sorted(self.components.items()) if not c.changes and c.from_version}

    def choose(self, versions: Mapping[str, str]) -> Contracts:
        """The contracts of a run in which these components go to these versions and all others stay where they are.

        Raises KeyError for a component that does not change, and for a version that is not declared."""
        unknown = sorted(set(versions) - set(self.changing))
        if unknown:
            raise KeyError(f"not part of this rollout: {', '.join(unknown)}")
        chosen: dict[str, ComponentContract] = {}
        for name, component in self.components.items():
            if name in versions:
                chosen[name] = replace(component, target=_declared(component, versions[name]))
            elif component.changes:
                chosen[name] = replace(component, target=None)
            else:
                chosen[name] = component
        return replace(self, components=chosen)


def _declared(component: ComponentContract, version: str) -> Release:
    for release in (component.target, *component.alternatives):
        if release is not None and release.version == version:
            return release
    raise KeyError(f"{component.name} has no declared version {version}")
