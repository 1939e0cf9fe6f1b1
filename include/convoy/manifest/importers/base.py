"""What every importer shares: what it is given, what it returns, and how it says what could not be carried over.

An importer is a function from paths and options to an :class:`Imported`. Nothing is lost silently: whatever the source
says and a manifest cannot is a :class:`Finding` with its place.

Errors::

    ImportFailed    nothing at all could be read; carries every finding
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from convoy.manifest.diagnostics import did_you_mean
from convoy.manifest.importers.cycles import cycles

_LONGEST_NAME = 63
_PLACE = re.compile(r"(?P<file>.*?):(?P<line>\d+):(?P<column>\d+)")


@dataclass(frozen=True)
class Options:
    """What may be told to an importer. Each kind reads what concerns it and ignores the rest."""

    profiles: tuple[str, ...] = ()
    """compose: services of these profiles are imported as well."""
    all_profiles: bool = False
    """compose: services of every profile are imported."""
    env_files: tuple[Path, ...] = ()
    """compose: where the values of variables stand, the last one wins. Default: ``.env`` beside the first file."""
    waves_as_order: bool = False
    """argocd: every sync wave depends on the one before it."""
    api_version: str | None = None
    """backstage: the version that every API is given. Default: none, and APIs become dependencies."""


@dataclass(frozen=True)
class Edge:
    """One dependency as the source states it: ``dependent`` needs ``dependency``."""

    dependent: str
    dependency: str
    location: str
    """``file:line:col`` of the reference."""
    detail: str = ""
    """How the source states it, for example ``depends_on, service_healthy``."""
    required: bool = True
    startup: bool = False
    """Needed only when the dependent starts."""


@dataclass(frozen=True)
class Finding:
    """What could not be carried over as it is.

    error: a dangling or cyclic reference, an unreadable file; warning: lost or guessed; note: left out on purpose."""

    severity: Literal["error", "warning", "note"]
    location: str
    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """``file:line:col: error: message [code]``, and the hint indented on the next line."""
        place = f"{self.location}: " if self.location else ""
        first = f"{place}{self.severity}: {self.message} [{self.code}]"
        return f"{first}\n  hint: {self.hint}" if self.hint else first

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Imported:
    """What an importer made. ``nodes`` and ``edges`` carry the names of the source, ``documents`` those of Convoy."""

    documents: tuple[dict[str, Any], ...]
    """Manifests as plain data, ready to be written as YAML."""
    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]
    findings: tuple[Finding, ...]
    levels: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Node to its number, where the source declares an order as numbers (sync waves)."""

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """The dependencies, each once: (dependent, dependency)."""
        return frozenset((edge.dependent, edge.dependency) for edge in self.edges)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that are errors."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


class ImportFailed(Exception):
    """Nothing at all could be read. ``findings`` says why."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = in_order(findings)
        super().__init__("\n".join(map(str, self.findings)))


Importer = Callable[[Sequence[Path], Options], Imported]


def convoy_name(text: str, taken: set[str]) -> str:
    """A valid manifest name that is not in ``taken``, as near to ``text`` as possible; it is added to ``taken``.

    A text that is a valid and free name already is returned unchanged, so the caller sees from a difference that the
    name had to be changed, and reports it."""
    base = re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")[:_LONGEST_NAME].strip("-") or "component"
    name, number = base, 1
    while name in taken:
        number += 1
        suffix = f"-{number}"
        name = base[: _LONGEST_NAME - len(suffix)].rstrip("-") + suffix
    taken.add(name)
    return name


def graph_findings(nodes: Iterable[str], edges: Iterable[Edge]) -> list[Finding]:
    """Every reference to a node that does not exist, and every cycle, each at the place of a reference."""
    known, edges = set(nodes), list(edges)
    return [*_dangling(known, edges), *_cyclic(known, edges)]


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sorted by file, line and column, each only once."""
    return tuple(sorted(dict.fromkeys(findings), key=_place))


def _place(finding: Finding) -> tuple[str, int, int, str, str]:
    match = _PLACE.fullmatch(finding.location)
    if match is None:
        return finding.location, 0, 0, finding.code, finding.message
    return match["file"], int(match["line"]), int(match["column"]), finding.code, finding.message


def _dangling(known: set[str], edges: list[Edge]) -> Iterable[Finding]:
    seen: set[tuple[str, str, str]] = set()
    for edge in edges:
        reference = (edge.dependent, edge.dependency, edge.location)
        if edge.dependency in known or reference in seen:
            continue
        seen.add(reference)
        message = f"{edge.dependent} depends on {edge.dependency}, which is not among what was read"
        otherwise = "import the file that defines it as well, or delete the reference"
        hint = did_you_mean(edge.dependency, known, otherwise=otherwise)
        if edge.required:
            yield Finding("error", edge.location, "dangling-reference", message, hint)
        else:
            yield Finding("warning", edge.location, "dangling-reference", f"{message}; it is optional", hint)


def _cyclic(known: set[str], edges: list[Edge]) -> Iterable[Finding]:
    first: dict[tuple[str, str], Edge] = {}
    for edge in edges:
        if edge.dependency in known:
            first.setdefault((edge.dependent, edge.dependency), edge)
    for cycle in cycles(first):
        steps = [first[pair] for pair in zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
        if len(cycle) == 1:
            message = f"{cycle[0]} depends on itself"
        else:
            message = f"a cycle of dependencies: {' -> '.join([*cycle, cycle[0]])}"
        others = ", ".join(step.location for step in steps[1:])
        hint = f"delete one of the references; the others are at {others}" if others else "delete the reference"
        yield Finding("error", steps[0].location, "dependency-cycle", message, hint)
