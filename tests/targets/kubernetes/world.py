"""A namespace as the tests see it: what its users do by hand, and what Convoy does beside them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from convoy.targets.base import Applied, Desired, Lock, Observation, Readiness
from convoy.targets.kubernetes.target import KubernetesTarget
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.fake_kubelet import FakeKubelet
from tests.kubernetes.raw_api import RawApi
from tests.kubernetes.waiting import eventually

USER = "kubectl-client-side-apply"
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
PLURALS = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
    "CronJob": "/apis/batch/v1/namespaces/{}/cronjobs",
    "Lease": "/apis/coordination.k8s.io/v1/namespaces/{}/leases",
    "Pod": "/api/v1/namespaces/{}/pods",
}
OURS, FENCE = "convoy", "convoy-fence"
STAY = ("convoy.dev/fence", "convoy.dev/stands")
"""Annotations that say nothing about the state, and stay after a restore."""


class World:
    """One namespace, the administrator's access to it, and a target that may take what kubectl owns."""

    def __init__(self, control_plane: ControlPlane, kubelet: FakeKubelet, namespace: str) -> None:
        self.control_plane = control_plane
        self.kubelet = kubelet
        self.namespace = namespace
        self.raw = RawApi(control_plane.admin_kubeconfig)
        self.target = self.open()

    def open(self, *, kubeconfig: Path | None = None, **config: Any) -> KubernetesTarget:
        """A target: another process of Convoy, say, or one with other settings."""
        settings = {
            "kind": "kubernetes",
            "namespace": self.namespace,
            "kubeconfig": str(kubeconfig or self.control_plane.admin_kubeconfig),
            "take_fields_from": [USER],
            **config,
        }
        return KubernetesTarget(settings, "test")

    def close(self) -> None:
        """Close the connections."""
        self.raw.close()

    # --- what users do ---------------------------------------------------------------------------------------

    def path(self, kind: str, name: str | None = None) -> str:
        """The address of a kind, or of one object."""
        path = PLURALS[kind].format(self.namespace)
        return f"{path}/{name}" if name else path

    def put(self, manifest: dict[str, Any], manager: str = USER) -> dict[str, Any]:
        """Create an object by hand."""
        return self.raw.ask("POST", f"{self.path(manifest['kind'])}?fieldManager={manager}", manifest)

    def patch(self, kind: str, name: str, patch: dict[str, Any], manager: str = "kubectl-edit") -> dict[str, Any]:
        """Change an object by hand: strategic merge."""
        address = f"{self.path(kind, name)}?fieldManager={manager}"
        return self.raw.ask("PATCH", address, patch, kind="application/strategic-merge-patch+json")

    def server_side_apply(self, manifest: dict[str, Any], manager: str, *, force: bool = False) -> dict[str, Any]:
        """What a controller does that applies from Git."""
        address = self.path(manifest["kind"], manifest["metadata"]["name"])
        query = f"fieldManager={manager}&force={'true' if force else 'false'}"
        return self.raw.ask("PATCH", f"{address}?{query}", manifest, kind=APPLY)

    def delete(self, kind: str, name: str) -> None:
        """Delete an object by hand, at once."""
        self.raw.ask("DELETE", self.path(kind, name), {"propagationPolicy": "Background"})

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """An object as it is."""
        return self.raw.ask("GET", self.path(kind, name))

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Every object of a kind."""
        found: list[dict[str, Any]] = self.raw.ask("GET", self.path(kind))["items"]
        return found

    def image(self, kind: str, name: str, container: str = "main") -> str:
        """The image in an object's template of pods."""
        spec = self.get(kind, name)["spec"]
        template = spec["jobTemplate"]["spec"]["template"] if kind == "CronJob" else spec["template"]
        return next(str(c["image"]) for c in template["spec"]["containers"] if c["name"] == container)

    # --- what Convoy does ------------------------------------------------------------------------------------

    def lock(self, *components: str, run: str = "rollout.shop.test/run-1") -> Lock:
        """The lock of a run."""
        return self.target.acquire(list(components), run)

    def apply(
        self, lock: Lock, component: str, version: str, workload: dict[str, Any], target: KubernetesTarget | None = None
    ) -> Applied:
        """Order a version."""
        return (target or self.target).apply(Desired(component, version, workload, {"type": "rolling"}), lock)

    def ready(self, applied: Applied) -> Readiness:
        """One answer."""
        return asyncio.run(self.target.ready(applied.component, applied.generation))

    def settle(self, applied: Applied) -> Readiness:
        """The first final answer."""

        def final() -> Readiness | None:
            readiness = self.ready(applied)
            return readiness if readiness.ready or readiness.failed else None

        found = eventually(f"{applied.component} settled", final)
        assert found
        return found

    def up(self, applied: Applied) -> Applied:
        """Wait until it is up."""
        readiness = self.settle(applied)
        assert readiness.ready, readiness
        return applied

    def back(self, component: str, prior: Observation, run: str = "rollout.shop.test/run-1") -> Applied:
        """The rollback of a run."""
        return self.target.restore(component, prior, self.target.fence(run))


def essence(live: dict[str, Any]) -> dict[str, Any]:
    """What a restore has to bring back: everything but status, counters, times, and what controllers note."""
    metadata = live["metadata"]
    notes = {
        key: value
        for key, value in (metadata.get("annotations") or {}).items()
        if key not in STAY and not key.startswith("deployment.kubernetes.io/") and not key.startswith("deprecated.")
    }
    fields = [
        {key: value for key, value in entry.items() if key != "time"}
        for entry in metadata.get("managedFields") or []
        if not entry.get("subresource") and entry["manager"] != FENCE
    ]
    return {
        "annotations": notes,
        "labels": metadata.get("labels"),
        "owners": sorted(fields, key=str),
        "content": {key: value for key, value in live.items() if key not in ("metadata", "status")},
    }
