"""Manifests of workloads for the tests, as short as they can be."""

from __future__ import annotations

from typing import Any

MATCH = "app.kubernetes.io/name"


def pod_template(
    name: str, image: str, *, annotations: dict[str, str] | None = None, port: int | None = None, **spec: Any
) -> dict[str, Any]:
    """A pod with one container called ``main``."""
    container: dict[str, Any] = {"name": "main", "image": image}
    if port is not None:
        container["ports"] = [{"containerPort": port}]
    return {
        "metadata": {"labels": {MATCH: name}, "annotations": annotations or {}},
        "spec": {"containers": [container], **spec},
    }


def deployment(name: str, image: str, *, replicas: int = 2, **template: Any) -> dict[str, Any]:
    """A Deployment that gives up after five seconds without progress."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "progressDeadlineSeconds": 5,
            "selector": {"matchLabels": {MATCH: name}},
            "template": pod_template(name, image, **template),
        },
    }


def stateful_set(name: str, image: str, *, replicas: int = 2, **template: Any) -> dict[str, Any]:
    """A StatefulSet without volumes."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "serviceName": name,
            "selector": {"matchLabels": {MATCH: name}},
            "template": pod_template(name, image, **template),
        },
    }


def daemon_set(name: str, image: str, **template: Any) -> dict[str, Any]:
    """A DaemonSet: one pod per node."""
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {MATCH: name}}, "template": pod_template(name, image, **template)},
    }


def job(name: str, image: str, *, backoff_limit: int = 0, policy: str = "Never", **template: Any) -> dict[str, Any]:
    """A Job of one pod that is not tried again."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {
            "backoffLimit": backoff_limit,
            "template": pod_template(name, image, restartPolicy=policy, **template),
        },
    }


def image_patch(image: str) -> dict[str, Any]:
    """Another image for the container `main`."""
    return {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": image}]}}}}
