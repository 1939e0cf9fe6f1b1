"""The manifests of a Backstage catalog: names, systems, labels, and the contracts of its APIs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from convoy.manifest.importers.backstage_entities import DEFAULT_NAMESPACE, Entity, Ref, parse_ref
from convoy.manifest.importers.backstage_relations import DEPLOYABLE, Relations
from convoy.manifest.importers.base import Finding, convoy_name
from convoy.manifest.models.base import INTERFACE_PATTERN

_ADDRESS = re.compile(r"https?://\S+")


def documents_of(
    entities: Mapping[Ref, Entity], relations: Relations, version: str | None, findings: list[Finding]
) -> tuple[dict[str, Any], ...]:
    """The System and Component documents, sorted by kind and name. ``version`` is that of every API, if given."""
    systems = _names([ref for ref in entities if ref.kind == "system"], entities, findings)
    names = _names([ref for ref in entities if ref.kind in DEPLOYABLE], entities, findings)
    documents = [_system(entities[ref], name) for ref, name in systems.items()]
    needs = _needs(relations, names, version)
    provides, consumes = _contracts(relations, names, version, findings)
    for ref, name in names.items():
        document = _component(entities[ref], name, systems, relations, findings)
        if needs.get(name):
            document["dependsOn"] = needs[name]
        if provides.get(name):
            document["provides"] = provides[name]
        if consumes.get(name):
            document["consumes"] = consumes[name]
        documents.append(document)
    return tuple(sorted(documents, key=lambda document: (document["kind"] != "System", document["name"])))


def _names(refs: Sequence[Ref], entities: Mapping[Ref, Entity], findings: list[Finding]) -> dict[Ref, str]:
    """The Convoy name of each: its own, or with kind and namespace where several share it."""
    count = Counter(ref.name for ref in refs)
    taken: set[str] = set()
    names: dict[Ref, str] = {}
    # Those that keep their name come first, so that no other gets it.
    for ref in sorted(refs, key=lambda ref: (count[ref.name] > 1, str(ref))):
        names[ref] = convoy_name(ref.name if count[ref.name] == 1 else str(ref), taken)
        if names[ref] != entities[ref].name:
            why = "several entities have the name" if count[ref.name] > 1 else "of the rules for names"
            message = f"{ref} is called {names[ref]} here, because {why}"
            findings.append(Finding("note", entities[ref].location, "renamed", message))
    return names


def _system(entity: Entity, name: str) -> dict[str, Any]:
    document: dict[str, Any] = {"apiVersion": "convoy/v1", "kind": "System", "name": name}
    return document | _about(entity)


def _about(entity: Entity) -> dict[str, Any]:
    found = {"description": entity.text("metadata", "description"), "owner": _owner(entity)}
    return {key: text for key, text in found.items() if text}


def _owner(entity: Entity) -> str | None:
    owner = entity.spec("owner")
    ref = parse_ref(owner, "group", entity.ref.namespace) if owner is not None else None
    if owner is None or ref is None:
        return None
    return owner.text if owner.text else str(ref)


def _component(
    entity: Entity, name: str, systems: Mapping[Ref, str], relations: Relations, findings: list[Finding]
) -> dict[str, Any]:
    document: dict[str, Any] = {"apiVersion": "convoy/v1", "kind": "Component", "name": name, **_about(entity)}
    system = entity.spec("system")
    if system is not None:
        ref = parse_ref(system, "system", entity.ref.namespace)
        if ref is not None and ref in systems:
            document["system"] = systems[ref]
        else:
            message = f"{entity.ref} is in the system {system.text}, which is not among what was read; it was left out"
            hint = "import the file that defines it as well"
            findings.append(Finding("error", system.at, "dangling-reference", message, hint))
    runbook = _runbook(entity)
    if runbook:
        document["runbook"] = runbook
    labels = _labels(entity, relations)
    if labels:
        document["labels"] = labels
    return document


def _runbook(entity: Entity) -> str | None:
    links = entity.root.get("metadata", "links")
    for link in links.items if links is not None else ():
        called = f"{link.text_at('title') or ''} {link.text_at('type') or ''}".lower()
        address = link.text_at("url") or ""
        if "runbook" in called and _ADDRESS.fullmatch(address):
            return address
    return None


def _labels(entity: Entity, relations: Relations) -> dict[str, str]:
    own, tags = entity.root.get("metadata", "labels"), entity.root.get("metadata", "tags")
    labels = {key: value.text for key, value in own.mapping.items()} if own is not None else {}
    labels["backstage.kind"] = entity.ref.kind if entity.ref.kind != "component" else None
    labels["backstage.namespace"] = entity.ref.namespace if entity.ref.namespace != DEFAULT_NAMESPACE else None
    labels["backstage.type"] = entity.text("spec", "type")
    labels["backstage.lifecycle"] = entity.text("spec", "lifecycle")
    labels["backstage.tags"] = ",".join(tag.text for tag in tags.items if tag.text) if tags is not None else None
    part_of = relations.parts.get(entity.ref)
    labels["backstage.subcomponentOf"] = str(part_of) if part_of else None
    return {key: text for key, text in labels.items() if text}


def _needs(relations: Relations, names: Mapping[Ref, str], version: str | None) -> dict[str, list[str]]:
    by_text = {str(ref): name for ref, name in names.items()}
    needs: dict[str, list[str]] = {}
    for edge in [*relations.edges, *(relations.calls if version is None else ())]:
        if edge.dependency in by_text and edge.dependent in by_text and edge.dependency != edge.dependent:
            needs.setdefault(by_text[edge.dependent], []).append(by_text[edge.dependency])
    return {name: list(dict.fromkeys(found)) for name, found in needs.items()}


def _contracts(
    relations: Relations, names: Mapping[Ref, str], version: str | None, findings: list[Finding]
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """What each component provides and consumes. Without a version that is nothing, and what to write is said."""
    provides: dict[str, dict[str, Any]] = {}
    consumes: dict[str, dict[str, Any]] = {}
    if version is not None:
        for api, providers in relations.providers.items():
            for provider in providers:
                provides.setdefault(names[provider], {})[_interface(api)] = version
    else:
        for api in relations.providers.keys() - {use.api for use in relations.uses}:
            message = f"{api} has no version and nothing here consumes it; that it is provided was left out"
            findings.append(Finding("note", relations.provided_at[api], "not-consumed", message))
    for use in relations.uses:
        providers = relations.providers.get(use.api, [])
        consumer, interface = names[use.consumer], _interface(use.api)
        if not providers:
            message = f"{use.consumer} consumes {use.api}, which nothing here provides; it was left out"
            hint = "import its provider as well, or write providesApis"
            findings.append(Finding("warning", use.location, "no-provider", message, hint))
        elif providers == [use.consumer]:
            message = f"{use.consumer} consumes {use.api}, which it provides itself; it was left out"
            findings.append(Finding("note", use.location, "own-api", message))
        elif version is None:
            message = (
                f"{use.consumer} consumes {use.api}, which has no version: no contract was made of it, only an order"
            )
            lines = [f"provides: {{{interface}: VERSION}} in {names[provider]}" for provider in providers]
            hint = f"write {', '.join(lines)} and consumes: {{{interface}: ^VERSION}} in {consumer}"
            findings.append(Finding("warning", use.location, "no-version", message, hint))
        elif len(providers) > 1:
            message = f"several provide {use.api}, so which one {use.consumer} means is not known; it was left out"
            hint = f"write consumes: {{{interface}: {{range: ^{version}, from: NAME}}}} in {consumer}"
            findings.append(Finding("warning", use.location, "several-providers", message, hint))
        else:
            consumes.setdefault(consumer, {})[interface] = f"^{version}"
    return provides, consumes


def _interface(api: Ref) -> str:
    """The name of the interface: that of the API, with its namespace unless that is the default one."""
    name = api.name if api.namespace == DEFAULT_NAMESPACE else f"{api.namespace}/{api.name}"
    return name if re.fullmatch(INTERFACE_PATTERN, name) else convoy_name(name, set())
