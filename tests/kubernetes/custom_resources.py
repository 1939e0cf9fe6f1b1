"""Custom resources for tests: our own small definitions that behave like the ones of well-known controllers.

Each has the group, version, names and status subresource of the real one, and a schema for the fields that matter to a
rollout. Everything else is kept as it comes. There are no controllers: a test that needs a status writes it with
:func:`set_status`, as the controller would.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubernetes import client, watch

ESTABLISHED_WITHIN = 30
FREE: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
CONDITIONS: dict[str, Any] = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["type"],
    "items": {
        "type": "object",
        "required": ["type", "status"],
        "properties": {
            "type": {"type": "string"},
            "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
            "reason": {"type": "string"},
            "message": {"type": "string"},
            "observedGeneration": {"type": "integer"},
            "lastTransitionTime": {"type": "string", "format": "date-time"},
        },
    },
}
STATUS: dict[str, Any] = {**FREE, "properties": {"conditions": CONDITIONS, "observedGeneration": {"type": "integer"}}}
REFERENCE: dict[str, Any] = {
    "group": {"type": "string"},
    "kind": {"type": "string"},
    "name": {"type": "string", "minLength": 1},
    "namespace": {"type": "string"},
}
BACKEND: dict[str, Any] = {
    **FREE,
    "required": ["name"],
    "properties": {
        **REFERENCE,
        "port": {"type": "integer", "minimum": 1, "maximum": 65535},
        "weight": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 1000000, "default": 1},
    },
}
ROUTE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "hostnames": {"type": "array", "items": {"type": "string"}},
        "parentRefs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {**REFERENCE, "sectionName": {"type": "string"}},
            },
        },
        "rules": {
            "type": "array",
            "maxItems": 16,
            "items": {
                **FREE,
                "properties": {
                    "name": {"type": "string"},
                    "matches": {"type": "array", "items": FREE},
                    "backendRefs": {"type": "array", "maxItems": 16, "items": BACKEND},
                },
            },
        },
    },
}
GATEWAY: dict[str, Any] = {
    **FREE,
    "required": ["gatewayClassName", "listeners"],
    "properties": {
        "gatewayClassName": {"type": "string", "minLength": 1},
        "listeners": {"type": "array", "minItems": 1, "items": FREE},
    },
}
REPLICATED: dict[str, Any] = {**FREE, "properties": {"replicas": {"type": "integer", "minimum": 0}}}
SUSPENDED: dict[str, Any] = {**FREE, "properties": {"suspend": {"type": "boolean"}}}


@dataclass(frozen=True)
class Custom:
    """One kind of custom resource."""

    group: str
    version: str
    kind: str
    plural: str
    spec: dict[str, Any]
    # Argo CD's Application is the exception: a plain write changes its status too.
    status_subresource: bool = True

    @property
    def api_version(self) -> str:
        """As it stands in a manifest."""
        return f"{self.group}/{self.version}"

    def definition(self) -> dict[str, Any]:
        """The CustomResourceDefinition."""
        schema = {"type": "object", "properties": {"spec": self.spec, "status": STATUS}}
        version: dict[str, Any] = {
            "name": self.version,
            "served": True,
            "storage": True,
            "schema": {"openAPIV3Schema": schema},
        }
        if self.status_subresource:
            version["subresources"] = {"status": {}}
        annotations = {}
        if self.group.endswith(".k8s.io"):
            # The API server wants to know that a definition in its own groups is meant.
            annotations["api-approved.kubernetes.io"] = "unapproved, for tests"
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{self.plural}.{self.group}", "annotations": annotations},
            "spec": {
                "group": self.group,
                "scope": "Namespaced",
                "names": {"kind": self.kind, "plural": self.plural, "singular": self.kind.lower()},
                "versions": [version],
            },
        }


HTTP_ROUTE = Custom("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes", ROUTE)
GATEWAY_V1 = Custom("gateway.networking.k8s.io", "v1", "Gateway", "gateways", GATEWAY)
ARGO_ROLLOUT = Custom("argoproj.io", "v1alpha1", "Rollout", "rollouts", REPLICATED)
ARGO_APPLICATION = Custom("argoproj.io", "v1alpha1", "Application", "applications", FREE, status_subresource=False)
FLUX_KUSTOMIZATION = Custom("kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations", SUSPENDED)
FLUX_HELM_RELEASE = Custom("helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases", SUSPENDED)
FLAGGER_CANARY = Custom("flagger.app", "v1beta1", "Canary", "canaries", FREE)

GATEWAY_API = (HTTP_ROUTE, GATEWAY_V1)
CONTROLLERS = (ARGO_ROLLOUT, ARGO_APPLICATION, FLUX_KUSTOMIZATION, FLUX_HELM_RELEASE, FLAGGER_CANARY)


def install(api: client.ApiClient, *kinds: Custom) -> None:
    """Define the kinds that are not defined yet, and wait until the API server serves them."""
    extensions = client.ApiextensionsV1Api(api)
    for kind in kinds:
        try:
            extensions.create_custom_resource_definition(kind.definition())
        except client.ApiException as error:
            if error.status != 409:
                raise
    for kind in kinds:
        _wait_until_served(extensions, kind)


def set_status(api: client.ApiClient, kind: Custom, namespace: str, name: str, status: dict[str, Any]) -> None:
    """Write the status of an object, as its controller would."""
    objects = client.CustomObjectsApi(api)
    write = (
        objects.patch_namespaced_custom_object_status
        if kind.status_subresource
        else objects.patch_namespaced_custom_object
    )
    write(
        kind.group,
        kind.version,
        namespace,
        kind.plural,
        name,
        {"status": status},
        _content_type="application/merge-patch+json",
    )


def _wait_until_served(extensions: client.ApiextensionsV1Api, kind: Custom) -> None:
    name = f"{kind.plural}.{kind.group}"
    seen = watch.Watch().stream(
        extensions.list_custom_resource_definition,
        field_selector=f"metadata.name={name}",
        timeout_seconds=ESTABLISHED_WITHIN,
    )
    for event in seen:
        for condition in event["object"].status.conditions or []:
            if (condition.type, condition.status) == ("Established", "True"):
                return
    raise TimeoutError(f"{name} not served after {ESTABLISHED_WITHIN} s")
