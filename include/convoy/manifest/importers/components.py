"""From nodes and edges, named as in the source, to Component manifests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from convoy.manifest.importers.base import Edge, Finding, convoy_name

API_VERSION = "convoy/v1"


@dataclass(frozen=True)
class Node:
    """Something that is deployed. ``fields`` are those of its manifest, without name and dependsOn."""

    name: str
    location: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def component_documents(
    nodes: Iterable[Node], edges: Iterable[Edge], findings: list[Finding]
) -> tuple[dict[str, Any], ...]:
    """A Component manifest per node, in the order of the nodes; changed names are added to ``findings``.

    Edges that lead nowhere or to their own node are left out: :func:`convoy.manifest.importers.base.graph_findings`
    reports them."""
    nodes, taken = list(nodes), set[str]()
    # Names that are fine as they are come first, so that none of them has to give way to a changed one.
    fine_first = sorted((node.name for node in nodes), key=lambda name: not _is_fine(name))
    names = {name: convoy_name(name, taken) for name in fine_first}
    depends_on: dict[str, dict[str, list[Edge]]] = {node.name: {} for node in nodes}
    for edge in edges:
        if edge.dependent in names and edge.dependency in names and edge.dependent != edge.dependency:
            depends_on[edge.dependent].setdefault(edge.dependency, []).append(edge)
    documents = []
    for node in nodes:
        name = names[node.name]
        if name != node.name:
            message = f"{node.name} is no name of a component and became {name}"
            hint = "names have lower-case letters, digits and dashes, at most 63, and are unique"
            findings.append(Finding("warning", node.location, "renamed", message, hint))
        document: dict[str, Any] = {"apiVersion": API_VERSION, "kind": "Component", "name": name, **node.fields}
        dependencies = [_dependency(names[other], stated) for other, stated in depends_on[node.name].items()]
        if dependencies:
            document["dependsOn"] = dependencies
        documents.append(document)
    return tuple(documents)


def _is_fine(text: str) -> bool:
    return convoy_name(text, set()) == text


def _dependency(name: str, edges: list[Edge]) -> str | dict[str, Any]:
    """The strictest of what the source says of a dependency: required if one reference is, and so on."""
    document: dict[str, Any] = {"name": name}
    if not any(edge.required for edge in edges):
        document["required"] = False
    if all(edge.startup for edge in edges):
        document["startup"] = True
    return name if len(document) == 1 else document
