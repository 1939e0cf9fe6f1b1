"""Loading: from files and folders to a catalog, with every problem and which rollouts the problems touch.

One bad document fails the rollouts that need what it defines, and no other. A rollout needs its environments, the
components that it changes, and their systems. It also needs every component with which those share an interface: if the
contract of one of these cannot be read, nothing is proven.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from convoy.manifest.checks import Known, check_all
from convoy.manifest.definitions import Catalog, Definition, Key
from convoy.manifest.diagnostics import Diagnostic, ManifestError, in_order
from convoy.manifest.documents import MODELS, ReadManifest, read_manifest
from convoy.manifest.members import members_of
from convoy.manifest.models import Component
from convoy.manifest.yaml_source import read_file

__all__ = ["Catalog", "Definition", "LoadResult", "load"]

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class LoadResult:
    """What manifests define and what is wrong with them. ``broken`` maps each rollout that must not be used to the
    reasons: its own errors first, then those of what it needs."""

    catalog: Catalog
    diagnostics: tuple[Diagnostic, ...]
    broken: Mapping[str, tuple[Diagnostic, ...]]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are errors."""
        return tuple(d for d in self.diagnostics if d.severity == "error")

    def raise_for_errors(self) -> None:
        """Raise ManifestError with every error, if there is one."""
        if self.errors:
            raise ManifestError(self.errors)


def load(paths: Iterable[str | Path]) -> LoadResult:
    """Read manifests: files, and in folders every ``*.yaml`` and ``*.yml``, hidden ones left out, in sorted order.

    Never raises for what is in files: everything wrong is in the result."""
    manifests: list[ReadManifest] = []
    found: list[Diagnostic] = []
    seen: set[str] = set()
    for path in map(Path, paths):
        if not path.exists():
            message, hint = "no such file or folder", "name an existing one"
            found.append(Diagnostic(str(path), 0, 0, "error", "not-found", message, hint))
        for file in _files(path):
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                manifests += [read_manifest(document) for document in read_file(file, str(file))]
    return _judge(manifests, found)


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield Path(folder, name)


def _judge(manifests: list[ReadManifest], found: list[Diagnostic]) -> LoadResult:
    catalog = Catalog.of(manifests)
    problems: dict[Key, list[Diagnostic]] = {}
    broken: dict[Key, ReadManifest] = {}
    nameless: list[ReadManifest] = []
    for manifest in manifests:
        found += manifest.diagnostics
        if manifest.kind and manifest.name:
            if manifest.model is None:
                broken.setdefault((manifest.kind, manifest.name), manifest)
            problems.setdefault((manifest.kind, manifest.name), []).extend(_errors(manifest.diagnostics))
        elif manifest.model is None:
            nameless.append(manifest)
    for key, diagnostic in _duplicates(manifests):
        found.append(diagnostic)
        problems.setdefault(key, []).append(diagnostic)
    checked = check_all(Known(catalog, broken, tuple(manifest.diagnostics[0].location for manifest in nameless)))
    for key, diagnostics in checked.by_key.items():
        found += diagnostics
        problems.setdefault(key, []).extend(_errors(diagnostics))
    unread = [*nameless, *(m for key, m in broken.items() if key[0] not in MODELS)]
    return LoadResult(catalog, in_order(found), _broken_rollouts(catalog, broken, problems, unread))


