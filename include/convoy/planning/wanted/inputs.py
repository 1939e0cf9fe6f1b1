"""From a catalog and wanted versions to the contracts that a change set is chosen from.

The result holds every component that has a manifest: the wanted ones with a target, all others unchanged, with their
other declared versions as alternatives. Which of them has to change too is what the search finds out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from convoy.manifest.definitions import Catalog
from convoy.manifest.diagnostics import Diagnostic, did_you_mean
from convoy.manifest.members import Member
from convoy.manifest.models import Change
from convoy.manifest.resolve import DEFAULT_EXPECTED_DURATION, plain
from convoy.manifest.settings import gates_of, runbook_of, strategy_of
from convoy.manifest.versions import SchemeSpec, Version, VersionError, scheme_of
from convoy.planning.contracts import ComponentContract, Contracts
from convoy.planning.effort import effort_of
from convoy.planning.errors import PlanError, problem
from convoy.planning.inputs import schemes_of, sources_of, verifications_of
from convoy.planning.sources import Source
from convoy.planning.usage import uses_of, weights_of

ROLLOUT = "wanted"
"""The name of a rollout that has no manifest yet."""
NO_ROLLOUT = ""
"""In the place of a rollout's name: no rollout says anything about the settings."""


def wanted_contracts(
    catalog: Catalog,
    environment: str,
    wants: Mapping[str, str],
    live: Mapping[str, str] | None = None,
    rollout: str = ROLLOUT,
) -> Contracts:
    """Every component of the catalog, the wanted ones with a target.

    ``live`` adds to the versions that the environment declares, and counts before them. A wanted component without a
    live version is new. Raises PlanError for wants that cannot be meant, and KeyError for an unknown environment."""
    place = catalog.environments[environment]
    sources = sources_of(catalog)
    versions = {**place.versions, **(live or {})}
    problems = [_unknown(name, sources, "is said to be live") for name in sorted(live or {}) if name not in sources]
    targets: dict[str, str] = {}
    for name in sorted(wants):
        if name not in sources:
            problems.append(_unknown(name, sources, "is wanted"))
            continue
        try:
            targets[name] = _meant(sources[name], wants[name], versions.get(name))
        except PlanError as error:
            problems += error.diagnostics
    if not wants:
        problems.append(problem("nothing is wanted", "name a component and a version: checkout=2.0.0", "", "want"))
    if problems:
        raise PlanError(problems)
    components = {
        name: _component(catalog, environment, source, versions.get(name), targets.get(name))
        for name, source in sources.items()
    }
    uses = uses_of(sources, components)
    return Contracts(
        rollout=rollout,
        environment=environment,
        components=components,
        max_parallel=place.limits.max_parallel,
        warnings=tuple(
            f"{name} is taken to be new, because {environment} declares no live version of it"
            for name in targets
            if name not in versions
        ),
        schemes=schemes_of(catalog, components),
        verifications=verifications_of(catalog, components),
        uses=uses,
        weights=weights_of(sources, uses, components),
    )


def _component(
    catalog: Catalog, environment: str, source: Source, live: str | None, target: str | None
) -> ComponentContract:
    component = source.component
    version = target or live or "0"
    change = Change.model_construct(from_version=None, to_version=version)
    member = Member(change, component, catalog.definition("Component", component.name))
    where = (catalog, NO_ROLLOUT, member, environment)
    strategy, gates = plain(strategy_of(*where).value), gates_of(*where)
    duration = component.expected_duration
    settings = {
        "strategy": strategy,
        "gates": {"health": plain(gates.health.value), "metrics": plain(gates.metrics.value)},
        "expected_duration": DEFAULT_EXPECTED_DURATION if duration is None else duration,
    }
    found = replace(
        source.unchanged(live),
        depends_on=source.dependencies(),
        strategy=strategy["type"],
        effort=effort_of(settings),
        runbook=runbook_of(*where).value,
    )
    if target is None:
        return found
    others = tuple(source.release(v) for v in component.versions if v not in (live, target))
    current = None if live is None else found.current
    return replace(found, current=current, target=source.release(target), alternatives=others)


def _unknown(name: str, known: Iterable[str], what: str) -> Diagnostic:
    hint = did_you_mean(name, known, otherwise="only components with a Component manifest can be chosen from")
    return problem(f"{name} {what}, and there is no component of that name", hint, "", "want")


def _meant(source: Source, text: str, live: str | None) -> str:
    """The wanted version as the manifests spell it. Raises PlanError."""
    component = source.component
    name, place, declared = component.name, source.locate(()), list(component.versions)
    scheme = component.version_scheme.spec
    try:
        wanted = scheme_of(scheme).parse(text)
    except VersionError as error:
        message = f"{name}={text} is wanted: {error}"
        raise PlanError([problem(message, _choice(text, declared), place, "want")]) from None
    if live is not None and _same(live, wanted, scheme):
        message = f"{name} {text} is wanted, and it is live already"
        raise PlanError([problem(message, "there is nothing to change", place, "want")])
    spelled = next((version for version in declared if _same(version, wanted, scheme)), None)
    if spelled is None and declared:
        message = f"{name} {text} is wanted, and {name} has no such version"
        raise PlanError([problem(message, _choice(text, declared), place, "want")])
    return spelled or text


def _choice(text: str, declared: list[str]) -> str:
    return did_you_mean(text, declared, otherwise=f"its versions are {', '.join(declared)}" if declared else "")


def _same(version: str, wanted: Version, scheme: SchemeSpec) -> bool:
    try:
        return scheme_of(scheme).parse(version) == wanted
    except VersionError:
        return version == wanted.text
