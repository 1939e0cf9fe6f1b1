"""From Flux Kustomizations and HelmReleases to components.

Only ``dependsOn`` becomes a dependency. Which Kustomization applies which HelmRelease, and what a chart or a folder
contains, is not looked at. A reference means an object of the same kind; without a namespace it means the namespace of
the object that has it. Files often leave namespaces to kustomize, so a target is looked for where kustomize puts it,
then where it says that it is, and at last by its name alone, if that is unique.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from convoy.manifest.importers.base import (
    Edge,
    Finding,
    Imported,
    ImportFailed,
    Options,
    convoy_name,
    graph_findings,
    in_order,
)
from convoy.manifest.importers.flux_files import read_trees
from convoy.manifest.importers.flux_objects import FluxObject, Reference, Tree, read_tree

DEFAULT_KIND = "Kustomization"


def import_flux(paths: Sequence[Path], options: Options) -> Imported:
    """Components from the Flux objects of files and folder trees. Raises ImportFailed if there is none."""
    findings: list[Finding] = []
    tree = read_tree(read_trees(paths, findings))
    findings += tree.findings
    nodes = _nodes(tree.objects, findings)
    if not nodes:
        message = f"no Flux Kustomization or HelmRelease among {tree.others} documents"
        findings.append(Finding("error", ", ".join(map(str, paths)), "nothing-found", message, "name another folder"))
        raise ImportFailed(findings)
    edges = _edges(nodes, findings)
    findings += graph_findings(nodes, edges)
    _notes(tree, nodes, findings)
    return Imported(_documents(nodes, edges, findings), tuple(nodes), tuple(edges), in_order(findings))


def _nodes(objects: Iterable[FluxObject], findings: list[Finding]) -> dict[str, FluxObject]:
    """The objects by their name in the graph: ``namespace/name``, with the kind in front if it is no Kustomization."""
    nodes: dict[str, FluxObject] = {}
    for found in objects:
        node = _node(found, found.declared or found.given)
        first = nodes.get(node)
        if first is not None and found.given and found.given != first.given:
            node = _node(found, found.given)
            first = nodes.get(node)
        if first is None:
            nodes[node] = found
            continue
        same = _targets(first) == _targets(found)
        message = f"a second {found.kind} {node}; the first, at {first.location}, counts"
        if not same:
            message += ", and the two depend on different things"
        hint = "import one cluster at a time, and delete what is not deployed"
        findings.append(Finding("warning" if same else "error", found.location, "duplicate-object", message, hint))
    return nodes


def _node(found: FluxObject, namespace: str | None, name: str | None = None) -> str:
    prefix = "" if found.kind == DEFAULT_KIND else f"{found.kind}/"
    return f"{prefix}{namespace}/{name or found.name}" if namespace else f"{prefix}{name or found.name}"


def _targets(found: FluxObject) -> set[tuple[str, str | None]]:
    return {(reference.name, reference.namespace) for reference in found.references}


def _edges(nodes: dict[str, FluxObject], findings: list[Finding]) -> list[Edge]:
    by_name: dict[tuple[str, str], list[str]] = {}
    for node, found in nodes.items():
        by_name.setdefault((found.kind, found.name), []).append(node)
    edges: dict[tuple[str, str], Edge] = {}
    for node, found in nodes.items():
        for reference in found.references:
            same_name = by_name.get((found.kind, reference.name), [])
            target = _resolve(nodes, found, reference, same_name)
            if target is None and len(same_name) == 1:
                target = same_name[0]
                wanted = reference.namespace or " or ".join(found.namespaces) or "its own namespace"
                message = (
                    f"{node} depends on {reference.name} in {wanted}; taken as {target}, the only one of that name"
                )
                hint = "name the namespace where it is deployed"
                findings.append(Finding("warning", reference.location, "namespace-guessed", message, hint))
            if target is None:
                target = _node(found, reference.namespace or next(iter(found.namespaces), None), reference.name)
                if same_name:
                    message = f"{node} depends on {target}; the name stands for {' and '.join(same_name)}"
                    hint = "name the namespace of the one that is meant"
                    findings.append(Finding("note", reference.location, "ambiguous", message, hint))
            edge = Edge(node, target, reference.location, detail="dependsOn")
            first = edges.setdefault((node, target), edge)
            if first is not edge:
                message = f"{node} names {target} a second time; the first is at {first.location}"
                findings.append(Finding("note", reference.location, "duplicate-reference", message, "delete one"))
    return list(edges.values())


def _resolve(
    nodes: dict[str, FluxObject], found: FluxObject, reference: Reference, same_name: Sequence[str]
) -> str | None:
    """The node that a reference means, by namespace: first by where kustomize puts it, then by what it says."""
    wanted = (reference.namespace,) if reference.namespace else found.namespaces
    for namespace in wanted:
        for attribute in ("given", "declared"):
            for node in same_name:
                if getattr(nodes[node], attribute) == namespace:
                    return node
    nowhere = [node for node in same_name if not nodes[node].namespaces]
    return nowhere[0] if not wanted and nowhere else None


def _documents(
    nodes: dict[str, FluxObject], edges: Iterable[Edge], findings: list[Finding]
) -> tuple[dict[str, Any], ...]:
    names = _names(nodes, findings)
    needs: dict[str, list[str]] = {node: [] for node in nodes}
    for edge in edges:
        if edge.dependency in nodes and edge.dependency != edge.dependent:
            needs[edge.dependent].append(names[edge.dependency])
    documents = []
    for node, found in nodes.items():
        labels = {**found.labels, "flux.kind": found.kind}
        if found.namespaces:
            labels["flux.namespace"] = found.namespaces[0]
        document = {"apiVersion": "convoy/v1", "kind": "Component", "name": names[node], "labels": labels}
        if needs[node]:
            document["dependsOn"] = needs[node]
        documents.append(document)
    return tuple(sorted(documents, key=lambda document: document["name"]))


def _names(nodes: dict[str, FluxObject], findings: list[Finding]) -> dict[str, str]:
    """The Convoy name of every node: its own, or with the namespace where several share it."""
    count = Counter(found.name for found in nodes.values())
    taken: set[str] = set()
    names: dict[str, str] = {}
    for node, found in sorted(nodes.items(), key=lambda item: count[item[1].name]):
        names[node] = convoy_name(found.name if count[found.name] == 1 else node, taken)
        if names[node] != found.name:
            why = "several objects have the name" if count[found.name] > 1 else "of the rules for names"
            message = f"{node} is called {names[node]} here, because {why}"
            findings.append(Finding("note", found.location, "renamed", message))
    return names


def _notes(tree: Tree, nodes: dict[str, FluxObject], findings: list[Finding]) -> None:
    """What was left out or moved as a whole."""
    moved = [found for found in nodes.values() if found.given and found.declared and found.given != found.declared]
    if moved:
        message = f"kustomize puts {len(moved)} objects into another namespace than the one that they name"
        findings.append(Finding("note", moved[0].location, "namespace-overridden", message))
    if tree.others:
        message = f"{tree.others} documents of other kinds were left out, {tree.encrypted} of them encrypted"
        findings.append(Finding("note", "", "other-documents", message))
