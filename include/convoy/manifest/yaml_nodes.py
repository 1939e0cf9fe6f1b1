"""YAML values that know where they were written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

Path = Sequence["str | int"]
"""Keys and list indexes that lead from a document to one of its values."""


class Position(NamedTuple):
    """A place in a file; both count from 1."""

    line: int
    column: int


class WrittenInt(int):
    """A whole number that remembers its spelling: a version written ``010`` is not 10."""

    raw: str

    def __new__(cls, value: int, raw: str) -> WrittenInt:
        """The number, and its spelling."""
        number = super().__new__(cls, value)
        number.raw = raw
        return number


class WrittenFloat(float):
    """A number that remembers its spelling: a version written ``1.10`` is not 1.1."""

    raw: str

    def __new__(cls, value: float, raw: str) -> WrittenFloat:
        """The number, and its spelling."""
        number = super().__new__(cls, value)
        number.raw = raw
        return number


@dataclass(frozen=True)
class ScalarNode:
    """Text, a number, a truth value or null."""

    value: str | WrittenInt | WrittenFloat | bool | None
    position: Position

    def data(self) -> Any:
        """The value as plain data."""
        return self.value


@dataclass(frozen=True)
class SequenceNode:
    """A list."""

    items: tuple[Node, ...]
    position: Position

    def data(self) -> list[Any]:
        """The value as plain data."""
        return [item.data() for item in self.items]


class Entry(NamedTuple):
    """One entry of a mapping."""

    key_position: Position
    node: Node


@dataclass(frozen=True)
class MappingNode:
    """A mapping with text keys."""

    entries: Mapping[str, Entry]
    position: Position

    def data(self) -> dict[str, Any]:
        """The value as plain data."""
        return {key: entry.node.data() for key, entry in self.entries.items()}


Node = ScalarNode | SequenceNode | MappingNode


class Found(NamedTuple):
    """The nearest thing to a path: ``depth`` of its parts exist. ``key`` is where the last one's key stands."""

    node: Node
    key: Position
    depth: int


def find(root: Node, path: Path) -> Found:
    """Follow a path as far as it exists."""
    found = Found(root, root.position, 0)
    for part in path:
        node = found.node
        if isinstance(node, MappingNode) and isinstance(part, str) and part in node.entries:
            entry = node.entries[part]
            found = Found(entry.node, entry.key_position, found.depth + 1)
        elif isinstance(node, SequenceNode) and isinstance(part, int) and 0 <= part < len(node.items):
            item = node.items[part]
            found = Found(item, item.position, found.depth + 1)
        else:
            break
    return found
