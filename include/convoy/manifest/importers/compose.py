"""Docker Compose files: one component per service, one dependency per ``depends_on`` and per thing that implies it.

Several files are merged in their order. A service whose profiles are not active is left out, as Compose would. What a
service runs is not carried over: a compose file describes containers on one machine, and where a rollout takes place is
a matter of the target.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from convoy.manifest.diagnostics import one_of
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
from convoy.manifest.importers.components import API_VERSION, Node, component_documents
from convoy.manifest.importers.compose_files import ComposeFiles, Project
from convoy.manifest.importers.compose_variables import Variables
from convoy.manifest.importers.foreign import Value
from convoy.manifest.importers.images import version_fields

_CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")
_SHARED = ("network_mode", "ipc", "pid")
_CARRIED = frozenset({"depends_on", "image", "labels", "links", "profiles", "volumes_from", "extends"})


def import_compose(paths: Sequence[Path], options: Options) -> Imported:
    """The services of compose files, which are merged in the order given. Raises ImportFailed."""
    findings: list[Finding] = []
    variables = _variables(paths, options, findings)
    project = ComposeFiles(findings).load(paths, variables)
    if not project.read:
        raise ImportFailed(findings)
    active, inactive = _by_profile(project, options)
    for name, service in inactive.items():
        findings.append(_left_out(name, service))
    edges = [edge for name, service in active.items() for edge in _edges(name, service, findings)]
    switched_off = [edge for edge in edges if edge.dependency in inactive]
    findings += (_switched_off(edge, inactive[edge.dependency]) for edge in switched_off)
    edges = [edge for edge in edges if edge.dependency not in inactive]
    findings += graph_findings(active, edges)
    system, documents = _system(project, findings)
    nodes = []
    for name, service in active.items():
        nodes.append(Node(name, service.at, {**system, **_fields(name, service, findings)}))
        findings += _lost(name, service)
    documents += component_documents(nodes, edges, findings)
    return Imported(tuple(documents), tuple(active), tuple(edges), in_order(findings))


def _variables(paths: Sequence[Path], options: Options, findings: list[Finding]) -> Variables:
    variables = Variables()
    files = options.env_files
    if not files and paths and (paths[0].parent / ".env").is_file():
        files = (paths[0].parent / ".env",)
    for file in files:
        variables.read(file, findings)
    return variables


def _by_profile(project: Project, options: Options) -> tuple[dict[str, Value], dict[str, Value]]:
    active: dict[str, Value] = {}
    inactive: dict[str, Value] = {}
    everything = options.all_profiles or "*" in options.profiles
    for name, service in project.services.items():
        profiles = _profiles(service)
        on = everything or not profiles or not profiles.isdisjoint(options.profiles)
        (active if on else inactive)[name] = service
    return active, inactive


def _profiles(service: Value) -> set[str]:
    profiles = service.get("profiles")
    return {item.text for item in profiles.items if item.text} if profiles is not None else set()


def _left_out(name: str, service: Value) -> Finding:
    profiles = sorted(_profiles(service))
    message = f"{name} is left out: it belongs to the profile {one_of(profiles)}"
    return Finding("note", service.at, "inactive-profile", message, f"import it with --profile {profiles[0]}")


def _switched_off(edge: Edge, service: Value) -> Finding:
    profile = sorted(_profiles(service))[0]
    message = f"{edge.dependent} depends on {edge.dependency}, whose profile {profile} is not imported"
    return Finding(
        "error" if edge.required else "note", edge.location, "inactive-profile", message, f"add --profile {profile}"
    )


def _edges(name: str, service: Value, findings: list[Finding]) -> Iterator[Edge]:
    depends_on = service.get("depends_on")
    for dependency, entry in depends_on.mapping.items() if depends_on is not None else ():
        yield _depends_on(name, dependency, entry, findings)
    for link in _items(service, "links"):
        yield Edge(name, (link.text or "").partition(":")[0], link.at, "links")
    for source in _items(service, "volumes_from"):
        text = source.text or ""
        if text.startswith("container:"):
            findings.append(_outside(name, "volumes_from", text, source.at))
        else:
            yield Edge(name, text.partition(":")[0], source.at, "volumes_from")
    for key in _SHARED:
        value = service.get(key)
        text = (value.text or "") if value is not None else ""
        if value is not None and text.startswith("service:"):
            yield Edge(name, text.partition(":")[2], value.at, key)
        elif value is not None and text.startswith("container:"):
            findings.append(_outside(name, key, text, value.at))
    for link in _items(service, "external_links"):
        findings.append(_outside(name, "external_links", link.text or "", link.at))


def _items(service: Value, key: str) -> tuple[Value, ...]:
    value = service.get(key)
    return tuple(item for item in value.items if item.text) if value is not None else ()


def _depends_on(name: str, dependency: str, entry: Value, findings: list[Finding]) -> Edge:
    condition = entry.text_at("condition") or "service_started"
    if condition not in _CONDITIONS:
        message = f"{condition} is no condition of depends_on; the dependency is taken as one on a started service"
        findings.append(Finding("error", entry.at, "unknown-condition", message, f"use {one_of(_CONDITIONS)}"))
    required = entry.text_at("required")
    if required not in (None, "true", "false"):
        message = f"required is true or false, not {required}; it is taken as true"
        findings.append(Finding("error", entry.at, "not-compose", message, "write required: false"))
    if entry.text_at("restart") == "true":
        message = f"that {name} restarts when {dependency} does (restart: true) is not carried over"
        findings.append(Finding("note", entry.at, "not-carried", message, "put both into one batch of a rollout"))
    startup = condition == "service_completed_successfully"
    return Edge(name, dependency, entry.at, f"depends_on, {condition}", required != "false", startup)


def _outside(name: str, key: str, text: str, at: str) -> Finding:
    message = f"{key} of {name} refers to {text}, a container outside of these files; it is not carried over"
    return Finding("warning", at, "not-carried", message, "import what runs it as well, and add it to dependsOn")


def _system(project: Project, findings: list[Finding]) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The top-level ``name`` as a System, and the field that puts the components into it."""
    text = project.names[-1].text if project.names else None
    if not text:
        return {}, []
    name = convoy_name(text, set())
    if name != text:
        message = f"{text} is no name of a system and became {name}"
        hint = "names have lower-case letters, digits and dashes"
        findings.append(Finding("warning", project.names[-1].at, "renamed", message, hint))
    return {"system": name}, [{"apiVersion": API_VERSION, "kind": "System", "name": name}]


def _fields(name: str, service: Value, findings: list[Finding]) -> Mapping[str, Any]:
    image = service.get("image")
    fields: dict[str, Any] = {}
    if image is not None and image.text:
        fields.update(version_fields(name, image.text, image.at, findings))
    elif "build" not in service.mapping:
        message = f"{name} has neither image nor build; perhaps it changes a service of another file"
        findings.append(
            Finding("warning", service.at, "incomplete-service", message, "import that file before this one")
        )
    labels = service.get("labels")
    if labels is not None and labels.mapping:
        own = {key: value.text or "" for key, value in labels.mapping.items()}
        fields["labels"] = {**fields.get("labels", {}), **own}
    return fields


def _lost(name: str, service: Value) -> Iterator[Finding]:
    keys = sorted(key for key in service.mapping if key not in _CARRIED and key not in _SHARED)
    if not keys and "image" not in service.mapping:
        return
    replicas = service.text_at("deploy", "replicas") or service.text_at("scale")
    count = f", with {replicas} replicas," if replicas else ""
    listed = f" ({', '.join(keys)})" if keys else ""
    message = f"what {name} runs{count} is not carried over{listed}"
    yield Finding("note", service.at, "not-carried", message, "write its workload for the target that deploys it")
