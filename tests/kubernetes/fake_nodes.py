"""Nodes as the API server sees them: a Node, its Lease, and a heartbeat."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import urllib3

from tests.kubernetes.pod_status import moment
from tests.kubernetes.raw_api import MERGE, RawApi, RawApiError

HEARTBEAT = 2.0
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
NODES = "/api/v1/nodes"
_log = logging.getLogger(__name__)


class FakeNodes:
    """Registers nodes and keeps them alive; one loop for all, run by :meth:`beat` in a thread."""

    def __init__(self, api: RawApi, log_port: int) -> None:
        self._api = api
        self._log_port = log_port
        self._alive: dict[str, bool] = {}
        self._lock = threading.Lock()

    def __contains__(self, name: object) -> bool:
        """Whether it is one of ours, alive or lost."""
        with self._lock:
            return name in self._alive

    def lives(self, name: str) -> bool:
        """Whether it is one of ours and not lost."""
        with self._lock:
            return self._alive.get(name, False)

    @property
    def names(self) -> list[str]:
        """All of ours."""
        with self._lock:
            return list(self._alive)

    def add(self, name: str, cpu: str, memory: str, labels: dict[str, str], taints: list[dict[str, str]]) -> None:
        """Register a node that is ready."""
        resources = {"cpu": cpu, "memory": memory, "pods": "500", "ephemeral-storage": "100Gi"}
        node = {
            "metadata": {
                "name": name,
                "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **labels},
            },
            "spec": {"taints": taints},
            "status": {
                "capacity": resources,
                "allocatable": resources,
                "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}, {"type": "Hostname", "address": name}],
                "daemonEndpoints": {"kubeletEndpoint": {"Port": self._log_port}},
                **_ready(),
            },
        }
        self._api.ask("POST", NODES, node)
        self._api.ask("POST", LEASES, _lease(name))
        with self._lock:
            self._alive[name] = True

    def lose(self, name: str) -> None:
        """No heartbeat from now on."""
        with self._lock:
            self._alive[name] = False

    def find_again(self, name: str) -> None:
        """A heartbeat at once, and again and again."""
        self._heartbeat(name)
        with self._lock:
            self._alive[name] = True

    def delete(self, name: str) -> None:
        """Take the node out of the cluster."""
        with self._lock:
            del self._alive[name]
        self._api.ask("DELETE", f"{NODES}/{name}")
        self._api.ask("DELETE", f"{LEASES}/{name}")

    def beat(self, stopping: threading.Event) -> None:
        """Keep the heartbeat of all that are alive until told to stop."""
        while not stopping.wait(HEARTBEAT):
            for name in filter(self.lives, self.names):
                try:
                    self._heartbeat(name)
                except urllib3.exceptions.HTTPError as error:
                    _log.info("no heartbeat of %s: %r", name, error)
                except RawApiError as error:
                    # Deleted or lost meanwhile, or a server that is not ready: the next beat will tell.
                    if error.status not in (404, 409) and not error.temporary:
                        raise

    def _heartbeat(self, name: str) -> None:
        self._api.ask("PATCH", f"{LEASES}/{name}", _lease(name), kind=MERGE)
        self._api.ask("PATCH", f"{NODES}/{name}/status", {"status": _ready()}, kind=MERGE)


def _lease(name: str) -> dict[str, Any]:
    renewed = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
    spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": renewed}
    return {"metadata": {"name": name}, "spec": spec}


def _ready() -> dict[str, Any]:
    told = {"status": "True", "reason": "KubeletReady", "message": "the fake kubelet is well"}
    return {"conditions": [{"type": "Ready", **told, "lastHeartbeatTime": moment(time.time())}]}
