"""Ranges of versions, in one grammar for every scheme.

==================  ==========================================================================================
range               versions
==================  ==========================================================================================
``*``               any version
``1.2.3``, ``=``    exactly this version; a partial one stands for all that start with it: ``1.2`` is 1.2.0, 1.2.7 ...
``1.2.x``           the same as ``1.2``; so is ``1.2.*``
``^1.2.3``          up to the next change of the left-most number that is not 0: >=1.2.3 and below 2
``~1.2.3``          >=1.2.3 and below 1.3; ``~1`` is all of 1
``>=1.2``, ``<3``   bounds; with a partial version, ``>1.2`` starts after all of 1.2, and ``<=1.2`` ends after it
``1.0 - 2.0``       from 1.0 up to and with 2.0 (all of 2.0, as it is partial); the spaces are needed
``A B``, ``A, B``   both
``A || B``          either
``{A, B}``          one of this set; the same as ``A || B``
==================  ==========================================================================================

**Prereleases** lie in a range only where the same alternative names a prerelease of the very same release:
``>=2.0.0-rc.1`` takes 2.0.0-rc.2 and 2.1.0, but not 2.1.0-rc.1; ``*`` and ``>=2`` take none. Somebody who needs an
unfinished version says so. Where a range says what is *forbidden* (``incompatible``), or what a migration removes, they
count by their place in the order: ``<2`` forbids 2.0.0-rc.1 too.

Versions of interfaces and of formats of data are semver, where ``3`` and ``2.4`` are complete versions, unless an
Interface manifest says otherwise. An ordered list of names knows no ``^`` and no ``~``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from convoy.manifest.schemes import SCHEMES, SEMVER, Scheme, Version, VersionError, named_scheme, release_key

__all__ = [
    "SCHEMES",
    "SEMVER",
    "Range",
    "Scheme",
    "SchemeSpec",
    "Version",
    "VersionError",
    "in_range",
    "parse_range",
    "scheme_of",
]

SchemeSpec = str | tuple[str, ...]
"""A scheme as plain data: its name, or the names of its versions, oldest first."""

MAX_RANGE_LENGTH = 512
_HYPHEN = re.compile(r"(\S+)\s+-\s+(\S+)")
_COMPARATOR = re.compile(r"(\^|~|>=|>|<=|<|=)?\s*([^\s,^~<>=|!][^\s,^~<>=|]*)[\s,]*")
_WILD = re.compile(r"(?:\.[xX*])+")


@dataclass(frozen=True)
class _Interval:
    """One alternative of a range: everything from ``low`` to ``high`` (None: no bound), as keys of versions.

    ``named`` holds the releases of which a prerelease was written down."""

    low: tuple[Any, ...] | None = None
    high: tuple[Any, ...] | None = None
    low_included: bool = True
    high_included: bool = False
    named: frozenset[tuple[Any, ...]] = frozenset()

    def contains(self, version: Version, prereleases: bool) -> bool:
        if version.prerelease and not prereleases and version.core not in self.named:
            return False
        if self.low is not None and not (version.key > self.low or (self.low_included and version.key == self.low)):
            return False
        return self.high is None or version.key < self.high or (self.high_included and version.key == self.high)

    def both(self, other: _Interval) -> _Interval:
        low, low_included = self.low, self.low_included
        if other.low is not None and (low is None or other.low >= low):
            low_included = other.low_included and (low != other.low or low_included)
            low = other.low
        high, high_included = self.high, self.high_included
        if other.high is not None and (high is None or other.high <= high):
            high_included = other.high_included and (high != other.high or high_included)
            high = other.high
        return _Interval(low, high, low_included, high_included, self.named | other.named)

    @property
    def empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and not (self.low_included and self.high_included))


@dataclass(frozen=True)
class Range:
    """A set of versions of one scheme."""

    text: str
    scheme: Scheme
    intervals: tuple[_Interval, ...]

    def contains(self, version: str | Version, *, prereleases: bool = False) -> bool:
        """Whether a version lies in the range. Raises VersionError for a text that is no version of the scheme.

        ``prereleases``: those count by their place in the order, as they must where a range says what is forbidden."""
        parsed = self.scheme.parse(version) if isinstance(version, str) else version
        return any(interval.contains(parsed, prereleases) for interval in self.intervals)


def parse_range(text: str, scheme: Scheme = SEMVER) -> Range:
    """The range that a text means. Raises VersionError: not a range, or one that no version can lie in."""
    if len(text) > MAX_RANGE_LENGTH:
        raise VersionError(f"a range has at most {MAX_RANGE_LENGTH} characters, this has {len(text)}")
    intervals = []
    for alternative in _alternatives(text):
        interval = _alternative(alternative.strip(), text, scheme)
        if interval.empty:
            raise VersionError(
                f"no version can lie in {alternative.strip()!r}: it ends before it starts; correct a bound"
            )
        intervals.append(interval)
    return Range(text, scheme, tuple(intervals))


def _alternatives(text: str) -> list[str]:
    """What stands between ``||``, with sets taken apart."""
    found: list[str] = []
    for part in text.split("||"):
        inner = part.strip()
        if inner.startswith("{") and inner.endswith("}"):
            found += inner[1:-1].split(",")
        else:
            found.append(part)
    return found


@lru_cache(maxsize=256)
def scheme_of(spec: SchemeSpec) -> Scheme:
    """The scheme that plain data stands for. Raises VersionError for an unknown name, or names that cannot be used."""
    if isinstance(spec, tuple):
        return named_scheme(spec)
    if spec not in SCHEMES:
        raise VersionError(f"{spec!r} is no version scheme; there are {', '.join(SCHEMES)}")
    return SCHEMES[spec]


@lru_cache(maxsize=16384)
def _parsed(text: str, spec: SchemeSpec) -> Range:
    return parse_range(text, scheme_of(spec))


def in_range(text: str, version: str, spec: SchemeSpec = "semver", *, prereleases: bool = False) -> bool:
    """Whether a version lies in a range, both of one scheme. Raises VersionError for either.

    ``prereleases``: see :meth:`Range.contains`."""
    return _parsed(text, spec).contains(version, prereleases=prereleases)


def _alternative(text: str, whole: str, scheme: Scheme) -> _Interval:
    if not text:
        if not whole.strip():
            raise VersionError("a range is empty; for any version write *")
        raise VersionError(f"{whole!r} is not a range: an alternative is empty; complete or delete it")
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen:
        return _comparator(">=", hyphen.group(1), scheme).both(_comparator("<=", hyphen.group(2), scheme))
    interval = _Interval()
    position = 0
    while position < len(text):
        match = _COMPARATOR.match(text, position)
        if match is None:
            raise VersionError(
                f"{whole!r} is not a range: cannot read {text[position:]!r}; "
                "a range is made of ^1.2, ~1.2.3, >=1, >1, <=2, <2, =1.2.3, 1.0 - 2.0, *, and || for either"
            )
        interval = interval.both(_comparator(match.group(1) or "=", match.group(2), scheme))
        position = match.end()
    return interval


def _comparator(operator: str, operand: str, scheme: Scheme) -> _Interval:
    if operand == "*" or (operand in ("x", "X") and not scheme.names):
        if operator != "=":
            raise VersionError(f"{operator}{operand} is not a range; for any version write *")
        return _Interval()
    wild = None if scheme.names else _WILD.search(operand)
    if wild and operand[: wild.start()].count(".") + 1 >= scheme.parts:
        raise VersionError(f"{operand!r} has more parts than a version; write it like {scheme.example}")
    version = scheme.parse(operand[: wild.start()] if wild and wild.end() == len(operand) else operand)
    partial = len(version.release) < scheme.parts and not version.prerelease
    named = frozenset({version.core}) if version.prerelease else frozenset()
    low = version.key
    after = _after(version, len(version.release) - 1)
    if operator == ">=":
        return _Interval(low=low, named=named)
    if operator == "<":
        return _Interval(high=low, named=named)
    if operator == ">":
        return _Interval(low=_start(after)) if partial else _Interval(low=low, low_included=False, named=named)
    if operator == "<=":
        return _Interval(high=after) if partial else _Interval(high=low, high_included=True, named=named)
    if operator in ("^", "~") and scheme.names:
        raise VersionError(f"{operator}{operand} is not a range of names; write >={operand}, or the names themselves")
    if operator == "^":
        return _Interval(low=low, high=_after(version, _leading(version.release)), named=named)
    if operator == "~":
        return _Interval(low=low, high=_after(version, min(1, len(version.release) - 1)), named=named)
    if partial:
        return _Interval(low=low, high=after)
    return _Interval(low=low, high=low, high_included=True, named=named)


def _start(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """The plain release that a key of :func:`_after` stands in front of."""
    return release_key(key[0], key[1])


def _leading(release: tuple[int, ...]) -> int:
    """The index of the left-most number that is not 0; of the last one where all are."""
    return next((index for index, number in enumerate(release) if number), len(release) - 1)


def _after(version: Version, index: int) -> tuple[Any, ...]:
    """The key below everything that has a greater number at ``index``, prereleases included."""
    release = (*version.release[:index], version.release[index] + 1)
    return release_key(version.key[0], release, lowest=True)
