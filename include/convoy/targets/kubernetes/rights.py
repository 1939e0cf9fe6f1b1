"""Which verbs a run and its rollback need: asked of the server beforehand, and written as a Role."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from convoy.targets.kubernetes.changes import CREATABLE, EXISTING, created
from convoy.targets.kubernetes.client import Client
from convoy.targets.kubernetes.objects import (
    BUILT_IN,
    DAEMON_SET,
    DEPLOYMENT,
    LEASE,
    POD,
    REPLICA_SET,
    STATEFUL_SET,
    Resource,
)

REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
CHANGE = ("get", "patch", "update")
"""Reading an object, server-side apply and the fence's mark, and the restore."""
WATCH = ("list", "watch")
"""Waiting without asking."""
POD_LOG = Resource("v1", "Pod", "pods/log")


@dataclass(frozen=True, order=True)
class Right:
    """One verb on one resource of one namespace."""

    namespace: str
    group: str
    plural: str
    verb: str

    def __str__(self) -> str:
        resource = f"{self.plural}.{self.group}" if self.group else self.plural
        return f"{self.verb} {resource} in namespace {self.namespace}"


def needed(
    workloads: Iterable[Mapping[str, Any]],
    namespace: str,
    resource_of: Callable[[Mapping[str, Any]], Resource],
) -> list[Right]:
    """The verbs for these workloads, sorted. ``resource_of`` knows the resources of custom workloads."""
    found = set(_of(LEASE, namespace, ("get", "list", "create", "update")))
    for workload in workloads:
        kind, place = str(workload.get("kind")), str(workload.get("namespace") or namespace)
        if kind == EXISTING:
            for resource in (DEPLOYMENT, STATEFUL_SET, DAEMON_SET):
                found |= set(_of(resource, place, (*CHANGE, *WATCH)))
        elif kind == "custom":
            found |= set(_of(resource_of(workload), place, (*CHANGE, *WATCH)))
        else:
            waits = kind not in ("configMap", "cronJob")
            found |= set(_of(BUILT_IN[kind], place, (*CHANGE, *WATCH) if waits else CHANGE))
        if kind == "job" or (kind in CREATABLE and created("", workload) is not None):
            found |= set(_of(BUILT_IN[kind], place, ("create", "delete")))
        if kind not in ("configMap", "cronJob"):
            found |= {*_of(POD, place, WATCH), *_of(POD_LOG, place, ("get",))}
        if kind in ("deployment", EXISTING):
            found |= set(_of(REPLICA_SET, place, WATCH))
    return sorted(found)


def guessed(workload: Mapping[str, Any]) -> Resource:
    """The resource of a custom workload without asking a cluster: the plural is made as operators make it."""
    kind = str(workload["resource"]).lower()
    plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}es" if kind.endswith(("s", "x", "ch")) else f"{kind}s"
    return Resource(str(workload["api_version"]), str(workload["resource"]), plural)


def missing(client: Client, rights: Iterable[Right]) -> list[str]:
    """The rights that we do not have, one line each: what the server's authorizer says."""
    lines = []
    for right in rights:
        plural, _, subresource = right.plural.partition("/")
        attributes = {
            "namespace": right.namespace,
            "verb": right.verb,
            "group": right.group,
            "resource": plural,
            **({"subresource": subresource} if subresource else {}),
        }
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        status = client.request("POST", REVIEW, body=body).get("status") or {}
        if status.get("allowed") is not True:
            why = f" ({status['reason']})" if status.get("reason") else ""
            lines.append(f"missing right: {right}{why}")
    return lines


def roles(rights: Iterable[Right], name: str, subject: Mapping[str, str]) -> list[dict[str, Any]]:
    """A Role and a RoleBinding per namespace, with exactly these rights."""
    by_namespace: dict[str, dict[tuple[str, str], list[str]]] = {}
    for right in sorted(set(rights)):
        by_namespace.setdefault(right.namespace, {}).setdefault((right.group, right.plural), []).append(right.verb)
    documents: list[dict[str, Any]] = []
    for namespace, resources in by_namespace.items():
        metadata = {"name": name, "namespace": namespace}
        rules = [
            {"apiGroups": [group], "resources": [plural], "verbs": verbs}
            for (group, plural), verbs in resources.items()
        ]
        api = "rbac.authorization.k8s.io"
        documents += [
            {"apiVersion": f"{api}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
            {
                "apiVersion": f"{api}/v1",
                "kind": "RoleBinding",
                "metadata": metadata,
                "roleRef": {"apiGroup": api, "kind": "Role", "name": name},
                "subjects": [dict(subject)],
            },
        ]
    return documents


def _of(resource: Resource, namespace: str, verbs: Iterable[str]) -> list[Right]:
    return [Right(namespace, resource.group, resource.plural, verb) for verb in verbs]
