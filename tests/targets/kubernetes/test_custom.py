"""Custom resources, which an operator of the user's own rolls: Convoy sets the version and reads the status."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes import client

from convoy.targets.base import Refused
from tests.kubernetes.custom_resources import (
    ARGO_APPLICATION,
    ARGO_ROLLOUT,
    CONTROLLERS,
    FLUX_HELM_RELEASE,
    Custom,
    install,
    set_status,
)
from tests.targets.kubernetes.world import World, essence

HELM = {"kind": "custom", "api_version": "helm.toolkit.fluxcd.io/v2", "resource": "HelmRelease"}
HELM["profile"] = "flux-helmrelease"
ROLLOUT = {"kind": "custom", "api_version": "argoproj.io/v1alpha1", "resource": "Rollout", "profile": "argo-rollout"}
APPLICATION = {
    "kind": "custom",
    "api_version": "argoproj.io/v1alpha1",
    "resource": "Application",
    "profile": "argocd-application",
}


@pytest.fixture(autouse=True)
def definitions(api: client.ApiClient) -> None:
    install(api, *CONTROLLERS)


def put(world: World, kind: Custom, spec: dict[str, Any]) -> None:
    body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "web"}, "spec": spec}
    address = f"/apis/{kind.api_version}/namespaces/{world.namespace}/{kind.plural}"
    world.raw.ask("POST", f"{address}?fieldManager=kubectl-client-side-apply", body)


def get(world: World, kind: Custom) -> dict[str, Any]:
    return world.raw.ask("GET", f"/apis/{kind.api_version}/namespaces/{world.namespace}/{kind.plural}/web")


def says(world: World, api: client.ApiClient, kind: Custom, status: dict[str, Any]) -> None:
    """The operator has seen the present generation."""
    seen = get(world, kind)["metadata"]["generation"]
    if kind is not ARGO_APPLICATION:
        status = {**status, "observedGeneration": seen}
    set_status(api, kind, world.namespace, "web", status)


def condition(status: str, reason: str = "Done") -> dict[str, Any]:
    return {"conditions": [{"type": "Ready", "status": status, "reason": reason, "message": reason}]}


def test_a_helm_release_goes_forward_when_its_operator_says_so_and_back(world: World, api: client.ApiClient) -> None:
    """The profile knows where the version is."""
    put(world, FLUX_HELM_RELEASE, {"chart": {"spec": {"chart": "web", "version": "1.0.0"}}, "values": {"own": True}})
    world.target = world.open(workloads={"web": {"1.0.0": HELM, "1.1.0": HELM}})
    says(world, api, FLUX_HELM_RELEASE, condition("True"))
    before = essence(get(world, FLUX_HELM_RELEASE))
    lock, prior = world.lock("web"), world.target.observe("web")
    assert prior.version == "1.0.0"
    applied = world.apply(lock, "web", "1.1.0", HELM)
    assert get(world, FLUX_HELM_RELEASE)["spec"]["chart"]["spec"] == {"chart": "web", "version": "1.1.0"}
    assert "has not seen" in world.ready(applied).message
    says(world, api, FLUX_HELM_RELEASE, condition("False", "Progressing"))
    assert not world.ready(applied).ready
    says(world, api, FLUX_HELM_RELEASE, condition("True"))
    world.up(applied)
    restored = world.back("web", prior)
    assert not world.ready(restored).ready
    says(world, api, FLUX_HELM_RELEASE, condition("True"))
    world.up(restored)
    assert essence(get(world, FLUX_HELM_RELEASE)) == before


def test_a_rollout_of_argo_keeps_the_rest_of_its_containers(world: World, api: client.ApiClient) -> None:
    """Its list of containers has no keys for the API server: an apply must not lose what it does not name."""
    containers = [
        {"name": "main", "image": "shop/web:1.0.0", "ports": [{"containerPort": 8080}]},
        {"name": "proxy", "image": "proxy:7"},
    ]
    spec = {"replicas": 1, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}}
    put(world, ARGO_ROLLOUT, {**spec, "selector": {"matchLabels": {"app": "web"}}})
    before = essence(get(world, ARGO_ROLLOUT))
    workload = {**ROLLOUT, "containers": {"main": {"image": "shop/web", "tag": None, "env": {}}}}
    world.target = world.open(workloads={"web": {"1.0.0": workload, "1.1.0": workload}})
    lock, prior = world.lock("web"), world.target.observe("web")
    applied = world.apply(lock, "web", "1.1.0", workload)
    after = get(world, ARGO_ROLLOUT)["spec"]["template"]["spec"]["containers"]
    assert after == [{**containers[0], "image": "shop/web:1.1.0"}, containers[1]]
    assert not world.apply(lock, "web", "1.1.0", workload).changed
    says(world, api, ARGO_ROLLOUT, {"phase": "Paused", "message": "CanaryPauseStep"})
    assert (world.ready(applied).ready, world.ready(applied).failed) == (False, False)
    says(world, api, ARGO_ROLLOUT, {"phase": "Degraded", "message": "RolloutAborted", "abort": True})
    assert world.settle(applied).failed
    world.back("web", prior)
    assert essence(get(world, ARGO_ROLLOUT)) == before


def test_an_application_counts_only_when_it_was_compared_with_the_new_revision(
    world: World, api: client.ApiClient
) -> None:
    """Synced and Healthy of the revision before means nothing. Its status changes its generation, too."""
    put(world, ARGO_APPLICATION, {"source": {"repoURL": "https://git.example/web", "targetRevision": "v1"}})
    world.target = world.open(workloads={"web": {"v1": APPLICATION, "v2": APPLICATION}})

    def status(revision: str) -> dict[str, Any]:
        compared = {"source": {"targetRevision": revision}}
        return {"sync": {"status": "Synced", "comparedTo": compared}, "health": {"status": "Healthy"}}

    says(world, api, ARGO_APPLICATION, status("v1"))
    applied = world.apply(world.lock("web"), "web", "v2", APPLICATION)
    assert not world.ready(applied).ready
    says(world, api, ARGO_APPLICATION, status("v2"))
    world.up(applied)
    assert world.target.observe("web").version == "v2"


def test_a_patch_sets_further_fields_and_is_undone(world: World) -> None:
    put(world, FLUX_HELM_RELEASE, {"chart": {"spec": {"version": "1.0.0"}}, "values": {"mode": "plain", "own": True}})
    workload = {**HELM, "patch": {"spec": {"values": {"mode": "fancy", "levels": [1, 2]}}}}
    world.target = world.open(workloads={"web": {"1.1.0": workload}})
    before = essence(get(world, FLUX_HELM_RELEASE))
    lock, prior = world.lock("web"), world.target.observe("web")
    world.apply(lock, "web", "1.1.0", workload)
    assert get(world, FLUX_HELM_RELEASE)["spec"]["values"] == {"mode": "fancy", "levels": [1, 2], "own": True}
    world.back("web", prior)
    assert essence(get(world, FLUX_HELM_RELEASE)) == before


def test_a_custom_resource_has_to_exist(world: World) -> None:
    """It is the operator's, and its user's: Convoy makes none."""
    with pytest.raises(Refused, match="does not exist"):
        world.apply(world.lock("web"), "web", "1.1.0", HELM)


def test_a_kind_that_the_cluster_does_not_have_is_refused(world: World) -> None:
    workload = {**HELM, "api_version": "nobody.example/v1"}
    with pytest.raises(Refused, match="is its operator installed"):
        world.apply(world.lock("web"), "web", "1.1.0", workload)
