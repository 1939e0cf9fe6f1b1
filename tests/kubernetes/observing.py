"""Questions that tests ask a cluster."""

from __future__ import annotations

from typing import Any

from kubernetes import client


def rolled_out(apps: client.AppsV1Api, name: str, namespace: str, replicas: int = 2) -> bool:
    """As `kubectl rollout status` decides."""
    found = apps.read_namespaced_deployment(name, namespace)
    counted = (found.status.replicas, found.status.updated_replicas, found.status.available_replicas)
    return found.status.observed_generation == found.metadata.generation and counted == (replicas,) * 3


def waiting_reasons(core: client.CoreV1Api, namespace: str) -> set[str]:
    """Why containers of the namespace wait."""
    pods = core.list_namespaced_pod(namespace).items
    states = [one.state for pod in pods for one in pod.status.container_statuses or []]
    return {state.waiting.reason for state in states if state.waiting}


def true_conditions(status: Any) -> set[str]:
    """The types of the conditions that hold."""
    return {one.type for one in status.conditions or [] if one.status == "True"}
