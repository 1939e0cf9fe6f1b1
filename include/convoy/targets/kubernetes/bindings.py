"""Which object a component is, and what the manifests say of its versions."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from convoy.targets.base import Refused
from convoy.targets.kubernetes.changes import EXISTING, KIND_OF
from convoy.targets.kubernetes.client import Client
from convoy.targets.kubernetes.locks import Locks
from convoy.targets.kubernetes.objects import (
    BUILT_IN,
    DAEMON_SET,
    DEPLOYMENT,
    STATEFUL_SET,
    Ref,
    Resource,
    ref_of,
)

SEARCHED = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET)
"""Where a component is looked for of which nothing is known but its name."""


class Bindings:
    """``workloads`` maps components to their workload at each version, as the manifests have it.

    Without an entry there, a component is the object that its Lease remembers, or else the Deployment, StatefulSet or
    DaemonSet of its name."""

    def __init__(
        self, client: Client, locks: Locks, namespace: str, workloads: Mapping[str, Mapping[str, Mapping[str, Any]]]
    ) -> None:
        self._client = client
        self._locks = locks
        self._namespace = namespace
        self._workloads = workloads
        self._resources: dict[tuple[str, str], Resource] = {}
        self._guard = threading.Lock()

    def versions(self, component: str) -> Mapping[str, Mapping[str, Any]]:
        """The workload of a component at each version that the manifests know."""
        return self._workloads.get(component, {})

    def of_workload(self, component: str, workload: Mapping[str, Any]) -> Ref:
        """The object that a workload means. Raises Refused. Not for Jobs, whose name depends on their content."""
        kind = str(workload.get("kind"))
        if kind == EXISTING:
            if workload.get("parameters"):
                raise Refused(f"{component}: a workload of kind external has no meaning in Kubernetes")
            found = self.find(component)
            if found is None:
                raise Refused(
                    f"{component}: there is no Deployment, StatefulSet or DaemonSet of this name in namespace "
                    f"{self._namespace}; give it a workload"
                )
            return found
        namespace = str(workload.get("namespace") or self._namespace)
        name = str(workload.get("name") or component)
        if kind == "custom":
            resource = self.resource_of(workload)
            return ref_of(resource, namespace, name, str(workload.get("profile") or "kstatus"))
        if kind not in BUILT_IN:
            raise Refused(f"{component}: a workload of kind {kind} does not run in Kubernetes")
        return ref_of(BUILT_IN[kind], namespace, name)

    def of(self, component: str) -> Ref | None:
        """The object of a component, whether it exists or not; None where nobody can tell."""
        known = {
            self.of_workload(component, workload)
            for workload in self.versions(component).values()
            if workload.get("kind") not in (EXISTING, "job")
        }
        if len(known) > 1:
            raise Refused(f"{component} is several objects: {', '.join(sorted(map(str, known)))}; it has to be one")
        if known:
            return known.pop()
        held = self._locks.look(component)
        if held is not None and held.bound is not None:
            return held.bound
        if any(workload.get("kind") == "job" for workload in self.versions(component).values()):
            return None
        return self.find(component)

    def find(self, component: str) -> Ref | None:
        """The Deployment, StatefulSet or DaemonSet of this name. Raises Refused where there are several."""
        refs = [ref_of(resource, self._namespace, component) for resource in SEARCHED]
        found = [ref for ref in refs if self._client.get(ref) is not None]
        if len(found) > 1:
            raise Refused(f"{component} may be {' or '.join(map(str, found))}: give it a workload with its kind")
        return found[0] if found else None

    def resource_of(self, workload: Mapping[str, Any]) -> Resource:
        """The resource of a custom workload, as the cluster calls it. Raises Refused."""
        api_version, kind = str(workload["api_version"]), str(workload["resource"])
        with self._guard:
            if (api_version, kind) not in self._resources:
                self._resources[api_version, kind] = self._client.resource(api_version, kind)
            return self._resources[api_version, kind]


def kind_of(ref: Ref) -> str:
    """The workload kind of an object."""
    if ref.kind in KIND_OF:
        return KIND_OF[ref.kind]
    return next((kind for kind, resource in BUILT_IN.items() if resource == ref.resource), "custom")
