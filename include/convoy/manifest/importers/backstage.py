"""From a Backstage catalog to components and systems.

Components and Resources become components, Systems systems. ``dependsOn`` and ``dependencyOf`` become dependencies.
A consumed API says that there is a contract, but not of which versions: Backstage has none. With a version given for
all of them the contract is imported; without one the consumer only depends on the provider, and a finding says what to
write. A made-up version would prove a rollout safe that nobody has checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from convoy.manifest.importers.backstage_documents import documents_of
from convoy.manifest.importers.backstage_entities import Entity, Ref, read_catalog
from convoy.manifest.importers.backstage_relations import read_relations
from convoy.manifest.importers.base import Finding, Imported, ImportFailed, Options, graph_findings, in_order
from convoy.manifest.versions import SEMVER, VersionError

NODE_KINDS = ("component", "resource", "api", "system")
_IMPORTED = ("component", "resource", "system")
_METADATA = ("name", "namespace", "description", "labels", "tags")
_SPEC = (
    *("type", "lifecycle", "owner", "system", "subcomponentOf"),
    *("dependsOn", "dependencyOf", "providesApis", "consumesApis"),
)
_WHY = {
    "api": "an interface has a name only, no definition",
    "group": "an owner is a text",
    "user": "an owner is a text",
    "domain": "a system is in none",
}


def import_backstage(paths: Sequence[Path], options: Options) -> Imported:
    """Components and systems from files, folder trees and Locations. Raises ImportFailed if there is no entity."""
    findings: list[Finding] = []
    if options.api_version is not None:
        _check(options.api_version)
    entities, others = read_catalog(paths, findings)
    deployable = {ref: entity for ref, entity in entities.items() if ref.kind in ("component", "resource")}
    if not deployable:
        message = f"no Backstage Component or Resource among {len(entities) + others} documents"
        findings.append(Finding("error", ", ".join(map(str, paths)), "nothing-found", message, "name another folder"))
        raise ImportFailed(findings)
    relations = read_relations(entities, findings)
    nodes = tuple(str(ref) for kind in NODE_KINDS for ref in entities if ref.kind == kind)
    findings += graph_findings(nodes, relations.edges)
    documents = documents_of(entities, relations, options.api_version, findings)
    edges = [*relations.edges, *relations.calls] if options.api_version is None else relations.edges
    _left_out(entities, others, findings)
    return Imported(documents, nodes, tuple(edges), in_order(findings))


def _check(version: str) -> None:
    """Raises ImportFailed for what is no version of an interface."""
    try:
        SEMVER.parse(version)
    except VersionError as error:
        raise ImportFailed([Finding("error", "", "bad-version", f"the version of the APIs: {error}")]) from error


def _left_out(entities: Mapping[Ref, Entity], others: int, findings: list[Finding]) -> None:
    """What the manifests do not have, one note for each sort of it."""
    for kind in sorted({ref.kind for ref in entities} - set(_IMPORTED)):
        found = [entity for ref, entity in entities.items() if ref.kind == kind]
        message = f"{len(found)} of kind {kind} left out: {_WHY.get(kind, 'there is nothing like it in manifests')}"
        findings.append(Finding("note", found[0].location, "left-out", message))
    places: dict[str, list[str]] = {}
    for entity in entities.values():
        if entity.ref.kind in _IMPORTED:
            for holder, known in (("metadata", _METADATA), ("spec", _SPEC)):
                value = entity.root.get(holder)
                for key, below in value.mapping.items() if value is not None else ():
                    if key not in known:
                        places.setdefault(f"{holder}.{key}", []).append(below.at)
    for key, where in places.items():
        rest = " (a link with runbook in its title is kept)" if key == "metadata.links" else ""
        findings.append(Finding("note", where[0], "left-out", f"{key} of {len(where)} entities left out{rest}"))
    if others:
        message = f"{others} documents that are no entities of Backstage were left out"
        findings.append(Finding("note", "", "other-documents", message))
