"""Two collections side by side: what both have, and what only one of them has."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import TypeVar

_T = TypeVar("_T")
_K = TypeVar("_K", bound=Hashable)


def in_pairs(old: Mapping[_K, _T], new: Mapping[_K, _T]) -> Iterator[tuple[_K, _T | None, _T | None]]:
    """Every key of both in order, with what each side has under it."""
    for key in sorted({*old, *new}, key=str):
        yield key, old.get(key), new.get(key)


def only_one_has(old: Iterable[str], new: Iterable[str]) -> Iterator[tuple[str | None, str | None]]:
    """The sentences that only one side has, in pairs as far as they go: what changed, what is gone, what is new."""
    was, now = list(old), list(new)
    return zip_longest(_without(was, now), _without(now, was))


def grouped(items: Iterable[_T], key: Callable[[_T], _K], words: Callable[[_T], str]) -> dict[_K, list[str]]:
    """What is said about each key; something may be said twice."""
    found: defaultdict[_K, list[str]] = defaultdict(list)
    for item in items:
        found[key(item)].append(words(item))
    return dict(found)


def _without(some: list[str], others: list[str]) -> list[str]:
    """Each as many times as it is among these more often than among those."""
    return sorted((Counter(some) - Counter(others)).elements())
