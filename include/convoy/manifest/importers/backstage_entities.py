"""The entities of a Backstage catalog: what each is called, and how entities refer to each other.

A reference is ``[kind:][namespace/]name`` or a mapping of these. Upper and lower case do not count. The kind that is
meant without one depends on the field; the namespace is that of the entity that has the reference.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from convoy.manifest.importers.base import Finding
from convoy.manifest.importers.flux_files import read_trees
from convoy.manifest.importers.foreign import ForeignDocument, Value
from convoy.manifest.importers.yaml_reader import yaml_files

GROUP = "backstage.io/"
DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True)
class Ref:
    """Which entity: kind and namespace and name, all in lower case."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """``kind:name``, with the namespace unless it is the default one."""
        middle = "" if self.namespace == DEFAULT_NAMESPACE else f"{self.namespace}/"
        return f"{self.kind}:{middle}{self.name}"


@dataclass(frozen=True)
class Entity:
    """An entity. ``name`` is spelled as in the file."""

    ref: Ref
    name: str
    location: str
    root: Value

    def spec(self, key: str) -> Value | None:
        """A field of its spec."""
        found = self.root.get("spec", key)
        return None if found is None or found.is_null else found

    def text(self, *path: str) -> str | None:
        """A text of it, without space around it; None where it is missing or empty."""
        return (self.root.text_at(*path) or "").strip() or None


def read_catalog(paths: Sequence[Path], findings: list[Finding]) -> tuple[dict[Ref, Entity], int]:
    """The entities of files, folder trees and the files that Locations name; and how many documents are none."""
    entities: dict[Ref, Entity] = {}
    others = 0
    done: set[Path] = set()
    todo = deque(yaml_files(paths, findings))
    while todo:
        path = todo.popleft()
        if path.resolve() in done:
            continue
        done.add(path.resolve())
        for document in read_trees([path], findings):
            found = _entity(document, findings)
            if found is None:
                others += 1
            elif found.ref.kind == "location":
                todo += _targets(document, findings)
            else:
                _add(entities, found, findings)
    return entities, others


def parse_ref(value: Value, kind: str | None, namespace: str) -> Ref | None:
    """What a reference means; None where it cannot be read. Without any kind that of a component is taken."""
    if value.is_mapping:
        name = value.text_at("name")
        kind = value.text_at("kind") or kind
        namespace = value.text_at("namespace") or namespace
    else:
        before, colon, rest = (value.text or "").rpartition(":")
        kind = before if colon else kind
        space, slash, name = rest.rpartition("/")
        namespace = space if slash else namespace
    if not name or not name.strip() or "/" in namespace or (kind is not None and not kind):
        return None
    return Ref((kind or "component").lower(), namespace.lower(), name.strip().lower())


def _entity(document: ForeignDocument, findings: list[Finding]) -> Entity | None:
    root = document.root
    kind = root.text_at("kind")
    if not (root.text_at("apiVersion") or "").startswith(GROUP) or not kind:
        return None
    name = root.text_at("metadata", "name")
    place = document.locate(("metadata", "name"))
    if not name or "{{" in name or "${" in name:
        if kind.lower() != "location":
            what = f"the name {name}, which is filled in later" if name else "no metadata.name"
            message = f"a {kind} with {what}; it was left out"
            hint = "give it a name"
            findings.append(Finding("warning" if name else "error", place, "no-name", message, hint))
            return None
        name = "location"
    namespace = root.text_at("metadata", "namespace") or DEFAULT_NAMESPACE
    return Entity(Ref(kind.lower(), namespace.lower(), name.lower()), name, place, root)


def _add(entities: dict[Ref, Entity], found: Entity, findings: list[Finding]) -> None:
    first = entities.setdefault(found.ref, found)
    if first is not found:
        same = first.root.data() == found.root.data()
        message = f"a second {found.ref}; the first, at {first.location}, counts"
        if not same:
            message += ", and the two differ"
        findings.append(
            Finding("warning" if same else "error", found.location, "duplicate-entity", message, "keep one of them")
        )


def _targets(document: ForeignDocument, findings: list[Finding]) -> Iterator[Path]:
    """The files that a Location names. Addresses are not fetched, and that is said."""
    single, several = document.root.get("spec", "target"), document.root.get("spec", "targets")
    for target in [*([single] if single is not None else []), *(several.items if several is not None else ())]:
        text = target.text or ""
        if not text or "://" in text or "*" in text:
            message = f"the target {text or 'without a name'} of a Location is no file here; it was not read"
            findings.append(Finding("warning", target.at, "remote-location", message, "name its file as well"))
            continue
        path = Path(document.file).parent / text
        if path.exists():
            yield path
        else:
            message = f"a Location names {text}, which does not exist"
            findings.append(Finding("error", target.at, "dangling-reference", message, "correct or delete the target"))
