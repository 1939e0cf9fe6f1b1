"""Nodes without containers: says of each pod that is bound to one of them what a kubelet would say.

How a container behaves is in :mod:`tests.kubernetes.pod_status`; a test may change it while the pod runs::

    kubelet.behave(namespace, "shop/payment:1.1.0", "unready")

A pod with the annotation ``fake-kubelet/serve: "true"`` has a real address on loopback, where it answers at its
container ports while its containers run (:mod:`tests.kubernetes.pod_servers`). Kubernetes takes no loopback address
into an EndpointSlice: such a pod cannot be behind a Service. Without the annotation the address leads nowhere.

What there is not: volumes, exec, probes, readiness gates, a grace period (a deleted pod is gone at once).
"""

from __future__ import annotations

import json
import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from tests.kubernetes.fake_nodes import FakeNodes
from tests.kubernetes.pod_servers import PodServers, Service
from tests.kubernetes.pod_status import BEHAVIOURS, Played, behaviour_of, containers_of, log_lines, status_of, tag_of
from tests.kubernetes.pod_watch import PodWatch
from tests.kubernetes.raw_api import MERGE, RawApi, RawApiError

SERVE_ANNOTATION = "fake-kubelet/serve"
RETRY = 0.2
_log = logging.getLogger(__name__)


@dataclass
class _Pod:
    """A pod on one of our nodes: the last we saw of it, what we play, and what we said last."""

    seen: dict[str, Any]
    played: Played
    said: dict[str, Any] = field(default_factory=dict)
    service: Service | None = None

    @property
    def path(self) -> str:
        meta = self.seen["metadata"]
        return f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"


