"""Our own small definitions behave like the custom resources of well-known controllers."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes import client

from tests.kubernetes.custom_resources import (
    ARGO_APPLICATION,
    ARGO_ROLLOUT,
    CONTROLLERS,
    GATEWAY_API,
    HTTP_ROUTE,
    install,
    set_status,
)


def test_a_negative_weight_of_a_route_is_refused(api: client.ApiClient, namespace: str) -> None:
    """By the schema, with the name of the field; the bounds themselves are fine."""
    install(api, *GATEWAY_API)
    objects = client.CustomObjectsApi(api)

    def create(weight: int) -> None:
        route = {
            "apiVersion": HTTP_ROUTE.api_version,
            "kind": HTTP_ROUTE.kind,
            "metadata": {"generateName": "payment-"},
            "spec": {"rules": [{"backendRefs": [{"name": "payment", "port": 80, "weight": weight}]}]},
        }
        objects.create_namespaced_custom_object(
            HTTP_ROUTE.group, HTTP_ROUTE.version, namespace, HTTP_ROUTE.plural, route
        )

    for weight in (-1, 1_000_001):
        with pytest.raises(client.ApiException) as error:
            create(weight)
        assert error.value.status == 422
        assert "backendRefs[0].weight" in str(error.value.body)
    create(0)
    create(1_000_000)


@pytest.mark.parametrize("kind", CONTROLLERS, ids=lambda kind: kind.kind)
def test_the_status_of_a_custom_resource_is_written_apart(api: client.ApiClient, namespace: str, kind: Any) -> None:
    """A status does not change the generation, except where the real resource has no status subresource."""
    install(api, kind)
    objects = client.CustomObjectsApi(api)
    where = (kind.group, kind.version, namespace, kind.plural)
    content = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "payment"}, "spec": {"any": 1}}
    objects.create_namespaced_custom_object(*where, content)
    ready = {"type": "Ready", "status": "True", "reason": "Fine"}
    set_status(api, kind, namespace, "payment", {"observedGeneration": 1, "phase": "Healthy", "conditions": [ready]})
    found = objects.get_namespaced_custom_object(*where, "payment")
    assert found["status"] == {"observedGeneration": 1, "phase": "Healthy", "conditions": [ready]}
    assert found["spec"] == {"any": 1}
    assert found["metadata"]["generation"] == (2 if kind is ARGO_APPLICATION else 1)


def test_a_rollout_is_patched_by_server_side_apply(api: client.ApiClient, namespace: str) -> None:
    """Custom resources have field owners too: a second one is refused."""
    install(api, ARGO_ROLLOUT)
    objects = client.CustomObjectsApi(api)

    def apply(replicas: int, manager: str) -> None:
        content = {
            "apiVersion": ARGO_ROLLOUT.api_version,
            "kind": ARGO_ROLLOUT.kind,
            "metadata": {"name": "payment"},
            "spec": {"replicas": replicas},
        }
        objects.patch_namespaced_custom_object(
            ARGO_ROLLOUT.group,
            ARGO_ROLLOUT.version,
            namespace,
            ARGO_ROLLOUT.plural,
            "payment",
            content,
            field_manager=manager,
            _content_type="application/apply-patch+yaml",
        )

    apply(1, "convoy")
    with pytest.raises(client.ApiException) as error:
        apply(2, "somebody-else")
    assert error.value.status == 409
