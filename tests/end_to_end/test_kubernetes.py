"""Rollouts on a real Kubernetes control plane, through a running Airflow: forward, and back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.manifests import Scenario
from tests.end_to_end.world import World
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.fake_kubelet import FakeKubelet
from tests.kubernetes.fixtures import api, control_plane, kubelet, namespace
from tests.kubernetes.waiting import eventually
from tests.kubernetes.workloads import deployment
from tests.targets.kubernetes.world import World as Cluster

__all__ = ["api", "control_plane", "kubelet", "namespace"]

pytestmark = pytest.mark.airflow

SERVED = {"fake-kubelet/serve": "true"}


@pytest.fixture
def cluster(control_plane: ControlPlane, kubelet: FakeKubelet, namespace: str) -> Iterator[Cluster]:
    """A namespace in which a team already runs two Deployments, db and web."""
    found = Cluster(control_plane, kubelet, namespace)
    for name in ("db", "web"):
        found.put(deployment(name, f"shop/{name}:1.0.0", annotations=SERVED, port=8080))
    eventually(
        "both run",
        lambda: all(found.get("Deployment", n)["status"].get("availableReplicas") == 2 for n in ("db", "web")),
    )
    yield found
    found.close()


def manifests(scenario: Scenario, cluster: Cluster, before: str, after: str) -> str:
    """db before web, by contract. Version 1.2.0 of web has an image that nobody can pull."""
    db, web = scenario.names("db", "web")
    head = "---\napiVersion: convoy/v1\nkind: "
    gates = "gates: {health: {interval: 250ms, healthyStateDuration: 500ms, maxElasticDuration: 40s}}\n"
    return (
        f"{head}Environment\nname: {scenario.place}\n"
        f"target: {{kind: kubernetes, namespace: {cluster.namespace}, "
        f"kubeconfig: {cluster.control_plane.admin_kubeconfig}, takeFieldsFrom: [kubectl-client-side-apply]}}\n"
        f"{head}Component\nname: {db}\n{gates}"
        "workload: {kind: deployment, name: db, containers: {main: {image: shop/db}}}\n"
        f"versions:\n  1.0.0: {{provides: {{{db}-api: 1}}}}\n  1.1.0: {{provides: {{{db}-api: 2}}}}\n"
        f"  1.2.0: {{provides: {{{db}-api: 3}}}}\n"
        f"{head}Component\nname: {web}\n{gates}"
        "workload: {kind: deployment, name: web, containers: {main: {image: shop/web}}}\n"
        f"versions:\n  1.0.0: {{consumes: {{{db}-api: '>=1'}}}}\n  1.1.0: {{consumes: {{{db}-api: '>=2'}}}}\n"
        f"  1.2.0: {{consumes: {{{db}-api: '>=3'}}, "
        "workload: {containers: {main: {image: shop/web, tag: 1.2.0-missing}}}}\n"
        f"{head}Rollout\nname: {scenario.place}\nenvironment: {scenario.place}\n"
        f"components:\n  {db}: {{from: {before}, to: {after}}}\n  {web}: {{from: {before}, to: {after}}}\n"
    )


def roll(world: World, scenario: Scenario, text: str) -> tuple[str, str]:
    """Write the manifests, trigger, wait for the end."""
    world.write(f"{scenario.place}.yaml", text)
    world.wait_for_dag(scenario.dag_id)
    run_id = world.trigger(scenario.dag_id)
    return run_id, world.finish(scenario.dag_id, run_id)


def test_workloads_that_were_there_roll_forward_and_back(world: World, scenario: Scenario, cluster: Cluster) -> None:
    """A good version is promoted in the order of the contracts; one whose image is missing is undone, exactly."""
    run_id, state = roll(world, scenario, manifests(scenario, cluster, "1.0.0", "1.1.0"))
    assert state == "success", world.log(scenario.dag_id, run_id, "outcome")
    assert world.outcome(scenario.dag_id, run_id) == "Promoted"
    assert [cluster.image("Deployment", name) for name in ("db", "web")] == ["shop/db:1.1.0", "shop/web:1.1.0"]
    db, web = scenario.names("db", "web")
    began = {n: world.task(scenario.dag_id, run_id, f"{n}.deploy")["start_date"] for n in (db, web)}
    assert began[db] < began[web]
    before = {name: cluster.get("Deployment", name)["spec"] for name in ("db", "web")}

    run_id, state = roll(world, scenario, manifests(scenario, cluster, "1.1.0", "1.2.0"))
    assert state == "failed"
    assert world.outcome(scenario.dag_id, run_id) == "RolledBack"
    assert {name: cluster.get("Deployment", name)["spec"] for name in ("db", "web")} == before
    assert "ImagePullBackOff" in world.log(scenario.dag_id, run_id, f"{web}.ready")


def test_what_the_cluster_would_refuse_is_said_before_anything_is_touched(
    world: World, scenario: Scenario, cluster: Cluster
) -> None:
    """A field that somebody else owns: the run is refused with the owner's name."""
    other = deployment("web", "shop/web:1.0.0", annotations=SERVED, port=8080)
    cluster.server_side_apply(other, "somebody", force=True)
    run_id, state = roll(world, scenario, manifests(scenario, cluster, "1.0.0", "1.1.0"))
    assert state == "failed"
    assert "somebody" in world.log(scenario.dag_id, run_id, "preflight")
    assert [cluster.image("Deployment", name) for name in ("db", "web")] == ["shop/db:1.0.0", "shop/web:1.0.0"]
