"""What a change set can be chosen from: the versions that each component could go to, and the contracts of a choice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from convoy.manifest.versions import VersionError, scheme_of
from convoy.planning.contracts import ComponentContract, Contracts, Release, Verification
from convoy.planning.feasibility import cannot_coexist, cannot_follow

if TYPE_CHECKING:
    from convoy.planning.wanted.violations import Violation

_Names = Callable[[Release], Iterable[str]]


@dataclass(frozen=True)
class Candidate:
    """A version that a component could go to. ``steps`` counts the known versions from the live one to it;
    ``backward``: it is an older one."""

    component: str
    release: Release
    backward: bool
    steps: int

    @property
    def key(self) -> tuple[str, str]:
        """Component and version."""
        return self.component, str(self.release.version)

    @property
    def cost(self) -> tuple[int, int]:
        """Less is better: forward before backward, near before far."""
        return int(self.backward), self.steps


Choice = Mapping[str, Candidate]
"""The components that change beside the wanted ones, and where each goes."""


def moved(component: ComponentContract, release: Release) -> ComponentContract:
    """An unchanged component as one that goes to one of its other releases."""
    others = tuple(other for other in component.alternatives if other.version != release.version)
    return replace(component, target=release, alternatives=others)


def _in_order(component: ComponentContract, releases: Iterable[Release]) -> list[str]:
    """Versions from the oldest to the newest. Those that the scheme cannot read come last."""
    scheme = scheme_of(component.scheme)
    readable, rest = [], []
    for release in releases:
        try:
            readable.append((scheme.parse(str(release.version)), str(release.version)))
        except VersionError:
            rest.append(str(release.version))
    return [text for _, text in sorted(readable)] + sorted(rest)


class Choices:
    """Everything that can be chosen. ``contracts`` has the wanted components with their targets, and every other
    component unchanged, with alternatives."""

    def __init__(self, contracts: Contracts) -> None:
        self.contracts = contracts
        self.wanted = contracts.changing
        self.judged: dict[tuple[str | None, ...], tuple[Violation, ...]] = {}

    @cached_property
    def candidates(self) -> dict[str, tuple[Candidate, ...]]:
        """For each component that is not wanted what it could go to, the best first; only for known live versions."""
        found = {n: self._candidates(c) for n, c in sorted(self.contracts.components.items()) if not c.changes}
        return {name: candidates for name, candidates in found.items() if candidates}

    def _candidates(self, component: ComponentContract) -> tuple[Candidate, ...]:
        current = component.current
        if current is None or current.version is None:
            return ()
        others = [r for r in component.alternatives if r.version is not None]
        order = _in_order(component, [current, *others])
        here = order.index(current.version)
        found = []
        for release in others:
            there = order.index(str(release.version))
            candidate = Candidate(component.name, release, there < here, abs(there - here))
            if candidate.backward and not current.reversible:
                continue  # The live version says that there is no way back from it.
            then = moved(component, release)
            if not cannot_coexist(then, self.contracts.facts) and not cannot_follow(then, self.contracts.facts):
                found.append(candidate)
        return tuple(sorted(found, key=lambda c: (c.cost, str(c.release.version))))

    @cached_property
    def providing(self) -> dict[str, tuple[Candidate, ...]]:
        """For each interface the candidates that provide it."""
        return self._by(lambda release: (*release.provides, *release.uncertain_provides))

    @cached_property
    def migrating(self) -> dict[str, tuple[Candidate, ...]]:
        """For each format of data the candidates that migrate it."""
        return self._by(lambda release: (n for n, d in release.data.items() if d.migrates is not None))

    def _by(self, names: _Names) -> dict[str, tuple[Candidate, ...]]:
        found: defaultdict[str, list[Candidate]] = defaultdict(list)
        for candidates in self.candidates.values():
            for candidate in candidates:
                for name in dict.fromkeys(names(candidate.release)):
                    found[name].append(candidate)
        return {name: tuple(candidates) for name, candidates in found.items()}

    def at(self, choice: Choice) -> Contracts:
        """The contracts of the rollout that makes this choice: what changes, and everything that can meet it."""
        everything = self.contracts.components
        changing = {name: everything[name] for name in self.wanted}
        for name, candidate in choice.items():
            changing[name] = moved(everything[name], candidate.release)
        touched = frozenset().union(*(self._subjects[name] for name in changing))
        components = {name: everything[name].only(touched) for name in self._beside(changing, touched)} | changing
        records = {record for name in changing for record in self._records.get(name, ())}
        return replace(
            self.contracts,
            components={name: components[name] for name in sorted(components)},
            verifications=tuple(
                self.contracts.verifications[index]
                for index in sorted(records)
                if self._ends(self.contracts.verifications[index]) <= components.keys()
            ),
        )

    def _beside(self, changing: Mapping[str, ComponentContract], touched: frozenset[str]) -> list[str]:
        found: set[str] = set()
        for subject in touched:
            found |= self._dealing.get(subject, frozenset())
        for name, component in changing.items():
            found |= self.contracts.named_beside.get(name, frozenset())
            found |= {other for release in component.releases for other in release.incompatible}
        return [name for name in found if name in self.contracts.components and name not in changing]

    @cached_property
    def _subjects(self) -> dict[str, frozenset[str]]:
        return {
            name: frozenset(s for release in component.releases for s in release.subjects)
            for name, component in self.contracts.components.items()
        }

    @cached_property
    def _dealing(self) -> dict[str, frozenset[str]]:
        """For each subject who deals with it, or is named as its provider."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name, component in self.contracts.components.items():
            for subject in self._subjects[name]:
                found[subject].add(name)
            for release in component.releases:
                for interface, requirement in release.consumes.items():
                    if requirement.provider is not None:
                        found[interface].add(requirement.provider)
        return {subject: frozenset(names) for subject, names in found.items()}

    @cached_property
    def _records(self) -> dict[str, list[int]]:
        """For each component the records about it, by their place in the list."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for index, record in enumerate(self.contracts.verifications):
            for name in self._ends(record):
                found[name].append(index)
        return dict(found)

    @staticmethod
    def _ends(record: Verification) -> set[str]:
        return {record.consumer, record.provider}
