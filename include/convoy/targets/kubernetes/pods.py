"""What pods say: which are of the deployed revision, which are up, and what is wrong with the others. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from convoy.targets.base import Endpoint
from convoy.targets.kubernetes.changes import tag_of

FINAL = {
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
}
"""Reasons for which a container waits that no time heals."""
TOLD = {"ErrImagePull", "ImageInspectError", "RegistryUnavailable"}
"""Reasons that are told, and may pass."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a container, or with its pod. ``final``: waiting does not help."""

    pod: str
    container: str | None
    reason: str
    message: str
    final: bool
    restarts: int = 0

    def __str__(self) -> str:
        where = f"{self.pod}/{self.container}" if self.container else self.pod
        again = f", restarted {self.restarts} times" if self.restarts else ""
        return f"{where}: {self.reason}{again}{f': {self.message}' if self.message else ''}"


def leaving(pod: Mapping[str, Any]) -> bool:
    """Whether a pod is on its way out."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def label(pod: Mapping[str, Any], key: str) -> str | None:
    """The value of a label."""
    found = (pod["metadata"].get("labels") or {}).get(key)
    return None if found is None else str(found)


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether the pod serves."""
    conditions = (pod.get("status") or {}).get("conditions") or []
    return not leaving(pod) and any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def problems(pods: Iterable[Mapping[str, Any]]) -> list[Problem]:
    """What is wrong, the final first."""
    found: list[Problem] = []
    for pod in pods:
        if not leaving(pod):
            found += _problems(pod)
    return sorted(found, key=lambda problem: (not problem.final, problem.pod, problem.container or ""))


def _problems(pod: Mapping[str, Any]) -> list[Problem]:
    name, status = str(pod["metadata"]["name"]), pod.get("status") or {}
    found = []
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            reason = "FailedScheduling" if condition.get("reason") == "Unschedulable" else str(condition.get("reason"))
            found.append(Problem(name, None, reason, str(condition.get("message") or ""), False))
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        waiting = (container.get("state") or {}).get("waiting") or {}
        reason, restarts = str(waiting.get("reason") or ""), int(container.get("restartCount") or 0)
        if reason in FINAL or reason in TOLD:
            message = str(waiting.get("message") or "")
            ended = (container.get("lastState") or {}).get("terminated") or {}
            if reason == "CrashLoopBackOff" and ended:
                message = f"it ended with code {ended.get('exitCode')} ({ended.get('reason') or 'no reason given'})"
            found.append(Problem(name, str(container["name"]), reason, message, reason in FINAL, restarts))
    return found


def endpoints(pods: Iterable[Mapping[str, Any]], new: Iterable[str], version: str) -> tuple[Endpoint, ...]:
    """The addresses of the pods that serve: port ``http`` of their containers, else the first. None without a port."""
    names = set(new)
    found = []
    for pod in pods:
        address, port = (pod.get("status") or {}).get("podIP"), _port(pod)
        if is_ready(pod) and address and port is not None:
            name = str(pod["metadata"]["name"])
            is_new = name in names
            found.append(
                Endpoint(name, str(address), port, version if is_new else _tag(pod), "new" if is_new else "old")
            )
    return tuple(sorted(found, key=lambda endpoint: endpoint.replica))


def _port(pod: Mapping[str, Any]) -> int | None:
    ports = [port for container in pod["spec"]["containers"] for port in container.get("ports") or []]
    ports = [port for port in ports if port.get("protocol", "TCP") == "TCP"]
    named = [port for port in ports if port.get("name") == "http"]
    return int((named or ports)[0]["containerPort"]) if ports else None


def _tag(pod: Mapping[str, Any]) -> str:
    return tag_of(str(pod["spec"]["containers"][0].get("image") or "")) or "unknown"
