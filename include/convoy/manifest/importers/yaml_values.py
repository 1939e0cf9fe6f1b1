"""From the events of the YAML parser to values with places: merge keys resolved, tags kept, sizes bounded.

Builds with a stack of its own, so that a deeply nested file ends in a finding and not in a crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from convoy.manifest.importers.base import Finding
from convoy.manifest.importers.foreign import Scalar, Value
from convoy.manifest.yaml_scalars import NotFinite, plain_scalar

MAX_DEPTH = 120
"""How deep mappings and lists may be nested."""
MAX_VALUES = 500_000
"""How many values one document may have, those repeated by aliases included."""

_MERGE = "<<"
_CORE = ("tag:yaml.org,2002:", "!!")


class TooMuch(Exception):
    """The document is not read; the reason was reported."""


@dataclass
class _Open:
    """A mapping or list that is being built."""

    place: str
    is_mapping: bool
    anchor: str | None
    tag: str | None
    items: list[Value] = field(default_factory=list)
    entries: dict[str, Value] = field(default_factory=dict)
    merged: list[Value] = field(default_factory=list)
    key: tuple[str, str, bool] | None = None
    awaits_value: bool = False


class ValueBuilder:
    """Builds the documents of one text."""

    def __init__(self, file: str, line_offset: int, findings: list[Finding]) -> None:
        self._file = file
        self._offset = line_offset
        self._findings = findings
        self._stack: list[_Open] = []
        self._anchors: dict[str, Value] = {}
        self._root: Value | None = None
        self._count = 0

    def documents(self, events: Iterable[yaml.Event]) -> Iterator[Value]:
        """The documents. Raises yaml.YAMLError, TooMuch."""
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._stack, self._anchors, self._root, self._count = [], {}, None, 0
            elif isinstance(event, yaml.DocumentEndEvent):
                if self._root is not None:
                    yield self._root
            elif isinstance(event, yaml.NodeEvent):
                self._node(event)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                self._close()

    def _place(self, event: yaml.Event) -> str:
        mark = event.start_mark
        assert mark is not None
        return f"{self._file}:{mark.line + 1 + self._offset}:{mark.column + 1}"

    def _node(self, event: yaml.NodeEvent) -> None:
        place = self._place(event)
        if isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor), place)
            return
        tag: str | None = getattr(event, "tag", None)
        own = tag if tag is not None and tag != "!" and not tag.startswith(_CORE) else None
        if isinstance(event, yaml.ScalarEvent):
            if "\0" in event.value:
                message = "the character U+0000 can stand in no name and no path; the text is taken as empty"
                self._findings.append(Finding("error", place, "control-character", message, "delete it"))
                event.value = ""
            plain = event.implicit[0] and tag is None
            value = Value(_scalar(event.value) if plain else event.value, place, place, own)
            if event.anchor:
                self._anchors[event.anchor] = value
            self._add(value, plain)
            return
        if len(self._stack) >= MAX_DEPTH:
            self._stop(place, f"the document is nested deeper than {MAX_DEPTH} levels")
        self._stack.append(_Open(place, isinstance(event, yaml.MappingStartEvent), event.anchor, own))

    def _alias(self, anchor: str, place: str) -> None:
        if anchor in self._anchors and not any(opened.anchor == anchor for opened in self._stack):
            self._add(self._anchors[anchor].used_at(place))
            return
        inside = any(opened.anchor == anchor for opened in self._stack)
        problem = "stands inside of what it repeats" if inside else f"repeats what no &{anchor} marks"
        self._findings.append(Finding("error", place, "alias", f"*{anchor} {problem}", "write the value out"))
        self._add(Value(None, place, place))

    def _add(self, value: Value, plain: bool = False) -> None:
        self._count += value.size
        if self._count > MAX_VALUES:
            self._stop(value.at, f"the document has more than {MAX_VALUES} values, those repeated by aliases included")
        if not self._stack:
            self._root = value
            return
        parent = self._stack[-1]
        if not parent.is_mapping:
            parent.items.append(value)
        elif parent.awaits_value:
            parent.awaits_value = False
            if parent.key is not None:
                self._entry(parent, *parent.key, value)
        else:
            parent.awaits_value = True
            parent.key = self._key(value, plain)

    def _key(self, value: Value, plain: bool) -> tuple[str, str, bool] | None:
        if isinstance(value.content, (tuple, Mapping)):
            message = "a key is text, not a list or mapping; it is left out with its value"
            self._findings.append(Finding("warning", value.at, "key-not-text", message, "write the key as text"))
            return None
        return value.text or "", value.at, plain and value.text == _MERGE

    def _entry(self, parent: _Open, key: str, at: str, is_merge: bool, value: Value) -> None:
        if is_merge:
            for source in value.items or (value,):
                if source.is_mapping:
                    parent.merged.append(source)
                else:
                    message = "a merge key (<<) takes a mapping or a list of mappings"
                    hint = "repeat a mapping: <<: *name"
                    self._findings.append(Finding("error", source.at, "merge-key", message, hint))
        elif key in parent.entries:
            message = f"{key} stands here a second time; the first is at {parent.entries[key].at}, and counts"
            self._findings.append(Finding("error", at, "duplicate-key", message, "keep one of them"))
        else:
            parent.entries[key] = value.used_at(at)

    def _close(self) -> None:
        opened = self._stack.pop()
        content: tuple[Value, ...] | Mapping[str, Value]
        if opened.is_mapping:
            entries = opened.entries
            for source in opened.merged:
                # An entry of the mapping's own wins, and of several merged mappings the first.
                for key, value in source.mapping.items():
                    entries.setdefault(key, value)
            content, parts = entries, list(entries.values())
        else:
            content, parts = tuple(opened.items), opened.items
        value = Value(content, opened.place, opened.place, opened.tag, 1 + sum(part.size for part in parts))
        if opened.anchor:
            self._anchors[opened.anchor] = value
        # The parts were counted one by one already.
        self._count -= sum(part.size for part in parts)
        self._add(value)

    def _stop(self, place: str, reason: str) -> None:
        self._findings.append(Finding("error", place, "too-much", reason, "split it, or write it flatter"))
        raise TooMuch(reason)


def _scalar(text: str) -> Scalar:
    try:
        return plain_scalar(text)
    except NotFinite:
        return text
