"""From the catalog to the planner's input: which releases meet, with the place in the manifests of everything said.

The contracts hold the components that change, and of all others those that they can disagree with: about an interface,
a format of data, or because one names the other. Of an unchanged component the environment says which version is live;
if it does not, only that is known on which all its versions agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from convoy.manifest.catalog import Catalog
from convoy.manifest.members import members_of
from convoy.manifest.models import Rollout
from convoy.manifest.resolve import resolve
from convoy.manifest.versions import SchemeSpec, VersionError, scheme_of
from convoy.planning.contracts import ComponentContract, Contracts, DeclaredBatch, Verification, Wish
from convoy.planning.effort import effort_of
from convoy.planning.errors import PlanError
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan
from convoy.planning.releases import DATA
from convoy.planning.sources import Path, Source
from convoy.planning.usage import uses_of, weights_of

__all__ = ["PlanError", "contracts_for", "plan_rollout"]


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
    sources = sources_of(catalog)
    sources |= {name: Source(member.component, member.locate) for name, member in members.items()}
    components: dict[str, ComponentContract] = {}
    warnings: list[str] = []
    for name, member in members.items():
        source, change, versions = sources[name], member.change, tuple(member.component.versions)
        here: Path = ("components", name)
        declared = place.versions.get(name)
        if declared is not None and change.from_version is not None and declared != change.from_version:
            warnings.append(
                f"{environment} says that {name} {declared} is live, and the rollout goes from {change.from_version}; "
                "if that is what is live, say so in both"
            )
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
            scheme=member.component.version_scheme.spec,
            location=catalog.locate("rollout", rollout, here),
        )
        if versions and change.to_version not in versions:
            warnings.append(
                f"{name} {change.to_version} is not among its declared versions ({', '.join(versions)}); "
                "what only some of them provide or need is unknown of it"
            )
    for name in _neighbours(catalog, sources, components):
        components[name] = sources[name].unchanged(place.versions.get(name))
    uses = uses_of(sources, components)
    return Contracts(
        rollout=rollout,
        environment=environment,
        components=_only_touched(components),
        batches=_batches(catalog, wanted),
        max_parallel=resolved.max_parallel,
        on_failure=resolved.on_failure,
        warnings=tuple(warnings),
        schemes=schemes_of(catalog, components),
        verifications=verifications_of(catalog, components),
        uses=uses,
        weights=weights_of(sources, uses, components),
    )


def sources_of(catalog: Catalog) -> dict[str, Source]:
    """Every component that is defined, in a manifest of its own or inline in a rollout, sorted by name.

    One that several rollouts define is as the first of them says."""
    sources = {n: Source(c, catalog.definition("Component", n).locate) for n, c in catalog.components.items()}
    for rollout in catalog.rollouts:
        for name, member in members_of(catalog, rollout).items():
            sources.setdefault(name, Source(member.component, member.locate))
    return dict(sorted(sources.items()))


def schemes_of(catalog: Catalog, components: Mapping[str, ComponentContract]) -> dict[str, SchemeSpec]:
    """The schemes of interfaces and formats that these components deal with, as far as they are not SemVer."""
    subjects = {s.removeprefix(DATA) for c in components.values() for r in c.releases for s in r.subjects}
    return {
        name: interface.version_scheme.spec
        for name, interface in catalog.interfaces.items()
        if name in subjects and interface.version_scheme.spec != "semver"
    }


def verifications_of(catalog: Catalog, components: Mapping[str, ComponentContract]) -> tuple[Verification, ...]:
    """The records whose two ends are among these components."""

    def spelled(name: str, version: str) -> str:
        """A version as the releases spell it."""
        return next(
            (r.version for r in components[name].releases if r.version and _same(components[name], r.version, version)),
            version,
        )

    return tuple(
        Verification(
            r.consumer,
            spelled(r.consumer, r.consumer_version),
            r.provider,
            spelled(r.provider, r.provider_version),
            r.result,
            "; ".join(part for part in (r.reason, r.evidence) if part),
            r.by or "",
            catalog.locate("verification", name, ("records", index)),
        )
        for name, records in catalog.verifications.items()
        for index, r in enumerate(records.records)
        if r.consumer in components and r.provider in components
    )


def _same(component: ComponentContract, one: str, other: str) -> bool:
    """Whether two texts are the same version of a component."""
    scheme = scheme_of(component.scheme)
    try:
        return scheme.parse(one) == scheme.parse(other)
    except VersionError:
        return one == other


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


def _neighbours(
    catalog: Catalog, sources: Mapping[str, Source], changing: Mapping[str, ComponentContract]
) -> list[str]:
    """Unchanged components that can disagree with one that changes, and those that are named as its provider."""
    touched = _touched(changing)
    found: set[str | None] = set()
    for name, source in sources.items():
        for part in source.parts():
            found |= {r.component for interface, r in part.consumes.items() if interface in touched}
            if any(other in changing for other in part.incompatible):
                found.add(name)
            if name in changing:
                found |= set(part.incompatible)
        if not touched.isdisjoint(source.subjects()):
            found.add(name)
    for records in catalog.verifications.values():
        for record in records.records:
            if record.consumer in changing or record.provider in changing:
                found |= {record.consumer, record.provider}
    return sorted(name for name in found if name is not None and name in sources and name not in changing)


def _touched(changing: Mapping[str, ComponentContract]) -> set[str]:
    return {
        subject for component in changing.values() for release in component.releases for subject in release.subjects
    }


def _only_touched(components: Mapping[str, ComponentContract]) -> dict[str, ComponentContract]:
    """What neighbours have to do with each other is none of this rollout's business."""
    touched = _touched({name: c for name, c in components.items() if c.changes})
    return {name: c if c.changes else c.only(touched) for name, c in sorted(components.items())}
