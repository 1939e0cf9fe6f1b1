"""Every kind of workload that exists already: forward, ready, and back exactly."""

from __future__ import annotations

from typing import Any

import pytest

from convoy.targets.base import Desired, Refused
from tests.kubernetes.workloads import daemon_set, deployment, stateful_set
from tests.targets.kubernetes.world import OURS, World, essence

MAIN = {"main": {"image": "shop/web", "tag": None, "env": {}}}


def cron_job(name: str, image: str) -> dict[str, Any]:
    """A CronJob that is not due while the tests run."""
    pods = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": image}]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name},
        "spec": {"schedule": "0 0 29 2 *", "jobTemplate": {"spec": {"template": pods}}},
    }


CONTROLLERS = ("kube-controller-manager",)
CASES = {
    "deployment": ("Deployment", deployment),
    "statefulSet": ("StatefulSet", stateful_set),
    "daemonSet": ("DaemonSet", daemon_set),
    "cronJob": ("CronJob", cron_job),
}


@pytest.mark.parametrize("kind", CASES)
def test_an_existing_workload_goes_forward_and_back_exactly(world: World, kind: str) -> None:
    """Values, absences and owners are what they were; nothing else was touched in between."""
    server_kind, make = CASES[kind]
    world.put(make("web", "shop/web:1.0.0"))
    lock = world.lock("web")
    workload = {"kind": kind, "containers": MAIN}
    prior = world.target.observe("web") if kind != "cronJob" else _observed(world, workload)
    assert (prior.version, prior.changed_by) == ("1.0.0", None)
    before = essence(world.get(server_kind, "web"))
    world.up(world.apply(lock, "web", "1.1.0", workload))
    assert world.image(server_kind, "web") == "shop/web:1.1.0"
    seen = world.target.observe("web")
    assert (seen.version, seen.changed_by) == ("1.1.0", lock.holder)
    world.up(world.back("web", prior))
    assert essence(world.get(server_kind, "web")) == before
    assert world.target.observe("web").state == prior.state


def _observed(world: World, workload: dict[str, Any]) -> Any:
    """A kind that is not looked for by name has to be in the target's workloads."""
    world.target = world.open(workloads={"web": {"1.0.0": workload, "1.1.0": workload}})
    return world.target.observe("web")


def test_readiness_counts_replicas_of_the_deployed_revision_and_tells_their_addresses(world: World) -> None:
    world.put(deployment("web", "shop/web:1.0.0", replicas=2, port=8080))
    applied = world.apply(world.lock("web"), "web", "1.1.0", {"kind": "deployment", "containers": MAIN})
    readiness = world.settle(applied)
    assert (readiness.ready, readiness.desired, readiness.updated, readiness.available) == (True, 2, 2, 2)
    assert {(e.version, e.revision, e.port) for e in readiness.endpoints} == {("1.1.0", "new", 8080)}
    assert len({e.host for e in readiness.endpoints}) == 2


def test_only_the_fields_of_the_manifest_change(world: World) -> None:
    """Replicas, labels, resources and other containers stay the user's."""
    manifest = deployment("web", "shop/web:1.0.0")
    manifest["spec"]["template"]["spec"]["containers"].append({"name": "proxy", "image": "proxy:7"})
    before = world.put(manifest)["spec"]
    workload = {"kind": "deployment", "containers": MAIN}
    world.apply(world.lock("web"), "web", "1.1.0", workload)
    after = world.get("Deployment", "web")["spec"]
    after["template"]["spec"]["containers"][0]["image"] = "shop/web:1.0.0"
    assert after == before


def test_without_a_workload_the_version_is_the_tag_of_the_only_container(world: World) -> None:
    """A component is the workload of its name; nothing has to be declared."""
    world.put(stateful_set("db", "registry:5000/shop/db:1.0.0"))
    lock = world.lock("db")
    assert world.target.observe("db").version == "1.0.0"
    world.up(world.apply(lock, "db", "1.1.0", {"kind": "external", "parameters": {}, "replicas": 1}))
    assert world.image("StatefulSet", "db") == "registry:5000/shop/db:1.1.0"


def test_environment_annotations_and_init_containers_go_forward_and_back(world: World) -> None:
    """A variable that was not there goes again; one that was has its value again."""
    manifest = deployment("web", "shop/web:1.0.0")
    pods = manifest["spec"]["template"]["spec"]
    pods["containers"][0]["env"] = [{"name": "MODE", "value": "old"}, {"name": "KEPT", "value": "as it is"}]
    pods["initContainers"] = [{"name": "prepare", "image": "shop/prepare:1", "restartPolicy": "Always"}]
    world.put(manifest)
    env = {"MODE": "new", "ADDED": "1", "EMPTY": ""}
    workload = {
        "kind": "deployment",
        "containers": {"main": {"image": "shop/web", "tag": None, "env": env}},
        "init_containers": {"prepare": {"image": "shop/prepare@sha256:" + "a" * 64, "tag": None, "env": {}}},
        "annotations": {"team.example/ticket": "42"},
        "pod_annotations": {"team.example/config": "7"},
    }
    world.target = world.open(workloads={"web": {"1.1.0": workload}})
    before = essence(world.get("Deployment", "web"))
    lock, prior = world.lock("web"), world.target.observe("web")
    first = world.up(world.apply(lock, "web", "1.1.0", workload))
    found = world.get("Deployment", "web")["spec"]["template"]
    assert {e["name"]: e.get("value", "") for e in found["spec"]["containers"][0]["env"]} == {
        "MODE": "new",
        "KEPT": "as it is",
        "ADDED": "1",
        "EMPTY": "",
    }
    assert found["spec"]["initContainers"][0]["image"].endswith("a" * 64)
    assert found["metadata"]["annotations"]["team.example/config"] == "7"
    assert not world.apply(lock, "web", "1.1.0", workload).changed
    assert world.ready(first).ready
    world.up(world.back("web", prior))
    assert essence(world.get("Deployment", "web")) == before


