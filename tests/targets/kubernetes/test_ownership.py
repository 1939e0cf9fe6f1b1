"""Fields of others: never forced silently, taken only from those who are named, and given back."""

from __future__ import annotations

import pytest

from convoy.targets.base import Refused
from tests.kubernetes.workloads import deployment
from tests.targets.kubernetes.world import USER, World, essence

WORKLOAD = {"kind": "deployment", "containers": {"main": {"image": "shop/web", "tag": None, "env": {}}}}


def test_a_conflict_names_the_owner_and_the_field_and_changes_nothing(world: World) -> None:
    world.server_side_apply(deployment("web", "shop/web:1.0.0"), "kustomize-controller")
    before = world.get("Deployment", "web")
    with pytest.raises(Refused, match=r"containers.*main.*image is owned by kustomize-controller.*takeFieldsFrom"):
        world.apply(world.lock("web"), "web", "1.1.0", WORKLOAD)
    assert world.get("Deployment", "web")["spec"] == before["spec"]


def test_taking_fields_over_says_so(world: World) -> None:
    """Who reads the log sees whose field it was."""
    world.put(deployment("web", "shop/web:1.0.0"))
    applied = world.apply(world.lock("web"), "web", "1.1.0", WORKLOAD)
    assert USER in applied.message
    assert "image" in applied.message


def test_a_controller_that_applies_owns_its_fields_again_after_a_rollback(world: World) -> None:
    """What it applies next is no conflict, and its field is still its own."""
    manifest = deployment("web", "shop/web:1.0.0")
    world.server_side_apply(manifest, "kustomize-controller")
    world.target = world.open(take_fields_from=["kustomize-controller"])
    before = essence(world.get("Deployment", "web"))
    lock, prior = world.lock("web"), world.target.observe("web")
    world.up(world.apply(lock, "web", "1.1.0", WORKLOAD))
    world.up(world.back("web", prior))
    assert essence(world.get("Deployment", "web")) == before
    manifest["spec"]["template"]["spec"]["containers"][0]["image"] = "shop/web:1.0.1"
    world.server_side_apply(manifest, "kustomize-controller")
    assert world.image("Deployment", "web") == "shop/web:1.0.1"


def test_a_second_rollout_goes_on_from_the_first_and_goes_back_to_it(world: World) -> None:
    """The fields are ours after the first; the second run's rollback leaves them so."""
    world.put(deployment("web", "shop/web:1.0.0"))
    world.up(world.apply(world.lock("web"), "web", "1.1.0", WORKLOAD))
    world.target.release("rollout.shop.test/run-1")
    before = essence(world.get("Deployment", "web"))
    lock, prior = world.lock("web", run="rollout.shop.test/run-2"), world.target.observe("web")
    assert (prior.version, prior.changed_by) == ("1.1.0", "rollout.shop.test/run-1")
    world.up(world.apply(lock, "web", "1.2.0", WORKLOAD))
    world.up(world.back("web", prior, "rollout.shop.test/run-2"))
    assert essence(world.get("Deployment", "web")) == before
    assert world.target.observe("web").state == prior.state


def test_the_change_cause_of_a_user_is_left_alone(world: World) -> None:
    """Ours is a courtesy; theirs is theirs."""
    world.put(deployment("web", "shop/web:1.0.0"))
    note = {"metadata": {"annotations": {"kubernetes.io/change-cause": "by hand"}}}
    world.patch("Deployment", "web", note, "kubectl-annotate")
    world.apply(world.lock("web"), "web", "1.1.0", WORKLOAD)
    notes = world.get("Deployment", "web")["metadata"]["annotations"]
    assert notes["kubernetes.io/change-cause"] == "by hand"
    assert notes["convoy.dev/run"] == "rollout.shop.test/run-1"


def test_the_annotations_say_who_and_what(world: World) -> None:
    world.put(deployment("web", "shop/web:1.0.0"))
    lock = world.lock("web")
    world.apply(lock, "web", "1.1.0", WORKLOAD)
    notes = world.get("Deployment", "web")["metadata"]["annotations"]
    assert (notes["convoy.dev/version"], notes["convoy.dev/token"]) == ("1.1.0", str(lock.token))
    assert "1.1.0" in notes["kubernetes.io/change-cause"]
