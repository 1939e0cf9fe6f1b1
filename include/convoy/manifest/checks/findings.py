"""What checks across documents work with: who is known, and a place to report to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from convoy.manifest.definitions import Catalog, Definition, Key
from convoy.manifest.diagnostics import Diagnostic, Severity, did_you_mean
from convoy.manifest.documents import ReadManifest
from convoy.manifest.yaml_nodes import Path


@dataclass(frozen=True)
class Known:
    """The catalog, and what is known of documents that have errors: ``broken`` where the name could be read,
    ``nameless`` (as ``file:line:col``) where it could not."""

    catalog: Catalog
    broken: Mapping[Key, ReadManifest]
    nameless: tuple[str, ...] = ()

    @cached_property
    def _names(self) -> dict[str, set[str]]:
        names: dict[str, set[str]] = {}
        for kind, name in (*self.catalog.definitions, *self.broken):
            names.setdefault(kind, set()).add(name)
        return names

    def names(self, kind: str) -> set[str]:
        """Every name of a kind, with errors or without."""
        return self._names.get(kind, set())

    def hint(self, kind: str, name: str, others: Iterable[str] = ()) -> str:
        """What to do about an unknown name."""
        hint = did_you_mean(name, {*self.names(kind), *others})
        if not hint and self.nameless:
            hint = f"perhaps it is defined at {self.nameless[0]}, which cannot be read"
        article = "an" if kind[0] in "AEIOU" else "a"
        return hint or f"define it: {article} {kind} manifest with name: {name}"


@dataclass
class Findings:
    """Diagnostics, each belonging to the definition that it is about."""

    by_key: dict[Key, list[Diagnostic]] = field(default_factory=dict)

    def add(
        self,
        definition: Definition,
        path: Path,
        code: str,
        message: str,
        hint: str = "",
        *,
        severity: Severity = "error",
        at_key: bool = False,
    ) -> None:
        """Report about a part of a document: about its value, or (``at_key``) its key."""
        line, column = definition.position(path, of_value=not at_key)
        found = Diagnostic(definition.file, line, column, severity, code, message, hint)
        self.by_key.setdefault(definition.key, []).append(found)

    def has(self, definition: Definition, path: Path) -> bool:
        """Whether something was reported already about the key that a path leads to."""
        place = definition.position(path)
        return any((d.line, d.column) == place for d in self.by_key.get(definition.key, ()))

    def reference(
        self, known: Known, definition: Definition, path: Path, kind: str, name: str, *, at_key: bool = False
    ) -> bool:
        """Report a reference to something unknown, or to something that has errors. Whether it can be used."""
        if (kind, name) in known.catalog.definitions:
            return True
        broken = known.broken.get((kind, name))
        if broken is None:
            hint = known.hint(kind, name)
            self.add(definition, path, "unknown-reference", f"unknown {kind.lower()} {name}", hint, at_key=at_key)
        else:
            place = broken.document
            where = f"{place.file}:{place.position.line}:{place.position.column}"
            message = f"{kind.lower()} {name} is defined at {where}, which has errors"
            self.add(definition, path, "broken-reference", message, "mend that document first", at_key=at_key)
        return False