class FakeKubelet:
    """All nodes of a test. ``start`` and ``stop``, or a context manager that has no nodes at first."""

    def __init__(self, kubeconfig: Path, *, certificate: tuple[Path, Path]) -> None:
        self._api = RawApi(kubeconfig)
        self._servers = PodServers()
        self._nodes = FakeNodes(self._api, self._servers.serve_logs(self._log_lines, certificate))
        self._lock = threading.RLock()
        self._pods: dict[str, _Pod] = {}
        self._told: dict[tuple[str, str], str] = {}
        self._owners: dict[str, int] = {}
        self._addresses = random.SystemRandom().randrange(64 * 65536)
        self._due: dict[str, float] = {}
        self._events: queue.Queue[dict[str, Any] | str] = queue.Queue()
        self._stopping = threading.Event()
        self._failures: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._guard, args=(work,), name="fake-kubelet", daemon=True)
            for work in (
                lambda: PodWatch(self._api, self._events.put).run(self._stopping),
                lambda: self._nodes.beat(self._stopping),
                self._play,
            )
        ]

    def __enter__(self) -> FakeKubelet:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def start(self, nodes: Iterable[str] = ()) -> None:
        """Start, with these nodes."""
        for name in nodes:
            self.add_node(name)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop playing, and delete the nodes. Raises what went wrong in the threads, if anything did."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        for name in self._nodes.names:
            self._nodes.delete(name)
        self._servers.close()
        self._api.close()
        self.check()

    def check(self) -> None:
        """Raises what went wrong in the threads, if anything did: nothing is played from then on."""
        if self._failures:
            raise self._failures[0]

    def add_node(
        self,
        name: str,
        *,
        cpu: str = "64",
        memory: str = "256Gi",
        labels: dict[str, str] | None = None,
        taints: list[dict[str, str]] | None = None,
    ) -> None:
        """A node that is ready; the scheduler uses it as soon as the node controller has seen that."""
        self._nodes.add(name, cpu, memory, labels or {}, taints or [])

    def lose_node(self, name: str) -> None:
        """No heartbeat, and nothing done for its pods, from now on; their services are gone."""
        self._nodes.lose(name)
        with self._lock:
            for uid, pod in self._on(name):
                self._silence(uid, pod)

    def return_node(self, name: str) -> None:
        """The node is back, and says again how its pods are."""
        self._nodes.find_again(name)
        with self._lock:
            for uid, pod in self._on(name):
                pod.said = {}
                self._events.put(uid)

    def behave(self, namespace: str, image: str, behaviour: str | None) -> None:
        """From now on the containers of this image behave so, those that run and new ones; None: by its tag again."""
        if behaviour is not None and behaviour not in BEHAVIOURS:
            raise ValueError(f"{behaviour!r} is none of {', '.join(BEHAVIOURS)}")
        with self._lock:
            self._told.pop((namespace, image), None)
            if behaviour is not None:
                self._told[namespace, image] = behaviour
            for uid, _ in self._of_image(namespace, image):
                self._events.put(uid)

    def answer(self, namespace: str, image: str, *, health: int = 200, errors: float = 0.0) -> None:
        """What the services of this image answer from now on, those that run now."""
        with self._lock:
            for _, pod in self._of_image(namespace, image):
                if pod.service is not None:
                    pod.service.health, pod.service.errors = health, errors

    def _on(self, node: str) -> list[tuple[str, _Pod]]:
        return [(uid, pod) for uid, pod in self._pods.items() if pod.seen["spec"]["nodeName"] == node]

    def _of_image(self, namespace: str, image: str) -> list[tuple[str, _Pod]]:
        here = [(uid, pod) for uid, pod in self._pods.items() if pod.seen["metadata"]["namespace"] == namespace]
        return [(uid, pod) for uid, pod in here if any(one["image"] == image for one in containers_of(pod.seen))]

    # The threads. Each ends only because it was told to; anything else is kept, and raised by `stop`.

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            _log.exception("the fake kubelet fails")
            self._failures.append(error)

    def _play(self) -> None:
        while not self._stopping.is_set():
            wait = min([RETRY, *(due - time.time() for due in self._due.values())])
            try:
                event = self._events.get(timeout=max(0.001, wait))
            except queue.Empty:
                event = ""
            with self._lock:
                if isinstance(event, dict):
                    self._see(event)
                elif event:
                    self._due[event] = 0.0
                now = time.time()
                for uid in [uid for uid, due in self._due.items() if due <= now]:
                    del self._due[uid]
                    if uid in self._pods:
                        self._report(uid, self._pods[uid])

    def _see(self, event: dict[str, Any]) -> None:
        pod = event["object"]
        uid = pod["metadata"]["uid"]
        if event["type"] == "DELETED":
            if (known := self._pods.pop(uid, None)) is not None:
                self._silence(uid, known)
            self._due.pop(uid, None)
        elif pod["spec"]["nodeName"] in self._nodes:
            if uid in self._pods:
                self._pods[uid].seen = pod
            else:
                self._pods[uid] = _Pod(pod, self._new(pod))
            self._due[uid] = 0.0

    def _new(self, pod: dict[str, Any]) -> Played:
        owner = (pod["metadata"].get("ownerReferences") or [pod["metadata"]])[0]["uid"]
        self._owners[owner] = self._owners.get(owner, 0) + 1
        self._addresses += 1
        rest = f"{self._addresses // 65536 % 64 + 64}.{self._addresses // 256 % 256}.{self._addresses % 256}"
        ip = f"127.{rest}" if _serves(pod) else f"10.{rest}"
        # The address of a pod cannot be changed: one that another kubelet gave is kept.
        return Played(ip=pod["status"].get("podIP") or ip, odd=self._owners[owner] % 2 == 1)

    def _report(self, uid: str, pod: _Pod) -> None:
        if not self._nodes.lives(pod.seen["spec"]["nodeName"]):
            return
        meta = pod.seen["metadata"]
        try:
            if meta.get("deletionTimestamp"):
                self._silence(uid, pod)
                # Zero: we have said so already, and a finalizer holds it.
                if meta.get("deletionGracePeriodSeconds"):
                    self._api.ask("DELETE", pod.path, {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}})
            elif pod.seen["status"].get("phase") in ("Succeeded", "Failed"):
                self._silence(uid, pod)
            else:
                self._say(uid, pod)
        except urllib3.exceptions.HTTPError as error:
            _log.info("%s later: %r", pod.path, error)
            self._due[uid] = time.time() + RETRY
        except RawApiError as error:
            # 404 and 409: the pod is gone, or is another one of the same name; the watch will say so too.
            if error.temporary:
                self._due[uid] = time.time() + RETRY
            elif error.status not in (404, 409):
                raise

    def _say(self, uid: str, pod: _Pod) -> None:
        status, due = self._status(pod)
        if _serves(pod.seen):
            try:
                self._serve(uid, pod, status)
            except (OSError, ValueError, TypeError) as error:
                # An address that is taken, or settings that make no sense: a real container would not start either.
                pod.played.problem = f"cannot serve: {error!r}"
                status, due = self._status(pod)
        if due is not None:
            self._due[uid] = due
        live = {one["type"]: one["status"] for one in pod.seen["status"].get("conditions") or []}
        ready = next(one["status"] for one in status["conditions"] if one["type"] == "Ready")
        # The node controller may have changed the condition meanwhile; what is ours is said again.
        if status != pod.said or live.get("Ready") != ready:
            self._api.ask("PATCH", f"{pod.path}/status", {"metadata": {"uid": uid}, "status": status}, kind=MERGE)
            pod.said = status

    def _status(self, pod: _Pod) -> tuple[dict[str, Any], float | None]:
        namespace = pod.seen["metadata"]["namespace"]
        behaviours: dict[str, str | None] = {}
        for one in containers_of(pod.seen):
            told = self._told.get((namespace, one["image"]))
            behaviours[one["name"]] = told or behaviour_of(pod.seen, one["image"])
        return status_of(pod.seen, behaviours, pod.played, time.time())

    def _serve(self, uid: str, pod: _Pod, status: dict[str, Any]) -> None:
        containers = status["containerStatuses"]
        if not all("running" in one["state"] for one in containers):
            self._silence(uid, pod)
            return
        if pod.service is None:
            first = pod.seen["spec"]["containers"][0]
            told = {one["name"]: one.get("value") or "" for one in first.get("env") or []}
            service = Service(tag_of(first["image"]), **json.loads(told.get("BEHAVIOUR") or "{}"))
            ports = [port["containerPort"] for one in pod.seen["spec"]["containers"] for port in one.get("ports") or []]
            self._servers.serve(uid, service, pod.played.ip, ports)
            pod.service = service
        pod.service.ready = all(one["ready"] for one in containers)

    def _silence(self, uid: str, pod: _Pod) -> None:
        self._servers.stop(uid)
        pod.service = None

    def _log_lines(self, namespace: str, name: str, container: str, previous: bool) -> list[str] | None:
        with self._lock:
            for pod in self._pods.values():
                if (pod.seen["metadata"]["namespace"], pod.seen["metadata"]["name"]) == (namespace, name):
                    return log_lines(pod.said, container, previous)
        return None


def _serves(pod: dict[str, Any]) -> bool:
    return (pod["metadata"].get("annotations") or {}).get(SERVE_ANNOTATION) == "true"
