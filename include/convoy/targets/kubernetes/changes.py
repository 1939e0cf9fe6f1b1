"""What a version sets in an object: paths and values. Pure.

A workload is the JSON of its manifest; everything that it does not name stays as it is in the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from convoy.targets.base import Refused
from convoy.targets.kubernetes.fields import ABSENT, Fields, Item, Path, dotted, leaves, read, write

TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
POD_KINDS = ("deployment", "statefulSet", "daemonSet", "job", "cronJob", "custom")
CREATABLE = ("deployment", "statefulSet", "daemonSet", "configMap")
EXISTING = "external"
"""What the manifests make of a component without a workload: here, whatever exists under its name."""

VERSION_FIELDS = {
    "flux-helmrelease": "spec.chart.spec.version",
    "argocd-application": "spec.source.targetRevision",
}
"""Where a profile has the version, unless the manifest says otherwise."""

KIND_OF = {"Deployment": "deployment", "StatefulSet": "statefulSet", "DaemonSet": "daemonSet"}


def pods_at(kind: str) -> Path:
    """Where an object of a workload kind has its template of pods."""
    return ("spec", "jobTemplate", "spec", "template") if kind == "cronJob" else ("spec", "template")


def touched(component: str, version: str, workload: Mapping[str, Any], live: Mapping[str, Any] | None) -> Fields:
    """The fields that a version sets, with their values. ``live`` is the object, or what it would be created from.

    Raises Refused where it cannot be said."""
    kind = str(workload.get("kind"))
    fields: Fields = {
        ("metadata", "annotations", key): value for key, value in (workload.get("annotations") or {}).items()
    }
    if kind == "configMap":
        return {**fields, **{("data", key): value for key, value in (workload.get("data") or {}).items()}}
    template = pods_at(kind)
    for key, value in (workload.get("pod_annotations") or {}).items():
        annotation: Path = (*template, "metadata", "annotations", key)
        fields[annotation] = value
    named = False
    for manifest_key, key in (("containers", "containers"), ("init_containers", "initContainers")):
        for name, change in (workload.get(manifest_key) or {}).items():
            at = (*template, "spec", key, Item(name))
            if live is not None and read(live, at) is ABSENT:
                raise Refused(f"{component}: there is no container {name} in {dotted((*template, 'spec', key))}")
            image_at: Path = (*at, "image")
            if change.get("image") is not None:
                fields[image_at] = image(component, version, change)
                named = True
            elif change.get("tag") is not None:
                fields[image_at] = f"{repository_of(str(read(live or {}, image_at)))}:{change['tag']}"
                named = True
            for variable, value in (change.get("env") or {}).items():
                variable_at: Path = (*at, "env", Item(variable))
                fields[variable_at] = {"name": variable, "value": value}
    if kind == "cronJob" and workload.get("suspend") is not None:
        fields[("spec", "suspend")] = workload["suspend"]
    if kind == "custom":
        fields |= dict(leaves(workload.get("patch") or {}))
        field = workload.get("version_field") or (None if named else VERSION_FIELDS.get(str(workload.get("profile"))))
        if field:
            fields[tuple(field.split("."))] = version
        return fields
    if not named:
        fields |= _default_image(component, version, template, live)
    return fields


def image(component: str, version: str, change: Mapping[str, Any]) -> str:
    """The image of a container at a version. Raises Refused where the version cannot be a tag."""
    name = str(change["image"])
    if "@" in name or ":" in name.rpartition("/")[2]:
        return name
    return f"{name}:{_tag(component, change.get('tag') or version)}"


def _default_image(component: str, version: str, template: Path, live: Mapping[str, Any] | None) -> Fields:
    containers = read(live or {}, (*template, "spec", "containers"))
    names = [str(c.get("name")) for c in containers] if isinstance(containers, list) else []
    name = component if component in names else names[0] if len(names) == 1 else None
    if name is None:
        raise Refused(
            f"{component}: no container is called {component} and there are {', '.join(names) or 'none'}: "
            "give the workload containers, with an image for each that the version changes"
        )
    at = (*template, "spec", "containers", Item(name), "image")
    repository = repository_of(str(read(live or {}, at)))
    return {at: f"{repository}:{_tag(component, version)}"}


def _tag(component: str, version: str) -> str:
    if not TAG.fullmatch(version):
        raise Refused(f"{component}: version {version!r} cannot be the tag of an image: give its container a tag")
    return version


def repository_of(name: str) -> str:
    """An image without its tag and digest."""
    name = name.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def tag_of(name: str) -> str | None:
    """The tag of an image."""
    return name.partition("@")[0].rpartition("/")[2].partition(":")[2] or None


def created(component: str, workload: Mapping[str, Any]) -> dict[str, Any] | None:
    """The object that is created where there is none, without what the version sets; None where none is created."""
    kind = workload.get("kind")
    if kind == "configMap":
        return {}
    template = workload.get("template")
    if template is None or kind not in CREATABLE:
        return None
    spec = deepcopy(dict(template))
    labels = {"app.kubernetes.io/name": component}
    spec.setdefault("selector", {"matchLabels": labels})
    pods = spec.setdefault("template", {})
    for key, value in (spec["selector"].get("matchLabels") or {}).items():
        pods.setdefault("metadata", {}).setdefault("labels", {}).setdefault(key, value)
    return {"spec": spec}


def inert(kind: str) -> Fields:
    """What keeps an object from doing anything until the lock was checked once more."""
    asleep: dict[str, Fields] = {
        "deployment": {("spec", "paused"): True},
        "statefulSet": {("spec", "replicas"): 0},
        "daemonSet": {("spec", "template", "spec", "nodeSelector"): {"convoy.dev/inert": "true"}},
        "configMap": {},
    }
    return asleep[kind]


def whole_lists(fields: Fields, live: Mapping[str, Any]) -> Fields:
    """The same with whole lists of containers, as they are and with what is set: for lists that have no keys."""
    result: Fields = {}
    for path, value in fields.items():
        at = next((n for n, step in enumerate(path) if isinstance(step, Item)), None)
        if at is None:
            result[path] = value
            continue
        place = path[:at]
        holder = {"list": result[place] if place in result else deepcopy(read(live, place))}
        if not isinstance(holder["list"], list):
            raise Refused(f"the object has no list {dotted(place)}")
        write(holder, ("list", *path[at:]), value)
        result[place] = holder["list"]
    return result


def further_changes(fields: Fields, live: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether more of an object changes than these fields."""
    before, then = ({key: deepcopy(one[key]) for key in ("spec", "data") if key in one} for one in (live, after))
    for path in fields:
        write(before, path, ABSENT)
        write(then, path, ABSENT)
    return before != then


