"""A component as its manifest describes it, turned into releases, with the place of everything that is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from convoy.manifest.models import Component
from convoy.manifest.models.component import Release as DeclaredRelease
from convoy.planning.contracts import (
    ComponentContract,
    DataContract,
    Dependency,
    Incompatibility,
    Release,
    Requirement,
)

Path = tuple["str | int", ...]
Part = Component | DeclaredRelease
_V = TypeVar("_V")


@dataclass(frozen=True)
class Source:
    """A component, and what says where its parts are written: in a manifest of its own, or inline in the rollout."""

    component: Component
    locate: Callable[[Path], str]

    def release(self, version: str | None) -> Release:
        """One version: what every version has, replaced per interface, format and component by what this one says."""
        own = self.component.versions.get(version) if version is not None else None
        every, here = self.component, ("versions", version or "")
        if own is None:
            return self._undeclared(version)
        return Release(
            version,
            {**every.provides, **own.provides},
            {**self._requirements(every, ()), **self._requirements(own, here)},
            own.coexists,
            data={**self._data(every, ()), **self._data(own, here)},
            incompatible={**self._exclusions(every, ()), **self._exclusions(own, here)},
            reversible=own.reversible,
            upgrades_from=own.upgrades_from,
            location=self.locate(here),
        )

    def _undeclared(self, version: str | None) -> Release:
        """A version that the manifest does not mention: what every version has is known of it. What only some versions
        have is not: it may have that too."""
        every = self.component
        known = Release(
            version,
            dict(every.provides),
            self._requirements(every, ()),
            data=self._data(every, ()),
            incompatible=self._exclusions(every, ()),
            location=self.locate(()),
        )
        if version is None:
            return known
        some = self.component.versions.values()
        excluded = {n for part in some for n in part.incompatible} - set(every.incompatible)
        found = {
            name: _all_of(
                [
                    self._exclusions(p, ("versions", v))[name]
                    for v, p in every.versions.items()
                    if name in p.incompatible
                ]
            )
            for name in sorted(excluded)
        }
        return replace(
            known,
            uncertain_provides=tuple(sorted({i for part in some for i in part.provides} - set(every.provides))),
            uncertain_consumes=tuple(sorted({i for part in some for i in part.consumes} - set(every.consumes))),
            uncertain_data=tuple(sorted({i for part in some for i in part.data} - set(every.data))),
            incompatible={**known.incompatible, **found},
        )

    def _requirements(self, part: Part, prefix: Path) -> dict[str, Requirement]:
        return {
            i: Requirement(r.range, r.component, r.optional, r.startup, self.locate((*prefix, "consumes", i)))
            for i, r in part.consumes.items()
        }

    def _data(self, part: Part, prefix: Path) -> dict[str, DataContract]:
        return {
            name: DataContract(d.writes, d.reads, d.migrates, self.locate((*prefix, "data", name)))
            for name, d in part.data.items()
        }

    def _exclusions(self, part: Part, prefix: Path) -> dict[str, Incompatibility]:
        return {
            name: Incompatibility(i.range, i.reason or "", self.locate((*prefix, "incompatible", name)))
            for name, i in part.incompatible.items()
        }

    def dependencies(self) -> tuple[Dependency, ...]:
        """The start order that the component asks for."""
        return tuple(
            Dependency(d.name, d.required, d.startup, self.locate(("dependsOn", index)))
            for index, d in enumerate(self.component.depends_on)
        )

    def unchanged(self, live: str | None) -> ComponentContract:
        """The component as a neighbour: at the live version, or as far as its versions agree."""
        current = self.release(live) if live is not None else self._agreed()
        others = tuple(self.release(version) for version in self.component.versions if version != live)
        return ComponentContract(
            name=self.component.name,
            current=current,
            alternatives=others,
            scheme=self.component.version_scheme.spec,
            location=self.locate(()),
        )

    def _agreed(self) -> Release:
        """What holds whichever version is live: one of the declared ones, or one that has nothing of its own."""
        bare = self.release(None)
        possible = [bare, *map(self.release, self.component.versions)]
        provides, unclear_provides = _common([r.provides for r in possible], str)
        consumes, unclear_consumes = _common([r.consumes for r in possible], _meaning)
        data, unclear_data = _common([r.data for r in possible], lambda d: (d.writes, d.reads, d.migrates))
        excluded, unclear = _common([r.incompatible for r in possible], lambda i: i.range)
        # What only some versions exclude is excluded: the live version may be one of them.
        excluded |= {
            name: _all_of([r.incompatible[name] for r in possible if name in r.incompatible]) for name in unclear
        }
        return Release(
            None,
            provides,
            consumes,
            uncertain_provides=unclear_provides,
            uncertain_consumes=unclear_consumes,
            data=data,
            uncertain_data=unclear_data,
            incompatible=excluded,
            location=bare.location,
        )

    def parts(self) -> Iterable[Part]:
        """What every version has, and what single versions have."""
        return self.component, *self.component.versions.values()

    def subjects(self) -> set[str]:
        """Every interface and every format of data that any version deals with."""
        bare = self.release(None)
        return bare.subjects.union(*(self.release(version).subjects for version in self.component.versions))


def _all_of(exclusions: list[Incompatibility]) -> Incompatibility:
    """Everything that any of them excludes."""
    ranges = dict.fromkeys(exclusion.range for exclusion in exclusions)
    return Incompatibility(" || ".join(ranges), exclusions[0].reason, exclusions[0].location)


def _meaning(requirement: Requirement) -> object:
    """A requirement without the place where it is written."""
    return requirement.range, requirement.provider, requirement.optional, requirement.startup


def _common(releases: list[Mapping[str, _V]], meaning: Callable[[_V], object]) -> tuple[dict[str, _V], tuple[str, ...]]:
    """What all releases have in the same meaning, and the names of what they do not agree on."""
    names = sorted({name for release in releases for name in release})
    agreed: dict[str, _V] = {}
    unclear = []
    for name in names:
        found = [release.get(name) for release in releases]
        first = found[0]
        if first is not None and all(item is not None and meaning(item) == meaning(first) for item in found):
            agreed[name] = first
        else:
            unclear.append(name)
    return agreed, tuple(unclear)
