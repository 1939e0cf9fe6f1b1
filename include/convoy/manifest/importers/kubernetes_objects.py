"""Kubernetes objects in files: what runs, the Services before it, and the ConfigMaps that configure it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from convoy.manifest.importers.base import Finding
from convoy.manifest.importers.foreign import Value
from convoy.manifest.importers.yaml_reader import read_yaml, yaml_files

_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Deployment": ("spec", "template"),
    "Job": ("spec", "template"),
    "Pod": (),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Rollout": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
}
"""Where the pod template is, by the kind of what runs. ``Rollout`` is the one of Argo Rollouts."""

Key = tuple[str, str]
"""Namespace (empty where the file names none) and name."""


@dataclass(frozen=True)
class Object:
    """One object."""

    kind: str
    namespace: str
    name: str
    value: Value

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return self.namespace, self.name

    @property
    def place(self) -> str:
        """``file:line:col`` of its name."""
        name = self.value.get("metadata", "name")
        return name.at if name is not None else self.value.place

    @property
    def pod(self) -> Value | None:
        """The pod, or the template of its pods."""
        return self.value.get(*_TEMPLATES[self.kind])

    @property
    def pod_labels(self) -> Mapping[str, str]:
        """The labels of its pods, which Services select."""
        return texts(self.pod.get("metadata", "labels") if self.pod else None)

    def containers(self, key: str) -> tuple[Value, ...]:
        """The containers under ``containers`` or ``initContainers``."""
        found = self.pod.get("spec", key) if self.pod else None
        return found.items if found is not None else ()


@dataclass
class Objects:
    """What was read."""

    workloads: list[Object] = field(default_factory=list)
    services: dict[Key, Object] = field(default_factory=dict)
    config_maps: dict[Key, Object] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)


def texts(value: Value | None) -> dict[str, str]:
    """A mapping of texts."""
    return {key: part.text or "" for key, part in value.mapping.items()} if value is not None else {}


def read_objects(paths: Sequence[Path], findings: list[Finding]) -> Objects:
    """The objects of files and folders. Of two of one kind, namespace and name the first counts."""
    objects = Objects()
    seen: dict[tuple[str, str, str], str] = {}
    for file in yaml_files(paths, findings):
        for document in read_yaml(file, findings):
            for found in _objects(document.root, findings):
                key = (found.kind, *found.key)
                if key in seen:
                    message = f"a second {found.kind} {found.name}; the first is at {seen[key]}, and counts"
                    findings.append(Finding("warning", found.place, "duplicate-object", message, "import one of them"))
                    continue
                seen[key] = found.place
                _sort_in(objects, found)
    return objects


def _objects(root: Value, findings: list[Finding]) -> Iterator[Object]:
    kind = root.text_at("kind")
    if kind is None or root.text_at("apiVersion") is None:
        message = "not a Kubernetes object: it has no apiVersion and kind; it is left out"
        findings.append(Finding("warning", root.place, "not-kubernetes", message, "name the files with objects only"))
        return
    if kind.endswith("List") and root.get("items") is not None:
        for item in root.mapping["items"].items:
            yield from _objects(item, findings)
        return
    if kind == "Kustomization" and (root.text_at("apiVersion") or "").startswith("kustomize.config"):
        message = "what this file of kustomize changes (namespaces, images, patches) is not applied"
        findings.append(Finding("warning", root.place, "kustomize", message, "import what `kustomize build` prints"))
    name = root.text_at("metadata", "name")
    if name is None:
        generated = root.text_at("metadata", "generateName")
        if kind in _TEMPLATES or kind == "Service":
            message = f"this {kind} has no name" + (f", only generateName {generated}" if generated else "")
            findings.append(Finding("warning", root.place, "no-name", f"{message}; it is left out", "give it a name"))
            return
    yield Object(kind, root.text_at("metadata", "namespace") or "", name or "", root)


def _sort_in(objects: Objects, found: Object) -> None:
    if found.kind in _TEMPLATES:
        objects.workloads.append(found)
    elif found.kind == "Service":
        objects.services[found.key] = found
    elif found.kind == "ConfigMap":
        objects.config_maps[found.key] = found
    else:
        objects.others[found.kind] += 1


def node_names(workloads: Iterable[Object]) -> dict[int, str]:
    """A name per workload, by identity: its own, where that is not unique with namespace, and at last with kind."""
    workloads = list(workloads)
    spellings: tuple[Callable[[Object], str], ...] = (
        lambda w: w.name,
        lambda w: f"{w.namespace}/{w.name}" if w.namespace else w.name,
        lambda w: f"{w.kind}/{w.namespace}/{w.name}" if w.namespace else f"{w.kind}/{w.name}",
    )
    counts = [Counter(spell(w) for w in workloads) for spell in spellings]
    return {
        id(w): next((s(w) for s, count in zip(spellings, counts, strict=True) if count[s(w)] == 1), spellings[-1](w))
        for w in workloads
    }
