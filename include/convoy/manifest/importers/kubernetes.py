"""Kubernetes manifests: one component per workload, one dependency per Service that a workload is told the address of.

The objects do not say who needs whom, but the configuration does: variables, arguments and ConfigMaps that hold the
address of a Service. Such dependencies are read off, not declared, so every one names its place, for a person to check.
What a program knows without being told, in its own files or in Secrets, cannot be found here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from convoy.manifest.importers.components import API_VERSION, Node, component_documents
from convoy.manifest.importers.images import version_fields
from convoy.manifest.importers.kubernetes_addresses import Address
from convoy.manifest.importers.kubernetes_objects import Key, Object, Objects, node_names, read_objects, texts
from convoy.manifest.importers.kubernetes_settings import Mention, mentions

_PART_OF = "app.kubernetes.io/part-of"


def import_kubernetes(paths: Sequence[Path], options: Options) -> Imported:
    """The workloads of files and folders. Raises ImportFailed if there is none."""
    findings: list[Finding] = []
    objects = read_objects(paths, findings)
    if not objects.workloads:
        message = "no workload (Deployment, StatefulSet, DaemonSet, Job, CronJob or Pod) was found"
        findings.append(Finding("error", ", ".join(map(str, paths)), "nothing-found", message, "name other files"))
        raise ImportFailed(findings)
    names = node_names(objects.workloads)
    behind = _behind(objects, names)
    findings += _without_partner(objects, names, behind)
    edges = [edge for workload in objects.workloads for edge in _edges(workload, objects, names, behind, findings)]
    nodes = tuple(names[id(workload)] for workload in objects.workloads)
    findings += graph_findings(nodes, edges)
    systems: dict[str, str] = {}
    components = [Node(names[id(w)], w.place, _fields(names[id(w)], w, systems, findings)) for w in objects.workloads]
    documents = [{"apiVersion": API_VERSION, "kind": "System", "name": name} for name in systems.values()]
    documents += component_documents(components, edges, findings)
    return Imported(tuple(documents), nodes, tuple(edges), in_order(findings))


def _behind(objects: Objects, names: Mapping[int, str]) -> dict[Key, list[str]]:
    """The workloads that each Service selects."""
    behind: dict[Key, list[str]] = {}
    for key, service in objects.services.items():
        selector = texts(service.value.get("spec", "selector"))
        behind[key] = [
            names[id(workload)]
            for workload in objects.workloads
            if selector and workload.namespace == key[0] and selector.items() <= workload.pod_labels.items()
        ]
    return behind


def _without_partner(objects: Objects, names: Mapping[int, str], behind: Mapping[Key, list[str]]) -> Iterator[Finding]:
    for key, service in objects.services.items():
        if not behind[key]:
            external = service.value.text_at("spec", "externalName")
            why = f"it stands for {external}" if external else "its selector matches no workload that was read"
            message = f"the Service {service.name} has no workload: {why}"
            hint = "import the file with its workload, unless it runs elsewhere"
            yield Finding("note", service.place, "service-without-workload", message, hint)
    served = {name for workloads in behind.values() for name in workloads}
    for workload in objects.workloads:
        if names[id(workload)] not in served:
            message = f"the {workload.kind} {workload.name} has no Service, so nothing can be seen to depend on it"
            yield Finding("note", workload.place, "workload-without-service", message, "add what needs it by hand")
    if objects.others:
        listed = ", ".join(f"{count} {kind}" for kind, count in sorted(objects.others.items()))
        yield Finding("note", "", "other-kinds", f"left out, as they are no workloads: {listed}")


def _edges(
    workload: Object,
    objects: Objects,
    names: Mapping[int, str],
    behind: Mapping[Key, list[str]],
    findings: list[Finding],
) -> Iterator[Edge]:
    own = names[id(workload)]
    for mention in mentions(workload, objects, findings):
        key = _service(mention.address, workload.namespace, behind)
        if key is None:
            findings += _unknown(own, mention)
        elif not behind[key]:
            message = (
                f"{own} uses the Service {key[1]} ({mention.detail}), which has no workload; no dependency is made"
            )
            findings.append(
                Finding("warning", mention.place, "service-without-workload", message, "import its workload")
            )
        elif not mention.address.sure:
            if own not in behind[key]:
                message = (
                    f"{mention.detail} of {own} is {mention.address.host}, which may mean the Service of that name"
                )
                hint = f"if so, add {' and '.join(behind[key])} to its dependsOn"
                findings.append(Finding("note", mention.place, "possible-dependency", message, hint))
        else:
            for other in behind[key]:
                # Its own address is how a workload is reached, or how its replicas find each other.
                if other != own:
                    yield Edge(own, other, mention.place, mention.detail, startup=mention.startup)


def _service(address: Address, namespace: str, services: Mapping[Key, list[str]]) -> Key | None:
    for candidate in address.candidates(namespace):
        if candidate in services:
            return candidate
        # Files that name no namespace are applied to whichever is current, so the name alone has to do.
        if candidate[0] and ("", candidate[1]) in services and not any(key[0] == candidate[0] for key in services):
            return "", candidate[1]
    return None


def _unknown(own: str, mention: Mention) -> Iterator[Finding]:
    if mention.address.sure and mention.address.in_cluster:
        message = f"{own} uses {mention.address.host} ({mention.detail}), and no Service of that name was read"
        yield Finding("warning", mention.place, "unknown-address", message, "import what defines it, if it is there")


def _fields(name: str, workload: Object, systems: dict[str, str], findings: list[Finding]) -> Mapping[str, Any]:
    containers = workload.containers("containers")
    fields: dict[str, Any] = {}
    image = containers[0].get("image") if containers else None
    if image is not None and image.text:
        fields.update(version_fields(name, image.text, image.at, findings))
    labels = texts(workload.value.get("metadata", "labels"))
    fields["labels"] = {**fields.get("labels", {}), **labels}
    if not fields["labels"]:
        del fields["labels"]
    if labels.get(_PART_OF):
        system = systems.get(labels[_PART_OF])
        if system is None:
            system = systems[labels[_PART_OF]] = convoy_name(labels[_PART_OF], set(systems.values()))
        fields["system"] = system
    findings.append(_lost(name, workload, len(containers)))
    return fields


def _lost(name: str, workload: Object, containers: int) -> Finding:
    replicas = workload.value.text_at("spec", "replicas")
    parts = [workload.kind]
    if replicas:
        parts.append(f"{replicas} replicas")
    if containers > 1:
        parts.append(f"{containers} containers, of which the first gives the version")
    message = f"what {name} runs is not carried over ({', '.join(parts)})"
    return Finding("note", workload.place, "not-carried", message, "write its workload for the target that deploys it")
