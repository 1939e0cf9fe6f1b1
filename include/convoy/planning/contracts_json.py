"""The planner's input as JSON and back, so that preflight can prove a plan again long after it was made.

Everything that has its default value is left out. Reading follows the types of the fields.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from convoy.planning.contracts import ComponentContract, Contracts, Release

_T = TypeVar("_T")


def contracts_to_dict(contracts: Contracts) -> dict[str, Any]:
    """As JSON, the components in a list sorted by name."""
    document: dict[str, Any] = _compact(contracts)
    components = [_component(contracts.components[name]) for name in sorted(contracts.components)]
    return {**document, "components": components}


def contracts_from_dict(data: Mapping[str, Any]) -> Contracts:
    """From JSON. Raises KeyError, TypeError or ValueError where the shape is another."""
    components = {item["name"]: item for item in data["components"]}
    return _build(Contracts, {**data, "components": components})


def _component(component: ComponentContract) -> dict[str, Any]:
    compact: dict[str, Any] = _compact(component)
    # A release without any contract is not the same as no release at all.
    for key, release in (("current", component.current), ("target", component.target)):
        if release is not None:
            compact[key] = _compact(release)
    return compact


def _compact(value: Any) -> Any:
    """Dataclasses as dictionaries without the fields that have their default value."""
    if is_dataclass(value):
        compact = {}
        for field in fields(value):
            item = getattr(value, field.name)
            default = field.default_factory() if field.default_factory is not MISSING else field.default
            if item != default or (field.default is MISSING and field.default_factory is MISSING):
                compact[field.name] = _compact(item)
        return compact
    if isinstance(value, Mapping):
        return {key: _compact(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_compact(item) for item in value]
    return value


@lru_cache(maxsize=64)
def _types(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def _build(cls: type[_T], data: Mapping[str, Any]) -> _T:
    expected = _types(cls)  # type: ignore[arg-type]
    unknown = sorted(set(data) - set(expected))
    if unknown:
        raise ValueError(f"{cls.__name__} has no {', '.join(unknown)}")
    values = {name: _read(expected[name], item) for name, item in data.items()}
    if cls is Release:
        values.setdefault("version", None)
    return cls(**values)


def _read(expected: Any, value: Any) -> Any:
    origin = get_origin(expected)
    if origin in (Union, types.UnionType):
        if value is None or isinstance(value, (str, bool)):
            return value
        members = [m for m in get_args(expected) if is_dataclass(m) or get_origin(m) is tuple]
        return _read(members[0], value) if members else value
    if is_dataclass(expected):
        return _build(expected, value)  # type: ignore[arg-type]
    if origin is tuple:
        return tuple(_read(get_args(expected)[0], item) for item in value)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _read(get_args(expected)[1], item) for key, item in value.items()}
    return float(value) if expected is float else value
