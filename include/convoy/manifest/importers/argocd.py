"""From Argo CD Applications to components, with their sync waves as levels.

Waves are numbers that somebody typed: an order of everything, in which a pair of neighbours may or may not need each
other. No dependency can be read off them, so none is made by default. On request every Application depends on all of
the wave before its own, as ``required: false``. Waves order what one sync applies, so only the Applications that the
same parent deploys (app of apps) are compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from convoy.manifest.importers.argocd_applications import Application, read_applications
from convoy.manifest.importers.base import Edge, Finding, Imported, ImportFailed, Options, convoy_name, in_order
from convoy.manifest.importers.flux_files import read_trees
from convoy.manifest.importers.flux_kustomize import Listing, is_kustomize, kustomize_file


def import_argocd(paths: Sequence[Path], options: Options) -> Imported:
    """Components from the Applications of files and folder trees. Raises ImportFailed if there is none."""
    findings: list[Finding] = []
    documents = read_trees(paths, findings)
    found = read_applications(documents)
    findings += found.findings
    nodes = _nodes(found.applications, findings)
    if not nodes:
        message = f"no Argo CD Application among {len(documents)} documents"
        findings.append(Finding("error", ", ".join(map(str, paths)), "nothing-found", message, "name another folder"))
        raise ImportFailed(findings)
    if found.waves_inside:
        count = len(found.waves_inside)
        message = f"{count} other objects have sync waves: an order inside of an Application, which was left out"
        findings.append(Finding("note", found.waves_inside[0], "waves-inside", message))
    if found.others:
        message = f"{found.others} documents of other kinds were left out"
        findings.append(Finding("note", "", "other-documents", message))
    listing = Listing(kustomize_file(document) for document in documents if is_kustomize(document))
    parents = _parents(nodes, listing, findings)
    levels = {node: application.wave for node, application in nodes.items() if application.wave is not None}
    edges = _edges(nodes, parents) if options.waves_as_order else []
    findings.append(_about_waves(levels, options))
    return Imported(
        documents=_documents(nodes, edges, findings),
        nodes=tuple(nodes),
        edges=tuple(edges),
        findings=in_order(findings),
        levels=levels,
    )


def _nodes(applications: Iterable[Application], findings: list[Finding]) -> dict[str, Application]:
    """The Applications by name; with the namespace in front where several namespaces have one of that name."""
    first: dict[tuple[str | None, str], Application] = {}
    for application in applications:
        key = (application.namespace, application.name)
        if key not in first:
            first[key] = application
            continue
        same = first[key].wave == application.wave
        message = f"a second Application {application.name}; the first, at {first[key].location}, counts"
        if not same:
            message += ", and the two have different waves"
        hint = "import one cluster at a time"
        findings.append(
            Finding("warning" if same else "error", application.location, "duplicate-object", message, hint)
        )
    count = Counter(name for _, name in first)
    return {
        f"{namespace}/{name}" if count[name] > 1 and namespace else name: application
        for (namespace, name), application in first.items()
    }


def _parents(nodes: Mapping[str, Application], listing: Listing, findings: list[Finding]) -> dict[str, str]:
    """Which Application deploys which other ones, as far as the folders show it.

    The root of the repository is not known, so a folder is compared by how it ends. An Application that would deploy
    its own file is no parent: its folder is one of another repository, or it manages itself beside the others."""
    parents: dict[str, str] = {}
    for parent, application in nodes.items():
        children = [
            node
            for node, other in nodes.items()
            if any(_deploys(path, recurse, other.file, listing) for path, recurse in application.sources)
        ]
        if not children or parent in children:
            continue
        for child in children:
            parents.setdefault(child, parent)
        message = f"{parent} deploys {len(children)} other Applications (app of apps); no dependency was made of it"
        findings.append(Finding("note", application.location, "app-of-apps", message))
    return parents


def _deploys(path: str, recurse: bool, file: Path, listing: Listing) -> bool:
    wanted = tuple(part for part in path.split("/") if part not in ("", "."))
    folders = list(file.parents) if recurse else [file.parent]
    if any(folder.parts[-len(wanted) :] == wanted for folder in folders):
        return True
    return any(folder.parts[-len(wanted) :] == wanted for folder in listing.folders_with(file))


def _edges(nodes: Mapping[str, Application], parents: Mapping[str, str]) -> list[Edge]:
    groups: dict[str | None, dict[int, list[str]]] = {}
    for node, application in nodes.items():
        if application.wave is not None:
            groups.setdefault(parents.get(node), {}).setdefault(application.wave, []).append(node)
    edges: list[Edge] = []
    for waves in groups.values():
        order = sorted(waves)
        for before, wave in pairwise(order):
            detail = f"sync wave {wave} after {before}"
            edges += [
                Edge(node, dependency, nodes[node].wave_place, detail=detail, required=False)
                for node in waves[wave]
                for dependency in waves[before]
            ]
    return edges


def _about_waves(levels: Mapping[str, int], options: Options) -> Finding:
    waves = len(set(levels.values()))
    message = f"{len(levels)} Applications in {waves} sync waves: an order typed by hand, not dependencies. "
    if options.waves_as_order:
        message += "As asked, each Application depends on all of the wave before it; most of that is not needed"
        return Finding("warning", "", "waves-as-order", message, "delete what is not needed from dependsOn")
    message += "No dependency was made of it"
    return Finding("warning", "", "waves", message, "write dependsOn by hand, or import with --waves-as-order")


def _documents(
    nodes: Mapping[str, Application], edges: Iterable[Edge], findings: list[Finding]
) -> tuple[dict[str, Any], ...]:
    taken: set[str] = set()
    names: dict[str, str] = {}
    for node, application in nodes.items():
        names[node] = convoy_name(node, taken)
        if names[node] != application.name:
            why = "several Applications have the name" if node != application.name else "of the rules for names"
            message = f"{node} is called {names[node]} here, because {why}"
            findings.append(Finding("note", application.location, "renamed", message))
    needs: dict[str, list[dict[str, Any]]] = {}
    for edge in edges:
        needs.setdefault(edge.dependent, []).append({"name": names[edge.dependency], "required": edge.required})
    documents = []
    for node, application in nodes.items():
        wave = {} if application.wave is None else {"argocd.sync-wave": str(application.wave)}
        document: dict[str, Any] = {"apiVersion": "convoy/v1", "kind": "Component", "name": names[node]}
        document["labels"] = {**application.labels, **wave}
        if node in needs:
            document["dependsOn"] = needs[node]
        documents.append(document)
    return tuple(sorted(documents, key=lambda document: str(document["name"])))
