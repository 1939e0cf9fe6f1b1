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
from typing import Any

PARALLEL_STRATEGIES = ("rolling", "canary")
"""Strategies under which old and new replicas of one component serve side by side. The others switch in one moment."""


@dataclass(frozen=True)
class Requirement:
    """A consumed interface. ``provider`` is set where the manifest names the component that provides it.

    ``optional``: works without the interface, but not with a version outside the range."""

    range: str
    provider: str | None = None
    optional: bool = False
    location: str = ""


@dataclass(frozen=True)
class Release:
    """One version of a component: interfaces provided (with version) and consumed (with range).

    ``version`` is None for an unchanged component whose live version nobody declared; ``uncertain_provides`` and
    ``uncertain_consumes`` then name the interfaces that its versions do not agree on: of those nothing is known."""

    version: str | None
    provides: Mapping[str, str] = field(default_factory=dict)
    consumes: Mapping[str, Requirement] = field(default_factory=dict)
    coexists: bool = True
    uncertain_provides: tuple[str, ...] = ()
    uncertain_consumes: tuple[str, ...] = ()

    @property
    def interfaces(self) -> set[str]:
        """Every interface that it has to do with."""
        return {*self.provides, *self.consumes, *self.uncertain_provides, *self.uncertain_consumes}

    def only(self, interfaces: Set[str]) -> Release:
        """The same release as far as these interfaces go."""
        return replace(
            self,
            provides={i: v for i, v in self.provides.items() if i in interfaces},
            consumes={i: r for i, r in self.consumes.items() if i in interfaces},
            uncertain_provides=tuple(i for i in self.uncertain_provides if i in interfaces),
            uncertain_consumes=tuple(i for i in self.uncertain_consumes if i in interfaces),
        )


@dataclass(frozen=True)
class Dependency:
    """A component that must be up first (``required``), or that had better be."""

    name: str
    required: bool = True
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

    ``alternatives`` are other declared releases: for the trigger form, and for hints."""

    name: str
    current: Release | None = None
    target: Release | None = None
    depends_on: tuple[Dependency, ...] = ()
    after: tuple[Wish, ...] = ()
    strategy: str = "rolling"
    effort: Effort = Effort()
    alternatives: tuple[Release, ...] = ()
    runbook: str | None = None
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
        return self.current is None or self.strategy not in PARALLEL_STRATEGIES

    def only(self, interfaces: Set[str]) -> ComponentContract:
        """The same component as far as these interfaces go."""
        return replace(
            self,
            current=self.current and self.current.only(interfaces),
            target=self.target and self.target.only(interfaces),
            alternatives=tuple(release.only(interfaces) for release in self.alternatives),
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
class Contracts:
    """The planner's whole input for one rollout in one environment. ``warnings`` go into the plan as they are."""

    rollout: str
    environment: str
    components: Mapping[str, ComponentContract]
    batches: tuple[DeclaredBatch, ...] = ()
    max_parallel: int | None = None
    on_failure: str = "rollback"
    warnings: tuple[str, ...] = ()

    @property
    def changing(self) -> tuple[str, ...]:
        """The names of the components that change, sorted."""
        return tuple(sorted(name for name, component in self.components.items() if component.changes))

    @cached_property
    def by_interface(self) -> dict[str, tuple[str, ...]]:
        """For each interface the components any release of which has to do with it, sorted."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name, component in self.components.items():
            for interface in {i for release in component.releases for i in release.interfaces}:
                found[interface].add(name)
        return {interface: tuple(sorted(names)) for interface, names in found.items()}

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

    def to_dict(self) -> dict[str, Any]:
        """As JSON. Everything that has its default value is left out."""
        return {
            "rollout": self.rollout,
            "environment": self.environment,
            "components": [_component_to_dict(self.components[name]) for name in sorted(self.components)],
            "batches": [_compact(batch) for batch in self.batches],
            "max_parallel": self.max_parallel,
            "on_failure": self.on_failure,
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Contracts:
        """From JSON. Raises KeyError or TypeError where the shape is another."""
        components = [_component_from_dict(component) for component in data["components"]]
        return cls(
            rollout=data["rollout"],
            environment=data["environment"],
            components={component.name: component for component in components},
            batches=tuple(
                DeclaredBatch(
                    **{**b, "components": tuple(b["components"]), "after": tuple(Wish(**w) for w in b.get("after", ()))}
                )
                for b in data["batches"]
            ),
            max_parallel=data["max_parallel"],
            on_failure=data["on_failure"],
            warnings=tuple(data["warnings"]),
        )


def _declared(component: ComponentContract, version: str) -> Release:
    for release in (component.target, *component.alternatives):
        if release is not None and release.version == version:
            return release
    raise KeyError(f"{component.name} has no declared version {version}")


def _compact(value: Any) -> Any:
    """Dataclasses as dictionaries without the fields that have their default value."""
    if hasattr(value, "__dataclass_fields__"):
        compact = {}
        for name, spec in value.__dataclass_fields__.items():
            item = _compact(getattr(value, name))
            if item not in ((), [], {}, None, "") and item != _compact(spec.default):
                compact[name] = item
        return compact
    if isinstance(value, Mapping):
        return {key: _compact(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_compact(item) for item in value]
    return value


def _component_to_dict(component: ComponentContract) -> dict[str, Any]:
    compact: dict[str, Any] = _compact(component)
    # A release without any contract is not the same as no release at all.
    for key, release in (("current", component.current), ("target", component.target)):
        if release is not None:
            compact[key] = _compact(release)
    return compact


def _component_from_dict(data: Mapping[str, Any]) -> ComponentContract:
    values = dict(data)
    for key in ("current", "target"):
        values[key] = _release_from_dict(data[key]) if key in data else None
    values["depends_on"] = tuple(Dependency(**item) for item in data.get("depends_on", ()))
    values["after"] = tuple(Wish(**item) for item in data.get("after", ()))
    values["alternatives"] = tuple(_release_from_dict(item) for item in data.get("alternatives", ()))
    effort = data.get("effort", {})
    values["effort"] = Effort(**{**effort, "weights": tuple(effort.get("weights", ()))})
    return ComponentContract(**values)


def _release_from_dict(data: Mapping[str, Any]) -> Release:
    return Release(
        version=data.get("version"),
        provides=dict(data.get("provides", {})),
        consumes={name: Requirement(**requirement) for name, requirement in data.get("consumes", {}).items()},
        coexists=data.get("coexists", True),
        uncertain_provides=tuple(data.get("uncertain_provides", ())),
        uncertain_consumes=tuple(data.get("uncertain_consumes", ())),
    )
