"""From the catalog to the planner's input: which releases meet, with the place in the manifests of everything said.

The contracts hold the components that change, and of all others those that provide or consume an interface of theirs.
Of an unchanged component the environment says which version is live; if it does not, only that is known on which all
its versions agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from convoy.manifest.catalog import Catalog
from convoy.manifest.members import members_of
from convoy.manifest.models import Component, Rollout
from convoy.manifest.models.component import Requirement as DeclaredRequirement
from convoy.manifest.resolve import resolve
from convoy.planning.contracts import (
    ComponentContract,
    Contracts,
    DeclaredBatch,
    Dependency,
    Release,
    Requirement,
    Wish,
)
from convoy.planning.effort import effort_of
from convoy.planning.errors import PlanError
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan

__all__ = ["PlanError", "contracts_for", "plan_rollout"]

Path = tuple["str | int", ...]


def plan_rollout(catalog: Catalog, rollout: str, environment: str) -> Plan:
    """The plan of a rollout in an environment. Raises PlanError; KeyError for names that the catalog does not have."""
    return make_plan(contracts_for(catalog, rollout, environment))


def contracts_for(catalog: Catalog, rollout: str, environment: str) -> Contracts:
    """The planner's input for a rollout in an environment. Raises KeyError for names that the catalog does not have."""
    wanted = catalog.rollouts[rollout]
    place = catalog.environments[environment]
    resolved = resolve(catalog, rollout, environment)
    settings = resolved.components
    members = members_of(catalog, rollout)
    sources = {n: _Source(c, catalog.definition("Component", n).locate) for n, c in catalog.components.items()}
    sources |= {name: _Source(member.component, member.locate) for name, member in members.items()}
    components: dict[str, ComponentContract] = {}
    warnings: list[str] = []
    for name, member in members.items():
        source, change, versions = sources[name], member.change, tuple(member.component.versions)
        here: Path = ("components", name)
        components[name] = ComponentContract(
            name=name,
            current=None if change.from_version is None else source.release(change.from_version),
            target=source.release(change.to_version),
            depends_on=source.dependencies(),
            after=_wishes(catalog, rollout, change.after, (*here, "after")),
            strategy=settings[name]["strategy"]["type"],
            effort=effort_of(settings[name]),
            alternatives=tuple(
                source.release(v) for v in versions if v not in (change.from_version, change.to_version)
            ),
            runbook=settings[name]["runbook"],
            location=catalog.locate("rollout", rollout, here),
        )
        if versions and change.to_version not in versions:
            warnings.append(
                f"{name} {change.to_version} is not among its declared versions ({', '.join(versions)}); "
                "taken to provide and consume what every version does"
            )
    for name in _neighbours(sources, components):
        components[name] = sources[name].unchanged(place.versions.get(name))
    return Contracts(
        rollout=rollout,
        environment=environment,
        components=_only_touched(components),
        batches=_batches(catalog, wanted),
        max_parallel=resolved.max_parallel,
        on_failure=resolved.on_failure,
        warnings=tuple(warnings),
    )


def _batches(catalog: Catalog, wanted: Rollout) -> tuple[DeclaredBatch, ...]:
    return tuple(
        DeclaredBatch(
            name=batch.name,
            components=tuple(batch.components),
            after=_wishes(catalog, wanted.name, batch.after, ("batches", index, "after")),
            on_failure=batch.on_failure,
            acceptance=batch.acceptance,
            runbook=batch.runbook,
            location=catalog.locate("rollout", wanted.name, ("batches", index)),
        )
        for index, batch in enumerate(wanted.batches)
    )


def _wishes(catalog: Catalog, rollout: str, names: Iterable[str], path: Path) -> tuple[Wish, ...]:
    return tuple(
        Wish(name, catalog.locate("rollout", rollout, (*path, index)))
        for index, name in enumerate(dict.fromkeys(names))
    )


