"""The ways out of the violations of a choice: what has to be, and between what there is a choice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from convoy.planning.wanted.choices import Candidate
from convoy.planning.wanted.violations import Violation

_Options = dict[str, tuple[Candidate, ...]]
"""By component."""


@dataclass(frozen=True)
class Ways:
    """``final`` are violations that nothing puts right; with one of them the rest is empty. ``at_least`` so many more
    components have to change, at ``cost`` or more. ``forced`` are changes without an alternative; where there is none,
    one of ``branches`` has to be taken: the candidates of one component each, for one violation. ``guess`` takes the
    best candidate of everything that has to change: often that is all there is to it."""

    final: tuple[Violation, ...] = ()
    at_least: int = 0
    cost: tuple[int, int] = (0, 0)
    guess: Mapping[str, Candidate] = field(default_factory=dict)
    forced: Mapping[str, Candidate] = field(default_factory=dict)
    branches: tuple[tuple[Candidate, ...], ...] = ()


def ways_out(found: list[Violation], stays: frozenset[str]) -> Ways:
    """What can be done about violations while these components stay where they are."""
    options = [_by_component(violation, stays) for violation in found]
    final = tuple(violation for violation, ways in zip(found, options, strict=True) if not ways)
    if final:
        return Ways(final)
    domains: _Options = {}
    for ways in options:
        if len(ways) == 1:
            [(name, candidates)] = ways.items()
            domains[name] = tuple(c for c in domains.get(name, candidates) if c in candidates)
    for name, domain in domains.items():
        if not domain:
            about = (v for v, ways in zip(found, options, strict=True) if list(ways) == [name])
            return Ways(tuple(about))
    separate = _separate(options)
    cost = total(min((c for ways in one.values() for c in ways), key=lambda c: c.cost) for one in separate)
    guess = {name: domain[0] for name, domain in sorted(domains.items())}
    forced = {name: domain[0] for name, domain in sorted(domains.items()) if len(domain) == 1}
    if forced:
        return Ways((), len(separate), cost, guess, forced)
    narrowed = [_narrowed(ways, domains) for ways in options]
    if not all(narrowed):
        return Ways(tuple(violation for violation, ways in zip(found, narrowed, strict=True) if not ways))
    best = min(narrowed, key=lambda ways: (sum(map(len, ways.values())), sorted(ways)))
    ordered = sorted(best.values(), key=lambda candidates: (candidates[0].cost, candidates[0].component))
    return Ways((), len(separate), cost, guess, {}, tuple(ordered))


def _by_component(violation: Violation, stays: frozenset[str]) -> _Options:
    ways: _Options = {}
    for candidate in violation.options:
        if candidate.component not in stays:
            ways[candidate.component] = (*ways.get(candidate.component, ()), candidate)
    return ways


def _narrowed(ways: _Options, domains: _Options) -> _Options:
    """A component that has to change anyway can only go to what its domain allows."""
    kept = {
        name: tuple(c for c in candidates if c in domains.get(name, candidates)) for name, candidates in ways.items()
    }
    return {name: candidates for name, candidates in kept.items() if candidates}


def _separate(options: list[_Options]) -> list[_Options]:
    """Violations without a common helper: each needs a change of its own."""
    used: set[str] = set()
    found = []
    for ways in sorted(options, key=lambda ways: (len(ways), sorted(ways))):
        if used.isdisjoint(ways):
            used |= ways.keys()
            found.append(ways)
    return found


def total(candidates: Iterable[Candidate]) -> tuple[int, int]:
    """What several changes cost together."""
    costs = [candidate.cost for candidate in candidates]
    return sum(backward for backward, _ in costs), sum(steps for _, steps in costs)
