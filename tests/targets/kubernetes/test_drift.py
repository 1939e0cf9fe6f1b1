"""What somebody else has done meanwhile is reported, and never overwritten."""

from __future__ import annotations

from typing import Any

import pytest

from convoy.targets.base import Drift
from tests.kubernetes.waiting import eventually
from tests.kubernetes.workloads import deployment
from tests.targets.kubernetes.world import World, essence

WORKLOAD = {"kind": "deployment", "containers": {"main": {"image": "shop/web", "tag": None, "env": {}}}}


def image(name: str) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": name}]}}}}


def test_a_field_that_was_edited_is_drift_and_names_who(world: World) -> None:
    world.put(deployment("web", "shop/web:1.0.0"))
    lock, prior = world.lock("web"), world.target.observe("web")
    world.up(world.apply(lock, "web", "1.1.0", WORKLOAD))
    world.patch("Deployment", "web", image("shop/web:hotfix"), "kubectl-edit")
    with pytest.raises(Drift, match=r"image \(by kubectl-edit\)"):
        world.back("web", prior)
    assert world.image("Deployment", "web") == "shop/web:hotfix"


def test_an_edited_workload_is_observed_as_what_it_is(world: World) -> None:
    """Not as what Convoy had made it."""
    world.put(deployment("web", "shop/web:1.0.0"))
    world.up(world.apply(world.lock("web"), "web", "1.1.0", WORKLOAD))
    world.patch("Deployment", "web", image("shop/web:hotfix"))
    seen = world.target.observe("web")
    assert (seen.version, seen.changed_by) == ("hotfix", None)


def test_an_edit_while_the_gate_waits_fails_the_gate(world: World) -> None:
    """Health counts only for what the rollout deployed."""
    world.put(deployment("web", "shop/web:1.0.0"))
    applied = world.up(world.apply(world.lock("web"), "web", "1.1.0", WORKLOAD))
    world.patch("Deployment", "web", image("shop/web:hotfix"))
    # The gate hears of it through a watch.
    eventually("it fails", lambda: world.ready(applied).failed)
    readiness = world.ready(applied)
    assert (readiness.ready, readiness.failed) == (False, True)
    assert "somebody else" in readiness.message


def test_scaling_is_no_drift_and_survives_the_rollback(world: World) -> None:
    """Replicas were not touched: an autoscaler may move them at any time, also while the gate waits."""
    world.put(deployment("web", "shop/web:1.0.0", replicas=1))
    lock, prior = world.lock("web"), world.target.observe("web")
    applied = world.up(world.apply(lock, "web", "1.1.0", WORKLOAD))
    world.patch("Deployment", "web", {"spec": {"replicas": 3}}, "horizontal-pod-autoscaler")
    eventually("three are up", lambda: world.settle(applied).available == 3)
    restored = world.back("web", prior)
    world.patch("Deployment", "web", {"spec": {"replicas": 2}}, "horizontal-pod-autoscaler")
    eventually("two are up", lambda: world.settle(restored).available == 2)
    assert world.image("Deployment", "web") == "shop/web:1.0.0"


def test_a_workload_that_was_deleted_is_drift_and_a_failed_gate(world: World) -> None:
    world.put(deployment("web", "shop/web:1.0.0"))
    lock, prior = world.lock("web"), world.target.observe("web")
    applied = world.up(world.apply(lock, "web", "1.1.0", WORKLOAD))
    world.delete("Deployment", "web")
    eventually("it fails", lambda: world.ready(applied).failed)
    readiness = world.ready(applied)
    assert (readiness.ready, readiness.failed) == (False, True)
    with pytest.raises(Drift, match="was deleted"):
        world.back("web", prior)


def test_a_workload_that_was_made_anew_is_drift(world: World) -> None:
    """The same name, and another object."""
    world.put(deployment("web", "shop/web:1.0.0"))
    lock, prior = world.lock("web"), world.target.observe("web")
    world.up(world.apply(lock, "web", "1.1.0", WORKLOAD))
    world.delete("Deployment", "web")
    world.put(deployment("web", "shop/web:2.0.0"))
    with pytest.raises(Drift, match="made anew"):
        world.back("web", prior)
    assert world.image("Deployment", "web") == "shop/web:2.0.0"


def test_what_somebody_else_created_meanwhile_is_not_removed(world: World) -> None:
    world.lock("web")
    absent = world.target.observe("web")
    world.put(deployment("web", "shop/web:1.0.0"))
    with pytest.raises(Drift, match="did not exist"):
        world.back("web", absent)
    assert world.image("Deployment", "web") == "shop/web:1.0.0"


def test_a_restore_that_was_interrupted_half_way_is_completed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The values are back, the owners not yet: the next try gives the fields back."""
    world.put(deployment("web", "shop/web:1.0.0"))
    before = essence(world.get("Deployment", "web"))
    lock, prior = world.lock("web"), world.target.observe("web")
    world.up(world.apply(lock, "web", "1.1.0", WORKLOAD))
    client = world.target._client
    replace, calls = client.replace, []

    def die_at_the_second(*args: Any, **kwargs: Any) -> Any:
        if "leases" not in args[0].plural:
            calls.append(args)
            if len(calls) == 2:
                raise KeyboardInterrupt
        return replace(*args, **kwargs)

    monkeypatch.setattr(client, "replace", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        world.back("web", prior)
    monkeypatch.undo()
    assert essence(world.get("Deployment", "web")) != before
    assert world.up(world.back("web", prior)).changed
    assert essence(world.get("Deployment", "web")) == before
    assert not world.back("web", prior).changed
