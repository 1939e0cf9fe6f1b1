"""The objects of Flux in a folder tree: what each is called, and what it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from convoy.manifest.importers.base import Finding
from convoy.manifest.importers.flux_kustomize import Listing, is_kustomize, kustomize_file
from convoy.manifest.importers.foreign import ForeignDocument, Value

KINDS: Mapping[str, str] = {"kustomize.toolkit.fluxcd.io": "Kustomization", "helm.toolkit.fluxcd.io": "HelmRelease"}
"""API group to the kind of it that has ``dependsOn`` and is imported."""

_GROUPS = (".fluxcd.io", ".fluxcd.controlplane.io", "fluxcd.controlplane.io")
_CARRIED = ("name", "namespace")
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")
_ENCRYPTED = "ENC["
_VARIABLE = "${"


@dataclass(frozen=True)
class Reference:
    """One entry of ``dependsOn``."""

    name: str
    namespace: str | None
    location: str


@dataclass(frozen=True)
class FluxObject:
    """A Kustomization or HelmRelease. ``declared`` is the namespace that it names, ``given`` the one that kustomize
    gives it."""

    kind: str
    name: str
    declared: str | None
    given: str | None
    location: str
    references: tuple[Reference, ...]
    labels: Mapping[str, str]

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Where it may be looked for: where it ends up first, then where it says that it is."""
        return tuple(dict.fromkeys(filter(None, (self.given, self.declared))))


@dataclass
class Tree:
    """What a folder tree has. ``others`` counts the documents of other kinds, ``encrypted`` those of them that are
    encrypted."""

    objects: list[FluxObject] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    others: int = 0
    encrypted: int = 0


def read_tree(documents: Iterable[ForeignDocument]) -> Tree:
    """The Flux objects among documents, in their order."""
    documents = list(documents)
    tree = Tree()
    kustomize = [document for document in documents if is_kustomize(document)]
    listing = Listing(map(kustomize_file, kustomize))
    for document in kustomize:
        tree.findings += _patches(document.root)
    for document in documents:
        if not is_kustomize(document):
            _document(tree, document, listing)
    return tree


def _document(tree: Tree, document: ForeignDocument, listing: Listing) -> None:
    root = document.root
    group = (root.text_at("apiVersion") or "").partition("/")[0]
    kind = root.text_at("kind")
    if _ENCRYPTED in f"{group} {kind}":
        tree.findings.append(_encrypted(document, "the kind of the object is"))
    elif kind is not None and KINDS.get(group) == kind:
        _flux_object(tree, document, kind, listing)
    else:
        tree.others += 1
        tree.encrypted += root.get("sops") is not None
        depends_on = root.get("spec", "dependsOn")
        if group.endswith(_GROUPS) and depends_on is not None and depends_on.items:
            message = f"dependsOn of a {kind} is lost; only those of {' and '.join(KINDS.values())} are carried over"
            hint = "write the dependencies by hand"
            tree.findings.append(Finding("warning", depends_on.at, "other-kind", message, hint))


def _flux_object(tree: Tree, document: ForeignDocument, kind: str, listing: Listing) -> None:
    root = document.root
    name = root.text_at("metadata", "name")
    place = document.locate(("metadata", "name"))
    if not name:
        message = f"a {kind} without metadata.name; it was left out"
        tree.findings.append(Finding("error", place, "no-name", message, "give it a name"))
        return
    if _ENCRYPTED in name:
        tree.findings.append(_encrypted(document, "metadata.name is"))
        return
    if _VARIABLE in name:
        message = f"Flux puts in the name of this {kind} ({name}) when it runs; the object was left out"
        tree.findings.append(Finding("warning", place, "templated", message, "write its component by hand"))
        return
    given = listing.namespaces(Path(document.file))
    if len(given) > 1:
        message = f"kustomizations give {name} different namespaces: {', '.join(sorted(given))}; none of them was taken"
        tree.findings.append(Finding("warning", place, "namespaces", message, "import one cluster at a time"))
    references = tuple(_references(tree, root.get("spec", "dependsOn"), name))
    own = root.text_at("metadata", "namespace")
    tree.objects.append(
        FluxObject(
            kind=kind,
            name=name,
            declared=own or None,
            given=next(iter(given)) if len(given) == 1 else None,
            location=place,
            references=references,
            labels=_labels(root),
        )
    )
    suspended = root.get("spec", "suspend")
    if suspended is not None and suspended.content is True:
        message = f"{name} is suspended in Flux; it was imported like any other"
        tree.findings.append(Finding("note", suspended.at, "suspended", message))
    spec = root.get("spec")
    if spec is not None:
        tree.findings += _patches(spec)


def _references(tree: Tree, entries: Value | None, name: str) -> Iterator[Reference]:
    if entries is None or entries.is_null:
        return
    if not entries.is_list:
        what = "encrypted" if _ENCRYPTED in (entries.text or "") else "no list"
        message = f"dependsOn of {name} is {what}; it was left out"
        tree.findings.append(
            Finding("error", entries.at, "bad-reference", message, "write a list of {name, namespace}")
        )
        return
    for entry in entries.items:
        target, namespace = entry.text_at("name"), entry.text_at("namespace")
        if not target:
            message = f"an entry of dependsOn of {name} names nothing; it was left out"
            tree.findings.append(Finding("error", entry.at, "bad-reference", message, "write {name, namespace}"))
            continue
        if _VARIABLE in f"{target}{namespace}" or _ENCRYPTED in f"{target}{namespace}":
            message = f"{name} depends on {target}, which is known only when Flux runs; the reference was left out"
            tree.findings.append(Finding("warning", entry.at, "templated", message, "write the dependency by hand"))
            continue
        for key, value in entry.mapping.items():
            if key not in _CARRIED:
                message = f"{key} is lost: {name} waits until {target} is healthy, and for nothing more"
                hint = "write a gate for it if it matters"
                tree.findings.append(Finding("warning", value.at, "condition-lost", message, hint))
        yield Reference(target, namespace or None, entry.at)


def _patches(holder: Value) -> Iterator[Finding]:
    """Patches may add dependsOn to objects. They are not applied, and that is said."""
    for key in _PATCHES:
        patches = holder.get(key)
        for patch in patches.items if patches is not None else ():
            if any("dependsOn" in (value.text or "") or "dependsOn" in value.mapping for value in patch.walk()):
                message = "a patch changes dependsOn; patches are not applied, so what it changes is lost"
                hint = "render it (flux build, kustomize build) and import the result, or write the dependency by hand"
                yield Finding("warning", patch.at, "patch", message, hint)


def _labels(root: Value) -> dict[str, str]:
    own = root.get("metadata", "labels")
    found = {key: value.text for key, value in own.mapping.items()} if own is not None else {}
    found["flux.path"] = root.text_at("spec", "path")
    return {key: text for key, text in found.items() if text is not None}


def _encrypted(document: ForeignDocument, what: str) -> Finding:
    message = f"{what} encrypted; the object was left out"
    return Finding("warning", document.locate(), "encrypted", message, "decrypt the file and import it again")
