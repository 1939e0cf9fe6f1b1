"""Which other versions of a component the same plan would carry: what the trigger form offers."""

from __future__ import annotations

from dataclasses import replace

from convoy.planning.arcs import CONTRACT, START_ORDER, analyse
from convoy.planning.contracts import ComponentContract, Contracts
from convoy.planning.releases import DATA
from convoy.planning.reversibility import irreversible


def proven_versions(contracts: Contracts, component: str) -> list[str]:
    """Declared versions of a changing component that could replace its target, in the order of the manifest.

    With each of them alone every state that the plan visits is still safe: no combination fails, every arc is one
    that the plan keeps already, and there is no further point of no return.

    Raises KeyError for a component that does not change."""
    changing = contracts.components[component]
    if changing.target is None:
        raise KeyError(f"{component} does not change")
    if not changing.alternatives:
        return []
    neighbours = _around(contracts, changing)
    kept = _arcs(neighbours, CONTRACT)
    # A start order is also kept where a contract arc says the same; not the other way round, because the members of a
    # batch that only starts together do meet.
    started = kept | _arcs(neighbours, START_ORDER)
    final = irreversible(neighbours, analyse(neighbours).links).keys()
    found = []
    for release in changing.alternatives:
        if release.version is None or release.version in (changing.from_version, changing.to_version):
            continue
        changed = {**neighbours.components, component: replace(changing, target=release)}
        candidate = replace(neighbours, components=changed)
        analysis = analyse(candidate)
        if (
            not analysis.problems
            and irreversible(candidate, analysis.links).keys() <= final
            and _arcs(candidate, CONTRACT) <= kept
            and _arcs(candidate, START_ORDER) <= started
        ):
            found.append(release.version)
    return found


def _arcs(contracts: Contracts, kind: str) -> set[tuple[str, str]]:
    return {(arc.dependent, arc.requirement) for arc in analyse(contracts).arcs if arc.kind == kind}


def _around(contracts: Contracts, component: ComponentContract) -> Contracts:
    """Only what can meet the component through a subject of one of its versions, or is named beside it."""
    subjects = {s for release in component.releases for s in release.subjects}
    offered = {s for release in component.releases for s in (*release.provides, *release.uncertain_provides)}
    names = {component.name}
    for subject in subjects:
        # Those that only consume what it consumes too do not meet it.
        meets = contracts.by_subject if subject in offered or subject.startswith(DATA) else contracts.by_offer
        names.update(meets.get(subject, ()))
    named = {
        requirement.provider
        for name in names
        for release in contracts.components[name].releases
        for interface, requirement in release.consumes.items()
        if interface in subjects and requirement.provider is not None
    }
    named |= {other for release in component.releases for other in release.incompatible}
    named |= contracts.named_beside.get(component.name, frozenset())
    kept = sorted(name for name in names | named if name in contracts.components)
    narrow = {name: contracts.components[name].only(subjects) for name in kept}
    return replace(contracts, components={**narrow, component.name: component}, batches=())
