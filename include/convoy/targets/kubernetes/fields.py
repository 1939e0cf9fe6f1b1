"""Fields of an object by path: reading, setting, and the body of a server-side apply. Pure.

A path is a sequence of steps: a key, or an :class:`Item` of a list by its ``name`` (containers, variables).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

NAMED_LISTS = ("containers", "initContainers", "env")
"""Lists whose items server-side apply tells apart by name. Every other list is one value here."""


@dataclass(frozen=True)
class Item:
    """The item of a list that has this name."""

    name: str


@dataclass(frozen=True)
class _Absent:
    def __deepcopy__(self, memo: object) -> _Absent:
        return self

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()
"""The value of a field that does not exist."""

Path = tuple[str | Item, ...]
Fields = dict[Path, Any]


def read(value: Any, path: Path) -> Any:
    """The value at a path, or ABSENT."""
    for step in path:
        if isinstance(step, Item):
            items = value if isinstance(value, list) else []
            value = next((i for i in items if isinstance(i, Mapping) and i.get("name") == step.name), ABSENT)
        else:
            value = value.get(step, ABSENT) if isinstance(value, Mapping) else ABSENT
        if value is ABSENT:
            return ABSENT
    return value


def write(value: dict[str, Any], path: Path, new: Any) -> None:
    """Set the value at a path, or remove it (ABSENT), making what leads to it. An emptied list or mapping goes too."""
    *before, last = path
    trail: list[tuple[Any, str | Item]] = []
    place: Any = value
    for step, following in zip(before, [*before[1:], last], strict=True):
        trail.append((place, step))
        found = read(place, (step,))
        if found is ABSENT or found is None:
            if new is ABSENT:
                return
            found = {"name": step.name} if isinstance(step, Item) else [] if isinstance(following, Item) else {}
            _put(place, step, found)
        place = found
    _put(place, last, deepcopy(new))
    while new is ABSENT and trail and not place and not isinstance(trail[-1][1], Item):
        place, step = trail.pop()
        _put(place, step, ABSENT)


def _put(place: Any, step: str | Item, new: Any) -> None:
    if isinstance(step, str):
        if new is ABSENT:
            place.pop(step, None)
        else:
            place[step] = new
        return
    at = next((n for n, item in enumerate(place) if item.get("name") == step.name), None)
    if new is ABSENT:
        if at is not None:
            del place[at]
    elif at is None:
        place.append(new)
    else:
        place[at] = new


def body_of(fields: Mapping[Path, Any]) -> dict[str, Any]:
    """The smallest object that has these fields: what server-side apply is sent."""
    body: dict[str, Any] = {}
    for path, value in fields.items():
        write(body, path, value)
    return body


def leaves(value: Mapping[str, Any], prefix: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every field of a nested mapping that has no fields of its own."""
    for key, inner in value.items():
        path = (*prefix, key)
        if isinstance(inner, Mapping) and inner:
            yield from leaves(inner, path)
        elif key in NAMED_LISTS and isinstance(inner, list) and inner and all(_named(item) for item in inner):
            for item in inner:
                at = (*path, Item(item["name"]))
                if key == "env":
                    yield at, item
                else:
                    yield (*at, "name"), item["name"]
                    yield from leaves({k: v for k, v in item.items() if k != "name"}, at)
        else:
            yield path, inner


def values_at(value: Any, paths: Iterable[Path]) -> Fields:
    """What stands at paths."""
    return {path: plain(read(value, path)) for path in paths}


def plain(value: Any) -> Any:
    """A value as the API server keeps it: an empty variable has no ``value`` there."""
    if isinstance(value, Mapping) and value.get("value") == "" and "name" in value:
        return {k: v for k, v in value.items() if k != "value"}
    return value


def digest(fields: Mapping[Path, Any]) -> str:
    """Short, and the same for the same values at the same paths."""
    lines = sorted(json.dumps([to_json(path), _shown(plain(value))], sort_keys=True) for path, value in fields.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def to_json(path: Path) -> list[Any]:
    """A path as JSON."""
    return [{"name": step.name} if isinstance(step, Item) else step for step in path]


def from_json(steps: Sequence[Any]) -> Path:
    """A path from JSON. Raises KeyError, TypeError."""
    return tuple(step if isinstance(step, str) else Item(str(step["name"])) for step in steps)


def dotted(path: Path) -> str:
    """A path for people: ``spec.template.spec.containers[main].image``."""
    text = ""
    for step in path:
        text += f"[{step.name}]" if isinstance(step, Item) else f".{step}"
    return text.lstrip(".")


def _named(item: Any) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("name"), str)


def _shown(value: Any) -> Any:
    return {"absent": True} if value is ABSENT else {"value": value}