def paths_for_snapshot(
    component: str, versions: Mapping[str, Mapping[str, Any]], live: Mapping[str, Any], kind: str
) -> Iterator[Path]:
    """The fields that some version of the manifests sets, and the images that a version sets by default."""
    for fields in _known(component, versions, live, kind).values():
        yield from fields
    if kind in POD_KINDS:
        for key in ("containers", "initContainers"):
            found = read(live, (*pods_at(kind), "spec", key))
            if kind == "custom" and isinstance(found, list):
                yield (*pods_at(kind), "spec", key)
            for container in found if isinstance(found, list) else []:
                yield (*pods_at(kind), "spec", key, Item(str(container["name"])), "image")


def version_of(
    component: str, versions: Mapping[str, Mapping[str, Any]], live: Mapping[str, Any], kind: str
) -> str | None:
    """The version of an object that Convoy has not touched: the one whose fields it has, or its image's tag."""
    for version, fields in _known(component, versions, live, kind).items():
        if fields and all(read(live, path) == value for path, value in fields.items()):
            return version
    containers = read(live, (*pods_at(kind), "spec", "containers"))
    if containers is not ABSENT and isinstance(containers, list):
        images = {str(c.get("name")): str(c.get("image")) for c in containers}
        name = component if component in images else next(iter(images)) if len(images) == 1 else None
        if name is not None:
            return tag_of(images[name]) or images[name].partition("@")[2] or "unknown"
    labels = live["metadata"].get("labels") or {}
    return str(labels.get("app.kubernetes.io/version") or "unknown")


def _known(
    component: str, versions: Mapping[str, Mapping[str, Any]], live: Mapping[str, Any], kind: str
) -> dict[str, Fields]:
    """What each version of the manifests sets in this object. One that does not fit is refused when it is applied."""
    known = {}
    for version, workload in versions.items():
        actual = {**workload, "kind": kind} if workload.get("kind") == EXISTING else workload
        try:
            known[version] = touched(component, version, actual, live)
        except Refused:
            continue
    return known
