"""What one version of a component promises and needs: the smallest piece of the planner's input.

Plain values without pydantic, that go to JSON and back. A *subject* is what two components can disagree about: an
interface (``payment-api``), or a format of persisted data (``data orders``).
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

VERIFIED = "verified"
"""In the place of a range: no range is promised, only verification records decide."""
DATA = "data "
"""What the subject of a data contract begins with."""


@dataclass(frozen=True)
class Requirement:
    """A consumed interface. ``provider`` is set where the manifest names the component that provides it.

    ``optional``: works without the interface, but not with a version outside the range. ``startup``: needed only when
    it starts; a replica that runs does not mind what becomes of the provider."""

    range: str
    provider: str | None = None
    optional: bool = False
    startup: bool = False
    location: str = ""


@dataclass(frozen=True)
class DataContract:
    """A format of persisted data, as one version deals with it.

    ``writes``: the version of the format that it writes. ``reads``: the range of versions that it can read.
    ``migrates``: when its change is done, nothing in these versions of the format is left."""

    writes: str | None = None
    reads: str | None = None
    migrates: str | None = None
    location: str = ""


@dataclass(frozen=True)
class Incompatibility:
    """Versions of another component that this one must never run beside."""

    range: str
    reason: str = ""
    location: str = ""


@dataclass(frozen=True)
class Release:
    """One version of a component: interfaces provided (with version) and consumed (with range), data, exclusions.

    ``version`` is None for an unchanged component whose live version nobody declared; ``uncertain_provides``,
    ``uncertain_consumes`` and ``uncertain_data`` then name what its versions do not agree on: of those nothing is
    known. ``coexists``: whether it can serve beside the version before, or the range of versions that it can serve
    beside. ``reversible``: whether there is a way back. ``upgrades_from``: the versions from which one can go to this
    one in one step; None: from all."""

    version: str | None
    provides: Mapping[str, str] = field(default_factory=dict)
    consumes: Mapping[str, Requirement] = field(default_factory=dict)
    coexists: bool | str = True
    uncertain_provides: tuple[str, ...] = ()
    uncertain_consumes: tuple[str, ...] = ()
    data: Mapping[str, DataContract] = field(default_factory=dict)
    uncertain_data: tuple[str, ...] = ()
    incompatible: Mapping[str, Incompatibility] = field(default_factory=dict)
    reversible: bool = True
    upgrades_from: str | None = None
    location: str = ""

    @property
    def interfaces(self) -> set[str]:
        """Every interface that it has to do with."""
        return {*self.provides, *self.consumes, *self.uncertain_provides, *self.uncertain_consumes}

    @property
    def subjects(self) -> set[str]:
        """Every interface and every format of data that it has to do with."""
        return self.interfaces | {f"{DATA}{name}" for name in (*self.data, *self.uncertain_data)}

    def only(self, subjects: Set[str]) -> Release:
        """The same release as far as these subjects go."""
        return replace(
            self,
            provides={i: v for i, v in self.provides.items() if i in subjects},
            consumes={i: r for i, r in self.consumes.items() if i in subjects},
            uncertain_provides=tuple(i for i in self.uncertain_provides if i in subjects),
            uncertain_consumes=tuple(i for i in self.uncertain_consumes if i in subjects),
            data={name: d for name, d in self.data.items() if f"{DATA}{name}" in subjects},
            uncertain_data=tuple(name for name in self.uncertain_data if f"{DATA}{name}" in subjects),
        )
