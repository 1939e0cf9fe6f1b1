"""Reading other tools' YAML: several documents, merge keys, tags, JSON; every problem as a finding with its place.

Unlike manifests these files are not ours to be strict with: merge keys (``<<``) are resolved and tags are kept on their
values. The bounds are like those of manifests, only wider: no recursion, and what aliases expand to is counted before
anything walks through it. Nothing is constructed but plain data, so no tag can run code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from convoy.manifest.importers.base import Finding
from convoy.manifest.importers.foreign import ForeignDocument, Value
from convoy.manifest.importers.yaml_values import TooMuch, ValueBuilder
from convoy.manifest.yaml_errors import explain

__all__ = ["ForeignDocument", "Value", "read_text", "read_yaml", "yaml_files"]

MAX_BYTES = 8 * 1024 * 1024
"""Largest file that is read."""
SUFFIXES = (".yaml", ".yml")
_MARKER = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path, findings: list[Finding]) -> list[ForeignDocument]:
    """The documents of a file that are not empty. What cannot be read is added to ``findings``; never raises for it."""
    shown = str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror or repr(error)}"
        hint = "name an existing file, and check its permissions"
        findings.append(Finding("error", shown, "unreadable", message, hint))
        return []
    if len(content) > MAX_BYTES:
        message = f"larger than {MAX_BYTES // 1024 // 1024} MiB, the most that is read"
        findings.append(Finding("error", shown, "too-large", message, "split the file"))
        return []
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"byte {error.start} (0x{content[error.start]:02x}) is not UTF-8"
        findings.append(Finding("error", shown, "not-utf8", message, "save the file as UTF-8"))
        return []
    return read_text(text, shown, findings)


def read_text(text: str, shown: str, findings: list[Finding]) -> list[ForeignDocument]:
    """The documents of a text; ``shown`` is the file's name in places. A syntax error costs only its own document."""
    documents: list[ForeignDocument] = []
    for offset, chunk in _chunks(text):
        builder = ValueBuilder(shown, offset, findings)
        try:
            events: Iterable[yaml.Event] = yaml.parse(chunk, Loader=_LOADER)
            documents += [ForeignDocument(shown, root) for root in builder.documents(events) if not root.is_null]
        except TooMuch:
            continue
        except yaml.YAMLError as error:
            position, message, hint = explain(error, chunk, offset)
            findings.append(Finding("error", f"{shown}:{position.line}:{position.column}", "syntax", message, hint))
    return documents


def yaml_files(paths: Iterable[Path], findings: list[Finding]) -> list[Path]:
    """The files: those named, and in folders every ``*.yaml`` and ``*.yml``, hidden ones left out, in sorted order."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file())
            visible = [file for file in below if not any(part.startswith(".") for part in file.relative_to(path).parts)]
            if not visible:
                hint = "name a folder with *.yaml or *.yml files"
                findings.append(Finding("error", str(path), "no-files", "the folder has no YAML file", hint))
            found += visible
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def _chunks(text: str) -> Iterator[tuple[int, str]]:
    """The documents as text, each with the number of lines before it."""
    starts = [0, *(match.start() for match in _MARKER.finditer(text) if match.start() > 0)]
    line = 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        chunk = text[start:end]
        if any(row and not row.startswith(("#", "%")) for row in map(str.strip, chunk.splitlines())):
            yield line, chunk
        line += len(re.findall(r"\r\n|\r|\n|\x85|\u2028|\u2029", chunk))