def test_a_field_that_no_snapshot_can_have_is_not_touched(world: World) -> None:
    """Where the target was not told of a variable beforehand, its former value is nowhere: nothing is changed."""

    world.put(deployment("web", "shop/web:1.0.0"))
    change = {"image": "shop/web", "tag": None, "env": {"MODE": "new"}}
    with pytest.raises(Refused, match=r"snapshot does not have .*env\[MODE\]"):
        world.apply(world.lock("web"), "web", "1.1.0", {"kind": "deployment", "containers": {"main": change}})
    assert world.image("Deployment", "web") == "shop/web:1.0.0"


def test_a_config_map_is_created_changed_and_restored(world: World) -> None:
    """Keys that the manifest does not name stay; the version is the one whose data it has."""
    workloads = {
        "1": {"kind": "configMap", "data": {"mode": "plain"}},
        "2": {"kind": "configMap", "data": {"mode": "fancy", "level": "9"}},
    }
    metadata = {"name": "settings"}
    world.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mode": "plain", "own": "x"}})
    world.target = world.open(workloads={"settings": workloads, "fresh": workloads})
    before = essence(world.get("ConfigMap", "settings"))
    lock = world.lock("settings", "fresh")
    prior, absent = world.target.observe("settings"), world.target.observe("fresh")
    assert (prior.version, absent.version) == ("1", None)
    world.up(world.apply(lock, "settings", "2", workloads["2"]))
    world.up(world.apply(lock, "fresh", "2", workloads["2"]))
    assert world.get("ConfigMap", "settings")["data"] == {"mode": "fancy", "level": "9", "own": "x"}
    assert world.target.observe("fresh").version == "2"
    world.up(world.back("settings", prior))
    world.up(world.back("fresh", absent))
    assert essence(world.get("ConfigMap", "settings")) == before
    assert "fresh" not in [found["metadata"]["name"] for found in world.all("ConfigMap")]


def test_a_cron_job_is_suspended_for_a_change_and_resumed_by_the_rollback(world: World) -> None:
    world.put(cron_job("nightly", "shop/nightly:1.0.0"))
    workload = {"kind": "cronJob", "suspend": True}
    world.target = world.open(workloads={"nightly": {"1.1.0": workload}})
    lock, prior = world.lock("nightly"), world.target.observe("nightly")
    world.up(world.apply(lock, "nightly", "1.1.0", workload))
    assert world.get("CronJob", "nightly")["spec"]["suspend"] is True
    world.up(world.back("nightly", prior))
    assert world.get("CronJob", "nightly")["spec"]["suspend"] is False


@pytest.mark.parametrize("kind", ["deployment", "statefulSet", "daemonSet"])
def test_what_did_not_exist_is_created_from_its_template_and_removed_again(world: World, kind: str) -> None:
    server_kind, make = CASES[kind]
    template = make("web", "shop/web:0")["spec"]
    workload = {"kind": kind, "containers": MAIN, "template": template}
    lock, absent = world.lock("web"), world.target.observe("web")
    world.up(world.apply(lock, "web", "1.0.0", workload))
    assert world.image(server_kind, "web") == "shop/web:1.0.0"
    entries = world.get(server_kind, "web")["metadata"]["managedFields"]
    assert {entry["manager"] for entry in entries if not entry.get("subresource")} <= {OURS, *CONTROLLERS}
    world.up(world.back("web", absent))
    assert [found["metadata"]["name"] for found in world.all(server_kind)] == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"weight": 20}, "a share of 20 %"),
        ({"group": ("api", "web")}, "cannot switch in one moment"),
        ({"strategy": {"type": "blueGreen"}}, "does not move by strategy blueGreen"),
        ({"strategy": {"type": "recreate"}}, "Recreate"),
    ],
)
def test_a_way_of_moving_that_the_object_does_not_take_is_refused(
    world: World, more: dict[str, Any], words: str
) -> None:
    """What may not meet must not meet: nothing is rolled where a switch was asked for."""
    world.put(deployment("web", "shop/web:1.0.0"))
    desired = Desired(**{**_desired(), **more})
    with pytest.raises(Refused, match=words):
        world.target.apply(desired, world.lock("web"))
    assert any(words in line for line in world.target.refusals([desired]))
    assert world.image("Deployment", "web") == "shop/web:1.0.0"


def test_recreate_is_what_the_deployment_does_itself(world: World) -> None:
    manifest = deployment("web", "shop/web:1.0.0")
    manifest["spec"]["strategy"] = {"type": "Recreate"}
    world.put(manifest)
    desired = Desired(**{**_desired(), "strategy": {"type": "recreate"}})
    world.up(world.target.apply(desired, world.lock("web")))


def test_one_object_is_one_component_of_a_run(world: World) -> None:
    """Two that write into one object would each take the other's work for drift."""
    world.put(deployment("web", "shop/web:1.0.0"))
    workload = {"kind": "deployment", "containers": MAIN}
    lock = world.lock("web", "twin")
    world.apply(lock, "web", "1.1.0", workload)
    with pytest.raises(Refused, match="one object is one component"):
        world.apply(lock, "twin", "2.0.0", {**workload, "name": "web"})


def _desired() -> dict[str, Any]:
    workload = {"kind": "deployment", "containers": MAIN}
    return {"component": "web", "version": "1.1.0", "workload": workload, "strategy": {"type": "rolling"}}
