"""Values of other tools' YAML files, each with the place where it stands and where it is referred to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Scalar = str | int | float | bool | None


@dataclass(frozen=True, eq=False)
class Value:
    """A scalar, a list or a mapping. ``place`` is its own place, ``at`` that of its key or list entry.

    The two are far apart where an alias or a merge key brings the value: ``at`` is then where it is used."""

    content: Scalar | tuple[Value, ...] | Mapping[str, Value]
    place: str
    at: str
    tag: str | None = None
    """A tag that is not YAML's own, for example ``!reset``."""
    size: int = 1
    """How many values it has, itself and those that aliases repeat included."""

    @property
    def mapping(self) -> Mapping[str, Value]:
        """The entries; none where this is no mapping."""
        return self.content if isinstance(self.content, Mapping) else {}

    @property
    def items(self) -> tuple[Value, ...]:
        """The items; none where this is no list."""
        return self.content if isinstance(self.content, tuple) else ()

    @property
    def is_mapping(self) -> bool:
        """Whether this is a mapping."""
        return isinstance(self.content, Mapping)

    @property
    def is_list(self) -> bool:
        """Whether this is a list."""
        return isinstance(self.content, tuple)

    @property
    def is_null(self) -> bool:
        """Whether this is nothing."""
        return self.content is None

    @property
    def text(self) -> str | None:
        """A scalar as the file spells it; None for nothing, a list or a mapping."""
        if self.content is None or isinstance(self.content, (tuple, Mapping)):
            return None
        if isinstance(self.content, bool):
            return str(self.content).lower()
        return str(getattr(self.content, "raw", self.content))

    def get(self, *path: str | int) -> Value | None:
        """What a path of keys and indexes leads to; None where it ends early."""
        found: Value | None = self
        for part in path:
            if found is None:
                return None
            if isinstance(part, int):
                found = found.items[part] if 0 <= part < len(found.items) else None
            else:
                found = found.mapping.get(part)
        return found

    def text_at(self, *path: str | int) -> str | None:
        """The text that a path leads to, if it leads to one."""
        found = self.get(*path)
        return found.text if found is not None else None

    def used_at(self, at: str) -> Value:
        """The same value, used at another place."""
        return self if at == self.at else replace(self, at=at)

    def data(self) -> Any:
        """Plain data: dict, list, text, numbers, truth values, None."""
        if isinstance(self.content, Mapping):
            return {key: value.data() for key, value in self.content.items()}
        if isinstance(self.content, tuple):
            return [item.data() for item in self.content]
        return self.content

    def walk(self) -> Iterator[Value]:
        """This value and everything below it."""
        todo = [self]
        while todo:
            value = todo.pop()
            yield value
            todo += reversed([*value.items, *value.mapping.values()])


@dataclass(frozen=True)
class ForeignDocument:
    """One document of a file."""

    file: str
    root: Value

    @property
    def data(self) -> Any:
        """The document as plain data."""
        return self.root.data()

    def locate(self, path: Sequence[str | int] = ()) -> str:
        """``file:line:col`` of the key or list entry that a path leads to, as far as it exists."""
        found = self.root
        for part in path:
            below = found.get(part)
            if below is None:
                break
            found = below
        return found.at
