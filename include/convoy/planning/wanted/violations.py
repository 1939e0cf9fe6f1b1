"""What is wrong with a change set as it would be in the end, and which further changes could put it right.

Every violation needs one of a few components to change as well: at a link one of its two ends, for stored data a
migration, for a missing interface a provider. Nothing else can help, whatever changes beside. (More changes only add
links, providers and arcs; the one thing that they take away is data that a migration removes.) That is why a search
that branches over these alone finds every change set there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from convoy.manifest.diagnostics import Diagnostic
from convoy.planning.contracts import Contracts
from convoy.planning.errors import problem
from convoy.planning.feasibility import cannot_coexist, cannot_follow, obstacles
from convoy.planning.links import KEPT, Link
from convoy.planning.touched import both_ends, touched_links
from convoy.planning.wanted.choices import Candidate, Choices, moved


@dataclass(frozen=True)
class Violation:
    """``complaint`` says what is wrong, as the second half of a sentence; ``between`` names the components that it is
    about. ``options`` are the changes of further components that put it right; without any it is final."""

    complaint: str
    location: str
    between: tuple[str, ...]
    options: tuple[Candidate, ...]
    diagnostics: tuple[Diagnostic, ...]


def violations(choices: Choices, contracts: Contracts) -> list[Violation]:
    """Everything that is wrong with a choice in the end, in a stable order. Nothing is said about its order."""
    links, problems = touched_links(contracts)
    unfed = list(_unfed(choices, contracts))
    found = [*_alone(contracts), *unfed]
    if problems and not unfed:
        # What is unclear now stays so: an interface never gets fewer providers by more changes.
        found += [Violation(p.message, p.location, (), (), (p,)) for p in problems]
    return found + [violation for link in links for violation in _judged(choices, contracts, link)]


def _judged(choices: Choices, contracts: Contracts, link: Link) -> tuple[Violation, ...]:
    """What is wrong with a link; remembered, because from one choice to the next nearly every link stays the same."""
    if link.kind == KEPT:
        return tuple(_broken(choices, contracts, link))
    ends = (link.consumer.name, link.consumer.to_version, link.provider.name, link.provider.to_version)
    key = (link.kind, link.subject, *ends)
    if key not in choices.judged:
        choices.judged[key] = tuple(_broken(choices, contracts, link))
    return choices.judged[key]


def _alone(contracts: Contracts) -> Iterator[Violation]:
    """Components that cannot go to their targets, whatever the others do."""
    for name in contracts.changing:
        component = contracts.components[name]
        for found in (*cannot_coexist(component, contracts.facts), *cannot_follow(component, contracts.facts)):
            yield Violation(found.message, found.location, (name,), (), (found,))


def _unfed(choices: Choices, contracts: Contracts) -> Iterator[Violation]:
    """Requirements of wanted releases that nobody provides: any component that begins to would help."""
    offered = {
        interface
        for component in contracts.components.values()
        for release in both_ends(component)
        for interface in (*release.provides, *release.uncertain_provides)
    }
    for name in contracts.changing:
        component = contracts.components[name]
        if component.target is None:
            continue
        for interface, requirement in sorted(component.target.consumes.items()):
            if requirement.provider is not None or requirement.optional or interface in offered:
                continue
            message = f"{name} {component.to_version} needs {interface} {requirement.range}, and nobody provides it"
            where = requirement.location or component.location
            hint = f"add `provides: {{{interface}: <version>}}` to a version of the component that does"
            options = _others(contracts, choices.providing.get(interface, ()))
            yield Violation(message, where, (name,), options, (problem(message, hint, where),))


def _broken(choices: Choices, contracts: Contracts, link: Link) -> Iterator[Violation]:
    problems = tuple(obstacles(link))
    if not problems:
        return
    if link.kind == KEPT:
        options = _others(contracts, _migrations(choices, link))
    elif link.loops:
        yield Violation(problems[0].message, problems[0].location, (link.consumer.name,), (), problems)
        return
    else:
        options = tuple(_repairs(choices, link))
    state = int(link.consumer.changes)
    complaint = link.answer(state, int(link.provider.changes)).complaint
    between = tuple(dict.fromkeys((link.consumer.name, link.provider.name)))
    yield Violation(complaint, link.where(state), between, options, problems)


def _repairs(choices: Choices, link: Link) -> Iterator[Candidate]:
    """Versions of the unchanged end that fit the other one."""
    for end, here in (("consumer", link.consumer), ("provider", link.provider)):
        for candidate in () if here.changes else choices.candidates.get(here.name, ()):
            changed = moved(here, candidate.release)
            then = replace(link, consumer=changed) if end == "consumer" else replace(link, provider=changed)
            if then.holds(1, 1):
                yield candidate


def _migrations(choices: Choices, link: Link) -> Iterator[Candidate]:
    """Versions of any component that leave nothing of what the reader could not read."""
    for candidate in choices.migrating.get(link.subject, ()):
        text = candidate.release.data[link.subject].migrates
        if text is not None and all(link.facts.inside(link.subject, text, version) for version, _ in link.left):
            yield candidate


def _others(contracts: Contracts, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Those of components that do not change yet."""
    return tuple(c for c in candidates if not _changes(contracts, c.component))


def _changes(contracts: Contracts, name: str) -> bool:
    return name in contracts.components and contracts.components[name].changes
