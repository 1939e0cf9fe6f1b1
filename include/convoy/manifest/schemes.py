"""Version schemes: how versions are written, and which of two is the later one.

===========  ==============================  ====================================================================
scheme       examples                        order
===========  ==============================  ====================================================================
``semver``   1.4.2, 1.4, 2.0.0-rc.1          Semantic Versioning 2; missing parts are 0, build metadata does not count
``pep440``   1.4.2, 2.0rc1, 1.0.post1        PEP 440
``calver``   2026.11.3, 26.04, 2026-11-03    parts as numbers; a modifier such as ``-rc1`` comes before the plain one
``integer``  57                              numbers
names        bullseye, bookworm, trixie      as the manifest lists them, oldest first: ``{names: [bullseye, bookworm]}``
===========  ==============================  ====================================================================

A leading ``v`` is allowed everywhere. ``1.4`` and ``v1.4.0`` mean the same version; use one spelling.

Errors::

    ValueError
     +-- VersionError   not a version of the scheme, or not a range
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from packaging.version import InvalidVersion
from packaging.version import Version as Pep440Version

MAX_LENGTH = 128
"""Longest version text. Longer ones are mistakes, and slow to compare."""

_LOWEST = (-1,)
_FINAL = (1,)
_SEMVER = re.compile(
    r"v?(0|[1-9][0-9]*)(?:\.(0|[1-9][0-9]*))?(?:\.(0|[1-9][0-9]*))?"
    r"(?:-((?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_CALVER = re.compile(r"v?((?:[0-9]{4}|[0-9]{2})(?:[.-][0-9]+){1,3})(?:[-.]?([A-Za-z][0-9A-Za-z.]*))?")
_INTEGER = re.compile(r"v?([0-9]+)")


class VersionError(ValueError):
    """A text that is no version of its scheme, or no range of versions."""


@dataclass(frozen=True, order=True)
class Version:
    """A version by its meaning: compares and hashes by ``key``, which is comparable within one scheme only.

    ``release`` holds the numbers as far as they were written."""

    key: tuple[Any, ...]
    text: str = field(compare=False)
    release: tuple[int, ...] = field(compare=False)
    prerelease: bool = field(compare=False)

    @property
    def core(self) -> tuple[Any, ...]:
        """What a version and its prereleases have in common."""
        return self.key[:2]


@dataclass(frozen=True)
class Scheme:
    """How versions are written and ordered. A version with fewer than ``parts`` numbers is a partial one: in a range
    it stands for every version that starts with it."""

    name: str
    parts: int
    example: str
    _parse: Callable[[str], Version | None] = field(repr=False)
    names: tuple[str, ...] = ()

    def parse(self, text: str) -> Version:
        """The meaning of a version's text. Raises VersionError."""
        version = self._parse(text) if len(text) <= MAX_LENGTH else None
        if version is None and self.names:
            raise VersionError(f"{text[:32]!r} is none of the names {', '.join(self.names)}; add it, in its place")
        if version is None:
            shown = text if len(text) <= MAX_LENGTH else f"{text[:32]}..."
            raise VersionError(f"{shown!r} is not a version ({self.name}); write it like {self.example}")
        return version


def release_key(epoch: int, release: tuple[int, ...], *, lowest: bool = False) -> tuple[Any, ...]:
    """The key of a plain release, or (``lowest``) a key below it and all its prereleases."""
    suffix: tuple[Any, ...] = _LOWEST if lowest else _FINAL
    return (epoch, _significant(release), suffix)


def _significant(release: tuple[int, ...]) -> tuple[int, ...]:
    """Without trailing zeros, so that 1.2 and 1.2.0 are equal."""
    end = len(release)
    while end and release[end - 1] == 0:
        end -= 1
    return release[:end]


def _semver(text: str) -> Version | None:
    match = _SEMVER.fullmatch(text)
    if match is None:
        return None
    release = tuple(int(part) for part in match.groups()[:3] if part is not None)
    before = match.group(4)
    suffix: tuple[Any, ...] = _FINAL if before is None else (0, _identifiers(before))
    return Version((0, _significant(release), suffix), text, release, before is not None)


def _identifiers(text: str) -> tuple[tuple[int, int, str], ...]:
    """Prerelease identifiers in the order of Semantic Versioning: numbers by value and before words."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in text.split("."))


def _pep440(text: str) -> Version | None:
    try:
        version = Pep440Version(text)
    except InvalidVersion:
        return None
    rest = str(version)[len(version.base_version) :]
    # Within one release the order is that of the suffixes alone, so it can be read off a release of 0.
    plain, suffixed = Pep440Version("0"), Pep440Version(f"0{rest}")
    suffix: tuple[Any, ...] = _FINAL if suffixed == plain else (0 if suffixed < plain else 2, suffixed)
    return Version((version.epoch, _significant(version.release), suffix), text, version.release, version.is_prerelease)


def _calver(text: str) -> Version | None:
    match = _CALVER.fullmatch(text)
    if match is None:
        return None
    release = tuple(int(part) for part in re.split(r"[.-]", match.group(1)))
    modifier = match.group(2)
    parts = re.findall(r"[0-9]+|[A-Za-z]+", modifier or "")
    before = (0, tuple((0, int(part), "") if part.isdigit() else (1, 0, part.lower()) for part in parts))
    return Version((0, _significant(release), before if modifier else _FINAL), text, release, bool(modifier))


def _integer(text: str) -> Version | None:
    match = _INTEGER.fullmatch(text)
    if match is None:
        return None
    release = (int(match.group(1)),)
    return Version(release_key(0, release), text, release, False)


SEMVER = Scheme("semver", 3, "1.4.2", _semver)
SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        "semver": SEMVER,
        "pep440": Scheme("pep440", 3, "1.4.2 or 2.0rc1", _pep440),
        "calver": Scheme("calver", 3, "2026.11.3 or 26.04", _calver),
        "integer": Scheme("integer", 1, "57", _integer),
    }
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


def named_scheme(names: tuple[str, ...]) -> Scheme:
    """A scheme whose versions are these names, oldest first. Raises VersionError for one that cannot be used."""
    for name in names:
        if not _NAME.fullmatch(name) or len(name) > MAX_LENGTH:
            raise VersionError(f"{name!r} cannot name a version; use letters, digits, dots, dashes and underscores")
        if names.count(name) > 1:
            raise VersionError(f"{name!r} stands in the list twice; keep one of them")
    if not names:
        raise VersionError("the list of names is empty; name the versions, oldest first")
    places = {name: index for index, name in enumerate(names)}

    def parse(text: str) -> Version | None:
        index = places.get(text)
        return None if index is None else Version(release_key(0, (index + 1,)), text, (index + 1,), False)

    return Scheme("names", 1, names[-1], parse, names)