def _errors(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    return [diagnostic for diagnostic in diagnostics if diagnostic.severity == "error"]


def _duplicates(manifests: Iterable[ReadManifest]) -> Iterator[tuple[Key, Diagnostic]]:
    first: dict[Key, str] = {}
    for manifest in manifests:
        if not manifest.kind or not manifest.name:
            continue
        key = (manifest.kind, manifest.name)
        line, column = manifest.document.position
        root = manifest.document.root
        if root is not None and "name" in root.entries:
            line, column = root.entries["name"].node.position
        here = f"{manifest.document.file}:{line}:{column}"
        if key in first:
            message = f"a second {manifest.kind} with the name {manifest.name}; the first is at {first[key]}"
            hint = "rename or delete one of them"
            diagnostic = Diagnostic(manifest.document.file, line, column, "error", "duplicate-name", message, hint)
            yield key, diagnostic
        first.setdefault(key, here)


def _broken_rollouts(
    catalog: Catalog,
    broken: Mapping[Key, ReadManifest],
    problems: Mapping[Key, list[Diagnostic]],
    unread: Iterable[ReadManifest],
) -> dict[str, tuple[Diagnostic, ...]]:
    result: dict[str, tuple[Diagnostic, ...]] = {}
    names = {name for kind, name in (*catalog.definitions, *broken) if kind == "Rollout"}
    interfaces = {name: _interfaces(component) for name, component in catalog.components.items()}
    for name in sorted(names):
        reasons = list(in_order(problems.get(("Rollout", name), ())))
        if name in catalog.rollouts:
            for key in _needs(catalog, name, broken, interfaces):
                reasons += in_order(problems.get(key, ()))
            words = _words(catalog, name)
            for manifest in unread:
                # Nobody can tell what it defines: it may be the contract of a neighbour.
                if _mentions(manifest.document.text, words):
                    reasons += in_order(_errors(manifest.diagnostics))
        if reasons:
            result[name] = tuple(dict.fromkeys(reasons))
    return result


def _words(catalog: Catalog, rollout: str) -> set[str]:
    """The names that a document would have to mention to say something about what a rollout changes."""
    members = members_of(catalog, rollout)
    return {*members, *(subject for member in members.values() for subject in _interfaces(member.component))}


def _needs(
    catalog: Catalog, rollout: str, broken: Mapping[Key, ReadManifest], interfaces: Mapping[str, set[str]]
) -> Iterator[Key]:
    """Everything else that a rollout needs. ``interfaces`` are those of every Component manifest."""
    for environment in catalog.rollouts[rollout].environment_names:
        yield "Environment", environment
    members = members_of(catalog, rollout)
    touched: set[str] = set()
    beside: set[str] = set()
    for name, member in members.items():
        yield "Component", name
        if member.component.system is not None:
            yield "System", member.component.system
        touched |= _interfaces(member.component)
        beside |= _excluded(member.component)
    for name, own in interfaces.items():
        excludes = not _excluded(catalog.components[name]).isdisjoint(members)
        if name not in members and (name in beside or excludes or not touched.isdisjoint(own)):
            yield "Component", name
    for interface in sorted(touched):
        yield "Interface", interface
    for name, verification in catalog.verifications.items():
        if any(record.consumer in members or record.provider in members for record in verification.records):
            yield "Verification", name
    for key, manifest in broken.items():
        if key[0] == "Component" and key[1] not in members:
            # What it excludes can only be a component of this rollout: then it names it.
            excluding = "incompatible" in manifest.document.text and _mentions(manifest.document.text, members)
            if key[1] in beside or excluding or _mentions(manifest.document.text, touched):
                yield key
        elif key[0] == "Verification" and _mentions(manifest.document.text, members):
            yield key


def _interfaces(component: Component) -> set[str]:
    """Every interface that any version provides or consumes, and every format of data that one deals with."""
    found = {*component.provides, *component.consumes, *component.data}
    for release in component.versions.values():
        found |= {*release.provides, *release.consumes, *release.data}
    return found


def _excluded(component: Component) -> set[str]:
    """Every component that any version must not run beside, in some version."""
    return {
        *component.incompatible,
        *(name for release in component.versions.values() for name in release.incompatible),
    }


def _mentions(text: str, words: Iterable[str]) -> bool:
    """Whether a text has one of the words as a whole one."""
    either = "|".join(map(re.escape, sorted(words)))
    return bool(either) and re.search(rf"(?<![\w.-])(?:{either})(?![\w-])", text) is not None
