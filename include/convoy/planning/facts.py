"""What decides beside the releases themselves: how versions of a subject are written, and what was verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from convoy.manifest.versions import SchemeSpec, in_range

Pair = tuple[str, "str | None", str, "str | None"]
"""Consumer, its version, provider, its version."""


@dataclass(frozen=True)
class Verification:
    """What is known of one pair of versions. ``result``: ``verified`` (a test passed), ``refuted`` (one failed) or
    ``accepted`` (nobody tested it, and ``by`` takes the risk). ``evidence`` says where to look."""

    consumer: str
    consumer_version: str
    provider: str
    provider_version: str
    result: str
    evidence: str = ""
    by: str = ""
    location: str = ""

    @property
    def pair(self) -> Pair:
        """What it is about."""
        return self.consumer, self.consumer_version, self.provider, self.provider_version

    @property
    def words(self) -> str:
        """The record as a part of a sentence."""
        who = f" by {self.by}" if self.by else ""
        return f"{self.result}{who}{f': {self.evidence}' if self.evidence else ''}"


@dataclass(frozen=True)
class Facts:
    """``schemes`` holds the schemes of interfaces and of formats of data that are not SemVer, ``own_schemes`` those of
    components; ``records`` the verification records by pair."""

    schemes: Mapping[str, SchemeSpec] = field(default_factory=dict)
    own_schemes: Mapping[str, SchemeSpec] = field(default_factory=dict)
    records: Mapping[Pair, Verification] = field(default_factory=dict)

    def may_be_refuted(self, consumer: str, consuming: str | None, provider: str, providing: str | None) -> bool:
        """Whether a refuted pair fits what is known of the two versions; None stands for a version nobody declared."""
        return any(
            consuming in (None, record.consumer_version) and providing in (None, record.provider_version)
            for record in self._refuted.get((consumer, provider), ())
        )

    @cached_property
    def _refuted(self) -> dict[tuple[str, str], list[Verification]]:
        found: dict[tuple[str, str], list[Verification]] = {}
        for record in self.records.values():
            if record.result == "refuted":
                found.setdefault((record.consumer, record.provider), []).append(record)
        return found

    def inside(self, interface: str, text: str, version: str, *, forbidden: bool = False) -> bool | None:
        """Whether a version of an interface (or of a format of data) lies in a range; None where either cannot be
        read: then nothing is known. ``forbidden``: the range says what must not be, so that prereleases count."""
        return _inside(text, version, self.schemes.get(interface, "semver"), forbidden)

    def one_of(self, component: str, text: str, version: str | None, *, forbidden: bool = False) -> bool | None:
        """Whether a version of a component lies in a range of its versions; None where that is not known."""
        if version is None:
            return None
        return _inside(text, version, self.own_schemes.get(component, "semver"), forbidden)


NO_FACTS = Facts()
"""Every scheme is SemVer, and nothing was verified."""


@lru_cache(maxsize=65536)
def _inside(text: str, version: str, scheme: SchemeSpec, forbidden: bool) -> bool | None:
    try:
        return in_range(text, version, scheme, prereleases=forbidden)
    except ValueError:
        return None
