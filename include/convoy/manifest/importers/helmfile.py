"""Helmfile: one component per release, one dependency per entry of ``needs``.

Helmfile files are Go templates first and YAML second. Templates are not rendered here: a document that is no YAML
before it is rendered is an error, and a template inside of a value is a warning where the value matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from convoy.manifest.importers.base import Edge, Finding, Imported, ImportFailed, Options, graph_findings, in_order
from convoy.manifest.importers.components import Node, component_documents
from convoy.manifest.importers.helmfile_files import RENDER, Release, read_releases
from convoy.manifest.importers.images import chart_version_fields

_CARRIED = frozenset(
    {"chart", "condition", "context", "installed", "kubeContext", "labels", "name", "namespace", "needs"}
)


def import_helmfile(paths: Sequence[Path], options: Options) -> Imported:
    """The releases of helmfiles and of those that they include. Raises ImportFailed if there is none."""
    findings: list[Finding] = []
    read = read_releases(paths, findings)
    if not read:
        message = "no release was found"
        findings.append(Finding("error", ", ".join(map(str, paths)), "nothing-found", message, "name other files"))
        raise ImportFailed(findings)
    releases = _unique(read, findings)
    present = {key: release for key, release in releases.items() if not release.is_uninstalled}
    for release in releases.values():
        if release.is_uninstalled:
            message = f"{release.name} is left out: it has installed: false"
            findings.append(Finding("note", release.place, "not-installed", message))
    names = _names(present)
    edges = [edge for key, release in present.items() for edge in _edges(key, release, releases, names, findings)]
    findings += graph_findings(names.values(), edges)
    nodes = []
    for key, release in present.items():
        nodes.append(Node(names[key], release.place, _fields(names[key], release, findings)))
        findings += _lost(names[key], release)
    documents = component_documents(nodes, edges, findings)
    return Imported(documents, tuple(names.values()), tuple(edges), in_order(findings))


_Id = tuple[str, str, str]
"""Context, namespace and name; empty where the file does not say."""


def _unique(read: Iterable[Release], findings: list[Finding]) -> dict[_Id, Release]:
    releases: dict[_Id, Release] = {}
    for release in read:
        if release.id in releases:
            message = f"a second release {release.name}; the first is at {releases[release.id].place}, and counts"
            hint = "give one of them another name or namespace"
            findings.append(Finding("error", release.place, "duplicate-release", message, hint))
        releases.setdefault(release.id, release)
    return releases


def _names(releases: Mapping[_Id, Release]) -> dict[_Id, str]:
    """A name per release: its own, where that is not unique with the namespace, and at last with the context."""
    names: dict[_Id, str] = {}
    for key in releases:
        spellings = ["/".join(part for part in key[start:] if part) for start in (2, 1, 0)]
        for start, spelling in zip((2, 1, 0), spellings, strict=True):
            if sum(other[start:] == key[start:] for other in releases) == 1:
                names[key] = spelling
                break
    return names


def _edges(
    key: _Id, release: Release, releases: Mapping[_Id, Release], names: Mapping[_Id, str], findings: list[Finding]
) -> Iterator[Edge]:
    seen: dict[_Id, str] = {}
    for text, place in release.needs:
        target = _target(text, key, releases, place, findings)
        if target is None:
            # A release of that name elsewhere must not be taken for it.
            wanted = f"{text} (in {key[1] or 'no namespace'})" if text in names.values() else text
            yield Edge(names[key], wanted, place, "needs")
        elif target in seen:
            message = f"{release.name} needs {text} a second time; the first is at {seen[target]}"
            findings.append(Finding("warning", place, "duplicate-reference", message, "delete one of them"))
        elif target not in names:
            message = f"{release.name} needs {text}, which has installed: false; no dependency is made"
            findings.append(Finding("warning", place, "not-installed", message, "install it, or delete the reference"))
        else:
            yield Edge(names[key], names[target], place, "needs")
        if target is not None:
            seen.setdefault(target, place)


def _target(text: str, own: _Id, releases: Mapping[_Id, Release], place: str, findings: list[Finding]) -> _Id | None:
    """The release that ``[[context/]namespace/]name`` means. What it leaves out is as for the release that has it."""
    *context, namespace, name = text.rsplit("/", 2) if "/" in text else (own[1], text)
    # Names of contexts may have slashes of their own, so only the last two parts are split off.
    strict = ("/".join(context) or own[0], namespace, name)
    if strict in releases:
        return strict
    near = [key for key in releases if key[2] == name]
    # Only a template may make the difference: Helmfile itself takes no release of another namespace.
    if len(near) != 1 or not (releases[near[0]].is_templated or releases[own].is_templated):
        return None
    message = f"{text} was taken for the only release {name}, as the namespace of one of them is made by a template"
    findings.append(Finding("warning", place, "namespace-guessed", message, RENDER))
    return near[0]


def _fields(name: str, release: Release, findings: list[Finding]) -> Mapping[str, Any]:
    labels = dict(release.labels)
    if release.chart:
        labels["chart"] = release.chart
    if release.namespace:
        labels["namespace"] = release.namespace
    fields: dict[str, Any] = {"labels": labels} if labels else {}
    fields.update(chart_version_fields(name, release.version, release.version_place, findings))
    return fields


def _lost(name: str, release: Release) -> Iterator[Finding]:
    condition = release.value.get("condition")
    if condition is not None:
        message = (
            f"{name} is installed only if {condition.text} holds; values are not read, so it is taken as installed"
        )
        yield Finding("warning", condition.at, "condition", message, "delete the component if it is not there")
    keys = sorted(key for key in release.value.mapping if key not in _CARRIED and key != "version")
    listed = f" ({', '.join(keys)})" if keys else ""
    message = f"how {name} is installed is not carried over{listed}"
    yield Finding("note", release.place, "not-carried", message, "write its workload for the target that deploys it")
