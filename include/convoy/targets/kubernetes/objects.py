"""Which object a component is: kind, place, name, and the address of its resource. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from convoy.targets.base import Refused

COMPONENT = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""The names of components, as the manifests have them: also good names of objects."""
OBJECT_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")

RUN = "convoy.dev/run"
VERSION = "convoy.dev/version"
TOKEN = "convoy.dev/token"
DESIRED = "convoy.dev/desired"
CREATED = "convoy.dev/created"
OF = "convoy.dev/component"
INERT = "convoy.dev/inert"
STANDS = "convoy.dev/stands"
MARK = "convoy.dev/fence"
CAUSE = "kubernetes.io/change-cause"

RESTORER = "convoy-restore"
"""The field manager of a restore, for the moment until the owners have their fields again."""


@dataclass(frozen=True)
class Resource:
    """A kind of object, and how its resource is called."""

    api_version: str
    kind: str
    plural: str

    @property
    def group(self) -> str:
        """The API group; empty for the core."""
        return self.api_version.rpartition("/")[0]

    def path(self, namespace: str, name: str | None = None) -> str:
        """The address below the API server."""
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.api_version}"
        path = f"{root}/namespaces/{quote(namespace, safe='')}/{self.plural}"
        return f"{path}/{quote(name, safe='')}" if name else path


DEPLOYMENT = Resource("apps/v1", "Deployment", "deployments")
STATEFUL_SET = Resource("apps/v1", "StatefulSet", "statefulsets")
DAEMON_SET = Resource("apps/v1", "DaemonSet", "daemonsets")
REPLICA_SET = Resource("apps/v1", "ReplicaSet", "replicasets")
CONFIG_MAP = Resource("v1", "ConfigMap", "configmaps")
POD = Resource("v1", "Pod", "pods")
JOB = Resource("batch/v1", "Job", "jobs")
CRON_JOB = Resource("batch/v1", "CronJob", "cronjobs")
LEASE = Resource("coordination.k8s.io/v1", "Lease", "leases")

BUILT_IN = {
    "deployment": DEPLOYMENT,
    "statefulSet": STATEFUL_SET,
    "daemonSet": DAEMON_SET,
    "configMap": CONFIG_MAP,
    "job": JOB,
    "cronJob": CRON_JOB,
}
"""Workload kinds of the manifests, except ``custom``."""


@dataclass(frozen=True)
class Ref:
    """One object. ``profile`` says how a custom resource tells that it is ready."""

    api_version: str
    kind: str
    plural: str
    namespace: str
    name: str
    profile: str | None = None

    @property
    def resource(self) -> Resource:
        """Its kind."""
        return Resource(self.api_version, self.kind, self.plural)

    @property
    def path(self) -> str:
        """Its address below the API server."""
        return self.resource.path(self.namespace, self.name)

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Ref:
        """From JSON. Raises TypeError."""
        return cls(**data)


def ref_of(resource: Resource, namespace: str, name: str, profile: str | None = None) -> Ref:
    """The object of this kind and name. Raises Refused for what cannot be a name."""
    if not OBJECT_NAME.fullmatch(name) or ".." in name:
        raise Refused(f"{name!r} is no name of a Kubernetes object")
    if not COMPONENT.fullmatch(namespace):
        raise Refused(f"{namespace!r} is no name of a Kubernetes namespace")
    return Ref(resource.api_version, resource.kind, resource.plural, namespace, name, profile)


def notes_of(live: Mapping[str, Any] | None) -> dict[str, str]:
    """The annotations of an object."""
    return dict(((live or {}).get("metadata") or {}).get("annotations") or {})


def generation_of(live: Mapping[str, Any]) -> int:
    """The generation that the API server counts; 0 where it counts none."""
    return int(live["metadata"].get("generation") or 0)
