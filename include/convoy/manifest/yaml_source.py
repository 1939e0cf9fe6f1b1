"""Reading a file of manifests: bytes to documents, every problem with its place.

A file is read document by document, so that a syntax error in one does not hide the others. What can still be read
from a broken document is kept: its kind, its name, its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from convoy.manifest.diagnostics import Diagnostic, Severity
from convoy.manifest.yaml_builder import Builder, TooMuch
from convoy.manifest.yaml_errors import explain
from convoy.manifest.yaml_nodes import MappingNode, Position, ScalarNode

MAX_BYTES = 1024 * 1024
"""Largest file that is read."""
MAX_DOCUMENTS = 5000
"""Most documents in one file."""

_MARKER = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_DIRECTIVE = re.compile(r"^%.*", re.MULTILINE)
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_KIND = re.compile(r"^(?:--- *)?[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?([A-Za-z]+)", re.MULTILINE)
_NAME = re.compile(r"^(?:--- *)?[\"']?name[\"']?[ \t]*:[ \t]*[\"']?([A-Za-z0-9._-]+)", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """One document. ``root`` is None where it could not be read; ``diagnostics`` are the problems in its YAML."""

    file: str
    position: Position
    text: str
    root: MappingNode | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def kind(self) -> str | None:
        """The kind, as far as it can be read."""
        return self._word("kind", _KIND)

    @property
    def name(self) -> str | None:
        """The name, as far as it can be read."""
        return self._word("name", _NAME)

    def _word(self, key: str, pattern: re.Pattern[str]) -> str | None:
        if self.root is not None:
            entry = self.root.entries.get(key)
            value = entry.node.value if entry and isinstance(entry.node, ScalarNode) else None
            return value if isinstance(value, str) else None
        match = pattern.search(self.text)
        return match.group(1) if match else None


def read_file(path: Path, shown: str) -> Iterator[Document]:
    """The documents of a file. ``shown`` is its name in diagnostics. Never raises for what is in the file."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or repr(error)
        yield _unreadable(shown, "", Position(0, 0), "unreadable", f"cannot be read: {reason}", "check its permissions")
        return
    yield from read_bytes(content, shown)


def read_bytes(content: bytes, shown: str) -> Iterator[Document]:
    """The documents of a file's content."""
    if len(content) > MAX_BYTES:
        message = f"larger than {MAX_BYTES // 1024} KiB, the most that is read"
        text = content.decode("utf-8", "replace")
        yield from _fragments(shown, text, Position(0, 0), "too-large", message, "split the file")
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        message = f"byte {error.start} (0x{content[error.start]:02x}) is not UTF-8"
        text = content.decode("utf-8", "replace")
        yield from _fragments(shown, text, _end_of(before), "not-utf8", message, "save the file as UTF-8")
        return
    odd = _UNPRINTABLE.search(text)
    if odd:
        message = f"the character U+{ord(odd.group()):04X} cannot stand in a manifest"
        yield from _fragments(shown, text, _end_of(text[: odd.start()]), "control-character", message, "delete it")
        return
    yield from _documents(shown, text)


def _documents(shown: str, text: str) -> Iterator[Document]:
    count = 0
    for offset, chunk in _chunks(text):
        for document in _read_chunk(shown, chunk, offset):
            count += 1
            if count > MAX_DOCUMENTS:
                message = f"more than {MAX_DOCUMENTS} documents in one file; the rest was not read"
                yield _unreadable(shown, chunk, document.position, "too-much", message, "split the file")
                return
            yield document


def _chunks(text: str) -> Iterator[tuple[int, str]]:
    """The text cut before each ``---``, with the number of lines before it. Nothing in YAML spans such a line."""
    starts = [0, *(match.start() for match in _MARKER.finditer(text) if match.start() > 0)]
    line = 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        chunk = text[start:end]
        yield line, chunk
        line += _line_breaks(chunk)


def _read_chunk(shown: str, text: str, offset: int) -> Iterator[Document]:
    found: list[Diagnostic] = []

    def report(position: Position, code: str, message: str, hint: str, severity: Severity = "error") -> None:
        found.append(Diagnostic(shown, position.line, position.column, severity, code, message, hint))

    directive = _DIRECTIVE.search(text)
    if directive and not text.startswith("---"):
        line = offset + 1 + _line_breaks(text[: directive.start()])
        report(Position(line, 1), "directive", "manifests have no directives", f"delete {directive.group().strip()!r}")
        text = text[: directive.start()] + "#" + text[directive.start() + 1 :]
    builder = Builder(report, offset)
    try:
        for position, root in builder.documents(text):
            if isinstance(root, MappingNode):
                yield Document(shown, position, text, root, tuple(found))
            else:
                report(position, "not-a-mapping", "a manifest is a mapping of keys to values", "start with apiVersion")
                yield Document(shown, position, text, None, tuple(found))
            found.clear()
    except TooMuch:
        pass
    except yaml.YAMLError as error:
        position, message, hint = explain(error, text, offset)
        report(position, "syntax", message, hint)
    if found:
        yield Document(shown, Position(found[0].line, found[0].column), text, None, tuple(found))


def _fragments(shown: str, text: str, position: Position, code: str, message: str, hint: str) -> Iterator[Document]:
    """A file that is not read: one problem, and the documents whose names can still be made out."""
    yield _unreadable(shown, "", position, code, message, hint)
    for offset, chunk in _chunks(text):
        document = _unreadable(shown, chunk, Position(offset + 1, 1), code, message, hint, at=position)
        if document.kind and document.name:
            yield document


def _unreadable(
    shown: str, text: str, position: Position, code: str, message: str, hint: str, at: Position | None = None
) -> Document:
    line, column = at or position
    return Document(shown, position, text, None, (Diagnostic(shown, line, column, "error", code, message, hint),))


def _line_breaks(text: str) -> int:
    return len(re.findall(r"\r\n|\r|\n|\x85|\u2028|\u2029", text))


def _end_of(text: str) -> Position:
    """The place right after a text."""
    last = re.split(r"\r\n|\r|\n|\x85|\u2028|\u2029", text)[-1]
    return Position(_line_breaks(text) + 1, len(last) + 1)
