"""What the entities of a Backstage catalog say about each other, as dependencies and as calls of APIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from convoy.manifest.diagnostics import did_you_mean
from convoy.manifest.importers.backstage_entities import Entity, Ref, parse_ref
from convoy.manifest.importers.base import Edge, Finding
from convoy.manifest.importers.foreign import Value

DEPLOYABLE = ("component", "resource")


@dataclass(frozen=True)
class Use:
    """A component consumes an API."""

    consumer: Ref
    api: Ref
    location: str


@dataclass
class Relations:
    """``edges`` are the declared dependencies, ``calls`` those that follow from a consumed API and are in no cycle."""

    edges: list[Edge] = field(default_factory=list)
    calls: list[Edge] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    providers: dict[Ref, list[Ref]] = field(default_factory=dict)
    """API to those that provide it, in the order of the files."""
    provided_at: dict[Ref, str] = field(default_factory=dict)
    """API to the place of the first reference of a provider."""
    parts: dict[Ref, Ref] = field(default_factory=dict)
    """Component to the one that it is a part of."""


def read_relations(entities: Mapping[Ref, Entity], findings: list[Finding]) -> Relations:
    """The relations of every component and resource. A reference to an entity that does not exist is an error."""
    relations = Relations()
    for ref, entity in entities.items():
        if ref.kind in DEPLOYABLE:
            _dependencies(relations, entities, entity, findings)
            _part_of(relations, entities, entity, findings)
            for _, api in _refs(entity, "providesApis", "api", findings):
                _known(entities, entity, api, findings)
                relations.providers.setdefault(api[0], []).append(ref)
                relations.provided_at.setdefault(*api)
            for _, api in _refs(entity, "consumesApis", "api", findings):
                if _known(entities, entity, api, findings):
                    relations.uses.append(Use(ref, *api))
    first: dict[tuple[str, str], Edge] = {}
    for edge in relations.edges:
        first.setdefault((edge.dependent, edge.dependency), edge)
    relations.edges = list(first.values())
    _calls(relations, findings)
    return relations


def _refs(
    entity: Entity, key: str, kind: str | None, findings: list[Finding]
) -> Iterator[tuple[Value, tuple[Ref, str]]]:
    """The references of a field with their places."""
    value = entity.spec(key)
    if value is None:
        return
    if not value.is_list:
        message = f"{key} of {entity.ref} is no list; it was left out"
        findings.append(Finding("error", value.at, "bad-reference", message, "write a list of references"))
        return
    for item in value.items:
        ref = parse_ref(item, kind, entity.ref.namespace)
        if ref is None:
            message = f"{item.text!r} in {key} of {entity.ref} is no reference; it was left out"
            findings.append(Finding("error", item.at, "bad-reference", message, "write [kind:][namespace/]name"))
        else:
            yield item, (ref, item.at)


def _known(entities: Mapping[Ref, Entity], entity: Entity, found: tuple[Ref, str], findings: list[Finding]) -> bool:
    ref, place = found
    if ref in entities:
        return True
    message = f"{entity.ref} refers to {ref}, which is not among what was read"
    otherwise = "import the file that defines it as well, or delete the reference"
    same_kind = [str(other) for other in entities if other.kind == ref.kind]
    hint = did_you_mean(str(ref), same_kind, otherwise=otherwise)
    findings.append(Finding("error", place, "dangling-reference", message, hint))
    return False


def _dependencies(
    relations: Relations, entities: Mapping[Ref, Entity], entity: Entity, findings: list[Finding]
) -> None:
    for key in ("dependsOn", "dependencyOf"):
        for item, (ref, place) in _refs(entity, key, None, findings):
            if not item.is_mapping and ":" not in (item.text or ""):
                if ref not in entities and (resource := Ref("resource", ref.namespace, ref.name)) in entities:
                    ref = resource
                message = f"{item.text} in {key} of {entity.ref} names no kind; taken as {ref}"
                findings.append(Finding("warning", place, "kind-guessed", message, f"write {ref}"))
            if ref.kind == "api" and key == "dependsOn":
                if _known(entities, entity, (ref, place), findings):
                    relations.uses.append(Use(entity.ref, ref, place))
            elif ref.kind not in DEPLOYABLE:
                message = f"{key} of {entity.ref} on {ref} is lost: only components and resources are deployed"
                findings.append(Finding("warning", place, "not-deployable", message, "name what is deployed"))
            elif key == "dependsOn":
                relations.edges.append(Edge(str(entity.ref), str(ref), place, detail=key))
            elif _known(entities, entity, (ref, place), findings):
                relations.edges.append(Edge(str(ref), str(entity.ref), place, detail=key))


def _part_of(relations: Relations, entities: Mapping[Ref, Entity], entity: Entity, findings: list[Finding]) -> None:
    value = entity.spec("subcomponentOf")
    if value is None:
        return
    whole = parse_ref(value, "component", entity.ref.namespace)
    if whole is None:
        message = f"subcomponentOf of {entity.ref} is no reference; it was left out"
        findings.append(Finding("error", value.at, "bad-reference", message, "write [kind:][namespace/]name"))
    elif _known(entities, entity, (whole, value.at), findings):
        relations.parts[entity.ref] = whole
        message = f"{entity.ref} is a part of {whole}: kept as a label only, as it says nothing about the order"
        hint = "write dependsOn if one needs the other, or a batch if both are deployed together"
        findings.append(Finding("warning", value.at, "subcomponent", message, hint))


def _calls(relations: Relations, findings: list[Finding]) -> None:
    """The dependencies of consumers on providers, without those that would close a cycle: two services may well call
    each other, and that is no order in which to deploy them."""
    calls: dict[tuple[str, str], Edge] = {}
    declared = {(edge.dependent, edge.dependency) for edge in relations.edges}
    for use in relations.uses:
        for provider in relations.providers.get(use.api, ()):
            pair = (str(use.consumer), str(provider))
            if provider != use.consumer and pair not in declared:
                calls.setdefault(pair, Edge(*pair, use.location, detail=f"consumesApis {use.api}"))
    arcs: dict[str, set[str]] = {}
    for tail, head in (*declared, *calls):
        arcs.setdefault(tail, set()).add(head)
    reached: dict[str, set[str]] = {}
    for edge in calls.values():
        if edge.dependency not in reached:
            reached[edge.dependency] = _reachable(arcs, edge.dependency)
        if edge.dependent not in reached[edge.dependency]:
            relations.calls.append(edge)
            continue
        message = f"{edge.dependent} and {edge.dependency} need each other, so no dependency was made of {edge.detail}"
        hint = "write provides and consumes with versions: a contract may go both ways"
        findings.append(Finding("warning", edge.location, "mutual-calls", message, hint))


def _reachable(arcs: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    todo = [start]
    while todo:
        for head in arcs.get(todo.pop(), ()):
            if head not in found:
                found.add(head)
                todo.append(head)
    return found