def _neighbours(sources: Mapping[str, _Source], changing: Mapping[str, ComponentContract]) -> list[str]:
    """Unchanged components that share an interface with one that changes, and those that are named as its provider."""
    touched = _touched(changing)
    found = {
        requirement.component
        for source in sources.values()
        for interface, requirement in source.all_consumed()
        if interface in touched and requirement.component in sources
    }
    found |= {name for name, source in sources.items() if not touched.isdisjoint(source.all_interfaces())}
    return sorted(name for name in found if name is not None and name not in changing)


def _touched(changing: Mapping[str, ComponentContract]) -> set[str]:
    return {
        interface
        for component in changing.values()
        for release in (component.current, component.target, *component.alternatives)
        if release is not None
        for interface in (*release.provides, *release.consumes)
    }


def _only_touched(components: Mapping[str, ComponentContract]) -> dict[str, ComponentContract]:
    """What neighbours have to do with each other is none of this rollout's business."""
    touched = _touched({name: c for name, c in components.items() if c.changes})
    return {name: c if c.changes else c.only(touched) for name, c in sorted(components.items())}


@dataclass(frozen=True)
class _Source:
    """A component, and what says where its parts are written: in a manifest of its own, or inline in the rollout."""

    component: Component
    locate: Callable[[Path], str]

    def release(self, version: str) -> Release:
        """One version: what every version has, replaced per interface by what this one says."""
        own = self.component.versions.get(version)
        provides = dict(self.component.provides)
        consumes = self._requirements(self.component.consumes, ())
        if own is None:
            return Release(version, provides, consumes)
        consumes |= self._requirements(own.consumes, ("versions", version))
        return Release(version, {**provides, **own.provides}, consumes, own.coexists)

    def _requirements(self, declared: Mapping[str, DeclaredRequirement], prefix: Path) -> dict[str, Requirement]:
        return {
            i: Requirement(r.range, r.component, r.optional, self.locate((*prefix, "consumes", i)))
            for i, r in declared.items()
        }

    def dependencies(self) -> tuple[Dependency, ...]:
        """The start order that the component asks for."""
        return tuple(
            Dependency(d.name, d.required, self.locate(("dependsOn", index)))
            for index, d in enumerate(self.component.depends_on)
        )

    def unchanged(self, live: str | None) -> ComponentContract:
        """The component as a neighbour: at the live version, or as far as its versions agree."""
        current = self.release(live) if live is not None else self._agreed()
        others = tuple(self.release(version) for version in self.component.versions if version != live)
        return ComponentContract(
            name=self.component.name, current=current, alternatives=others, location=self.locate(())
        )

    def _agreed(self) -> Release:
        """What holds whichever version is live: one of the declared ones, or one that has nothing of its own."""
        component = self.component
        bare = Release(None, dict(component.provides), self._requirements(component.consumes, ()))
        possible = [bare, *map(self.release, component.versions)]
        provides = {i: {r.provides.get(i) for r in possible} for r in possible for i in r.provides}
        consumes = {i: {_meaning(r.consumes.get(i)) for r in possible} for r in possible for i in r.consumes}
        return Release(
            None,
            {i: v for i, v in bare.provides.items() if len(provides[i]) == 1},
            {i: r for i, r in bare.consumes.items() if len(consumes[i]) == 1},
            uncertain_provides=tuple(sorted(i for i, found in provides.items() if len(found) > 1)),
            uncertain_consumes=tuple(sorted(i for i, found in consumes.items() if len(found) > 1)),
        )

    def all_consumed(self) -> Iterable[tuple[str, DeclaredRequirement]]:
        """Every interface that any version consumes."""
        yield from self.component.consumes.items()
        for release in self.component.versions.values():
            yield from release.consumes.items()

    def all_interfaces(self) -> set[str]:
        """Every interface that any version provides or consumes."""
        provided = {i for release in self.component.versions.values() for i in release.provides}
        return {*self.component.provides, *provided, *(interface for interface, _ in self.all_consumed())}


def _meaning(requirement: Requirement | None) -> tuple[str, str | None, bool] | None:
    """A requirement without the place where it is written."""
    return (requirement.range, requirement.provider, requirement.optional) if requirement else None
