"""Rights: those of the generated Role are enough, one fewer is told beforehand, and a 403 names what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from convoy.targets.base import Desired, Refused
from convoy.targets.kubernetes import rights
from tests.kubernetes.workloads import deployment, job
from tests.targets.kubernetes.world import World

MAIN = {"main": {"image": "shop/web", "tag": None, "env": {}}}
WEB = {"kind": "deployment", "containers": MAIN}
MIGRATE = {"kind": "job", "containers": MAIN, "template": job("m", "shop/web:0")["spec"], "leave_on_rollback": True}
SETTINGS = {"kind": "configMap", "data": {"mode": "fancy"}}
WORKLOADS: dict[str, dict[str, Any]] = {"web": WEB, "migrate": MIGRATE, "settings": SETTINGS}


def rules(world: World, *, without: str = "") -> list[dict[str, Any]]:
    needed = rights.needed(WORKLOADS.values(), world.namespace, rights.guessed)
    kept = [right for right in needed if f"{right.verb} {right.plural}" != without]
    assert len(kept) == len(needed) - bool(without)
    found: list[dict[str, Any]] = rights.roles(kept, "convoy", {})[0]["rules"]
    return found


def as_user(world: World, *, without: str = "") -> None:
    """From now on Convoy is a user with the generated Role, less one verb."""
    file = world.control_plane.user_kubeconfig("convoy", namespace=world.namespace, rules=rules(world, without=without))
    known = {name: {"1.1.0": workload} for name, workload in WORKLOADS.items()}
    world.target = world.open(kubeconfig=file, workloads=known)


def desired() -> list[Desired]:
    return [Desired(name, "1.1.0", workload, {"type": "rolling"}) for name, workload in WORKLOADS.items()]


def test_the_generated_rights_are_enough_for_a_run_and_its_rollback(world: World) -> None:
    """Everything that Convoy does, with not one right more."""
    world.put(deployment("web", "shop/web:1.0.0"))
    as_user(world)
    world.target.prepare()
    assert world.target.refusals(desired()) == []
    lock = world.lock(*WORKLOADS)
    prior = {name: world.target.observe(name) for name in WORKLOADS}
    for name, workload in WORKLOADS.items():
        world.up(world.apply(lock, name, "1.1.0", workload))
    for name in reversed(WORKLOADS):
        world.up(world.back(name, prior[name]))
    world.target.release(lock.holder)
    assert {name: world.target.observe(name).version for name in WORKLOADS} == {
        "web": "1.0.0",
        "migrate": None,
        "settings": None,
    }


@pytest.mark.parametrize(
    "verb", ["patch deployments", "update deployments", "list pods", "get pods/log", "delete jobs", "update leases"]
)
def test_a_right_that_is_missing_is_told_before_anything_is_touched(world: World, verb: str) -> None:
    """Also one that only the rollback would need."""
    world.put(deployment("web", "shop/web:1.0.0"))
    as_user(world, without=verb)
    found = world.target.refusals(desired())
    assert [line for line in found if line.startswith(f"missing right: {verb}")] == found
    assert len(found) == 1


def test_a_forbidden_request_names_verb_resource_and_namespace(world: World) -> None:
    world.put(deployment("web", "shop/web:1.0.0"))
    as_user(world, without="patch deployments")
    with pytest.raises(Refused, match=r'cannot patch resource "deployments".*namespace "test-.*convoy rbac'):
        world.apply(world.lock("web"), "web", "1.1.0", WEB)


def test_a_role_has_no_more_than_its_verbs(world: World) -> None:
    """Reading another's Secret, say, is refused."""
    as_user(world)
    with pytest.raises(Refused, match="secrets"):
        world.target._client.request("GET", f"/api/v1/namespaces/{world.namespace}/secrets")


def test_a_dry_run_tells_what_quota_and_validation_and_owners_say(world: World) -> None:
    """Every change that would be refused, and nothing is done."""
    world.server_side_apply(deployment("web", "shop/web:1.0.0"), "kustomize-controller")
    bad = {**MIGRATE, "template": {**MIGRATE["template"], "completions": -1}}
    wrong = [
        Desired("web", "1.1.0", WEB, {"type": "rolling"}),
        Desired("migrate", "1.1.0", bad, {"type": "rolling"}),
        Desired("settings", "1.1.0", SETTINGS, {"type": "rolling"}),
    ]
    found = world.target.refusals(wrong)
    assert len(found) == 2
    assert "owned by kustomize-controller" in found[0]
    assert "completions" in found[1]
    assert world.image("Deployment", "web") == "shop/web:1.0.0"
    assert world.all("Job") == []
