"""Which namespace kustomize gives to what a file defines.

A ``kustomization.yaml`` with ``namespace:`` sets the namespace of everything that it lists in ``resources:``, directly
or through the kustomization files of folders, and it overrides the one that an object names itself. Where several are
nested, the outermost one is applied last and wins. The same goes for Argo CD, which renders with kustomize as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from convoy.manifest.importers.foreign import ForeignDocument

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
GROUP = "kustomize.config.k8s.io/"


@dataclass(frozen=True)
class KustomizeFile:
    """A kustomization file: where it stands, the namespace that it gives, and what it lists."""

    path: Path
    namespace: str | None
    resources: tuple[str, ...]


def is_kustomize(document: ForeignDocument) -> bool:
    """Whether a document is a kustomization file. kustomize lets it have neither apiVersion nor kind."""
    if Path(document.file).name not in FILE_NAMES or not document.root.is_mapping:
        return False
    return (document.root.text_at("apiVersion") or GROUP).startswith(GROUP)


def kustomize_file(document: ForeignDocument) -> KustomizeFile:
    """What a kustomization file says. What has the wrong type counts as missing: kustomize would refuse it."""
    found = [document.root.get(key) for key in ("resources", "bases")]
    listed = [entry.text for entries in found if entries is not None for entry in entries.items]
    namespace = document.root.text_at("namespace")
    return KustomizeFile(Path(document.file).resolve(), namespace or None, tuple(text for text in listed if text))


class Listing:
    """Which kustomization files list which files, through folders too."""

    def __init__(self, files: Iterable[KustomizeFile]) -> None:
        self._files = {file.path: file for file in files}
        self._parents: dict[Path, list[KustomizeFile]] = {}
        self._cache: dict[Path, frozenset[str | None]] = {}
        for file in self._files.values():
            for target in self._targets(file):
                self._parents.setdefault(target, []).append(file)

    def namespaces(self, path: Path) -> set[str]:
        """The namespaces that the outermost kustomizations give to what a file defines: none, one, or a few that
        contradict each other."""
        return {namespace for namespace in self._given(path.resolve()) if namespace is not None}

    def folders_with(self, path: Path) -> set[Path]:
        """Every folder with a kustomization file from which a file is rendered, directly or through others."""
        found: set[Path] = set()
        todo = [path.resolve()]
        while todo:
            for parent in self._parents.get(todo.pop(), ()):
                if parent.path.parent not in found:
                    found.add(parent.path.parent)
                    todo.append(parent.path)
        return found

    def _targets(self, file: KustomizeFile) -> Iterator[Path]:
        for entry in file.resources:
            if "://" in entry:
                continue
            target = (file.path.parent / entry).resolve()
            folder = next((target / name for name in FILE_NAMES if target / name in self._files), None)
            yield folder or target

    def _given(self, path: Path) -> frozenset[str | None]:
        """For every way to a kustomization that no other lists, the outermost namespace on it."""
        if path not in self._cache:
            # What a cycle of kustomizations would give: nothing. kustomize refuses it.
            self._cache[path] = frozenset()
            parents = self._parents.get(path, ())
            found = {outer or parent.namespace for parent in parents for outer in self._given(parent.path)}
            self._cache[path] = frozenset(found) if parents else frozenset({None})
        return self._cache[path]
