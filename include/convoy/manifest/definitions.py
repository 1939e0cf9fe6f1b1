"""Everything that manifests define, by kind and name, each with the place where it is written.

Immutable. What could not be read is not in it; what was read but contradicts other documents is, and
:attr:`convoy.manifest.catalog.LoadResult.broken` names the rollouts that must not be used because of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

from convoy.manifest.documents import AnyModel, ReadManifest
from convoy.manifest.models import Component, Environment, Interface, Rollout, System, Verification
from convoy.manifest.models.environment import ProcessesTarget
from convoy.manifest.yaml_nodes import MappingNode, Path, Position, find
from convoy.manifest.yaml_source import Document

BUILT_IN = "built-in"
"""Where a value stands that no manifest gives."""

Key = tuple[str, str]
"""Kind and name."""
_M = TypeVar("_M", bound=AnyModel)


@dataclass(frozen=True)
class Definition:
    """A named thing, and the document that defines it (None: built in)."""

    kind: str
    name: str
    model: AnyModel
    document: Document | None = None

    @property
    def key(self) -> Key:
        """Kind and name."""
        return self.kind, self.name

    @property
    def file(self) -> str:
        """The file, as it was named when it was read."""
        return self.document.file if self.document else BUILT_IN

    @property
    def root(self) -> MappingNode | None:
        """The document's values with their places."""
        return self.document.root if self.document else None

    def position(self, path: Path = (), *, of_value: bool = False) -> Position:
        """The place of what a path leads to, as far as it exists: its key or list entry, or its value."""
        if self.root is None:
            return Position(0, 0)
        found = find(self.root, path)
        return found.node.position if of_value else found.key

    def locate(self, path: Path = ()) -> str:
        """``file:line:col`` of what a path leads to, as far as it exists; ``built-in`` for what no manifest defines."""
        if self.root is None:
            return BUILT_IN
        position = self.position(path)
        return f"{self.file}:{position.line}:{position.column}"


LOCAL = Definition(
    "Environment",
    "local",
    Environment(
        api_version="convoy/v1",
        kind="Environment",
        name="local",
        description="Processes on this machine; exists without a manifest.",
        target=ProcessesTarget(kind="processes"),
    ),
)
"""The environment that exists without a manifest, unless a manifest defines one of that name."""


@dataclass(frozen=True)
class Catalog:
    """Everything that is defined."""

    definitions: Mapping[Key, Definition]

    @classmethod
    def of(cls, manifests: Iterable[ReadManifest]) -> Catalog:
        """The catalog of documents without errors. Of two with one name the first counts."""
        definitions: dict[Key, Definition] = {}
        for manifest in manifests:
            if manifest.model is not None and manifest.kind and manifest.name:
                key = (manifest.kind, manifest.name)
                definitions.setdefault(key, Definition(*key, manifest.model, manifest.document))
        definitions.setdefault(LOCAL.key, LOCAL)
        return cls(MappingProxyType(definitions))

    @cached_property
    def components(self) -> Mapping[str, Component]:
        """The Component manifests by name. Components that a rollout defines inline are not among them."""
        return self._of_kind("Component", Component)

    @cached_property
    def environments(self) -> Mapping[str, Environment]:
        """The environments by name; ``local`` is always there."""
        return self._of_kind("Environment", Environment)

    @cached_property
    def rollouts(self) -> Mapping[str, Rollout]:
        """The rollouts by name."""
        return self._of_kind("Rollout", Rollout)

    @cached_property
    def systems(self) -> Mapping[str, System]:
        """The systems by name."""
        return self._of_kind("System", System)

    @cached_property
    def interfaces(self) -> Mapping[str, Interface]:
        """The Interface manifests by name: those that have something to be said about."""
        return self._of_kind("Interface", Interface)

    @cached_property
    def verifications(self) -> Mapping[str, Verification]:
        """The sets of verification records by name."""
        return self._of_kind("Verification", Verification)

    def definition(self, kind: str, name: str) -> Definition:
        """What is defined under a kind (in any case) and name. Raises KeyError."""
        return self.definitions[kind.capitalize(), name]

    def where(self, kind: str, name: str) -> str:
        """``file:line:col`` of a document. Raises KeyError."""
        return self.locate(kind, name)

    def locate(self, kind: str, name: str, path: Path = ()) -> str:
        """``file:line:col`` of a part of a document, for example ``("components", "cart", "dependsOn", 0)``.

        As near as possible where the path does not exist; ``built-in`` where no manifest is. Raises KeyError for an
        unknown kind or name."""
        return self.definition(kind, name).locate(path)

    def _of_kind(self, kind: str, model: type[_M]) -> Mapping[str, _M]:
        found = {
            name: definition.model
            for (of_kind, name), definition in sorted(self.definitions.items())
            if of_kind == kind and isinstance(definition.model, model)
        }
        return MappingProxyType(found)
