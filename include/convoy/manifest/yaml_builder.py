"""From the events of the YAML parser to nodes with positions, within bounds.

Builds with a stack of its own, so that a deeply nested file ends in an error and not in a crash, and counts what
aliases would expand to before anything walks through it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import yaml

from convoy.manifest.diagnostics import did_you_mean
from convoy.manifest.yaml_nodes import Entry, MappingNode, Node, Position, ScalarNode, SequenceNode
from convoy.manifest.yaml_scalars import NotFinite, plain_scalar

MAX_DEPTH = 40
"""How deep mappings and lists may be nested; manifests need about ten."""
MAX_NODES = 100_000
"""How many values one document may have, those repeated by aliases included."""

_CORE = "tag:yaml.org,2002:"
_HARMLESS_TAGS = frozenset({"!", f"{_CORE}str", f"{_CORE}map", f"{_CORE}seq"})
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Report = Callable[[Position, str, str, str], None]
"""Takes position, code, message and hint of an error."""


class TooMuch(Exception):
    """The rest of the document is not read; the reason was reported."""


@dataclass
class _Open:
    """A mapping or list that is being built."""

    position: Position
    is_mapping: bool
    anchor: str | None
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    key: tuple[str, Position] | None = None
    awaits_value: bool = False
    size: int = 1


class Builder:
    """Builds the documents of one text."""

    def __init__(self, report: Report, line_offset: int) -> None:
        self._report = report
        self._offset = line_offset
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._root: Node | None = None
        self._nodes = 0

    def documents(self, text: str) -> Iterator[tuple[Position, Node]]:
        """The documents of the text that are not empty. Raises yaml.YAMLError, TooMuch."""
        events: Iterable[yaml.Event] = yaml.parse(text, Loader=_LOADER)
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._stack, self._anchors, self._root, self._nodes = [], {}, None, 0
            elif isinstance(event, yaml.DocumentEndEvent):
                if self._root is not None and not self._is_empty(self._root):
                    yield self._root.position, self._root
            elif isinstance(event, yaml.NodeEvent):
                self._node(event)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                self._close()

    @staticmethod
    def _is_empty(node: Node) -> bool:
        return isinstance(node, ScalarNode) and node.value is None

    def _position(self, event: yaml.Event) -> Position:
        mark = event.start_mark
        assert mark is not None
        return Position(mark.line + 1 + self._offset, mark.column + 1)

    def _node(self, event: yaml.NodeEvent) -> None:
        position = self._position(event)
        if isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor), position)
            return
        tag: str | None = getattr(event, "tag", None)
        if tag is not None and tag not in _HARMLESS_TAGS:
            shown = tag.replace(_CORE, "!!")
            self._report(position, "unknown-tag", f"manifests have no tags, and this is tagged {shown}", "delete it")
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, position)
            if event.anchor:
                self._anchors[event.anchor] = (node, 1)
            self._add(node, 1)
            return
        if len(self._stack) >= MAX_DEPTH:
            self._stop(position, f"the document is nested deeper than {MAX_DEPTH} levels")
        if self._awaits_key():
            self._report(position, "key-not-text", "a key is text, not a list or mapping", "write the key as text")
        self._stack.append(_Open(position, isinstance(event, yaml.MappingStartEvent), event.anchor))

    def _scalar(self, event: yaml.ScalarEvent, position: Position) -> ScalarNode:
        plain = event.implicit[0] and event.tag is None
        if not plain:
            return ScalarNode(event.value, position)
        if self._awaits_key():
            return self._key(event.value, position)
        try:
            return ScalarNode(plain_scalar(event.value), position)
        except NotFinite:
            self._report(position, "not-finite", f"{event.value} is not a finite number", "give a number")
            return ScalarNode(event.value, position)

    def _key(self, text: str, position: Position) -> ScalarNode:
        """An unquoted key. Numbers are taken as they are spelled, as keys are often versions."""
        if text == "<<":
            self._report(
                position,
                "merge-key",
                "merge keys (<<) are not a part of YAML 1.2",
                "write the keys out, or use defaults",
            )
        else:
            try:
                value = plain_scalar(text)
            except NotFinite:
                value = text
            if value is None or isinstance(value, bool):
                shown = text or "nothing"
                self._report(position, "key-not-text", f"a key is text, not {shown}", f'put it in quotes: "{text}"')
        return ScalarNode(text, position)

    def _alias(self, anchor: str, position: Position) -> None:
        if any(opened.anchor == anchor for opened in self._stack):
            self._report(position, "alias", f"*{anchor} stands inside of what it repeats", "write the value out")
            self._add(ScalarNode(None, position), 1)
        elif anchor not in self._anchors:
            hint = did_you_mean(anchor, self._anchors, otherwise=f"mark the value to repeat with &{anchor}")
            self._report(position, "alias", f"*{anchor} repeats a value that no &{anchor} marks", hint)
            self._add(ScalarNode(None, position), 1)
        else:
            node, size = self._anchors[anchor]
            if self._awaits_key() and not isinstance(node, ScalarNode):
                self._report(position, "key-not-text", "a key is text, not a list or mapping", "write the key as text")
            self._add(node, size, at=position)

    def _awaits_key(self) -> bool:
        return bool(self._stack) and self._stack[-1].is_mapping and not self._stack[-1].awaits_value

    def _add(self, node: Node, size: int, at: Position | None = None) -> None:
        self._nodes += size
        if self._nodes > MAX_NODES:
            self._stop(
                at or node.position,
                f"the document has more than {MAX_NODES} values, those repeated by aliases included",
            )
        if not self._stack:
            self._root = node
            return
        parent = self._stack[-1]
        parent.size += size
        if not parent.is_mapping:
            parent.items.append(node)
        elif parent.awaits_value:
            self._entry(parent, node)
        else:
            # What is no text was reported; it is left out together with its value.
            usable = isinstance(node, ScalarNode) and isinstance(node.value, (str, int, float))
            parent.key = (_spelling(node), at or node.position) if usable else None
            parent.awaits_value = True

    def _entry(self, parent: _Open, node: Node) -> None:
        parent.awaits_value = False
        if parent.key is None:
            return
        key, position = parent.key
        if key in parent.entries:
            first = parent.entries[key].key_position
            self._report(
                position,
                "duplicate-key",
                f"{key} stands here a second time; the first is in line {first.line}, column {first.column}",
                "keep one of them",
            )
        elif key != "<<":
            parent.entries[key] = Entry(position, node)

    def _close(self) -> None:
        opened = self._stack.pop()
        node: Node
        if opened.is_mapping:
            node = MappingNode(opened.entries, opened.position)
        else:
            node = SequenceNode(tuple(opened.items), opened.position)
        if opened.anchor:
            self._anchors[opened.anchor] = (node, opened.size)
        # The parts were counted one by one already.
        self._nodes -= opened.size - 1
        self._add(node, opened.size)

    def _stop(self, position: Position, reason: str) -> None:
        self._report(position, "too-much", reason, "split it, or write it flatter")
        raise TooMuch(reason)


def _spelling(node: Node) -> str:
    value = node.value if isinstance(node, ScalarNode) else None
    return str(getattr(value, "raw", value))
