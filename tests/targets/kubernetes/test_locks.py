"""Leases as locks: two Airflows on one cluster, locks that expire, and Leases that somebody has deleted."""

from __future__ import annotations

import pytest

from convoy.targets.base import Fenced, LockHeld, Refused
from tests.kubernetes.workloads import deployment
from tests.targets.kubernetes.world import World

WORKLOAD = {"kind": "deployment", "containers": {"main": {"image": "shop/web", "tag": None, "env": {}}}}
OTHER = "rollout.shop.test/other"


def test_two_installations_exclude_each_other(world: World) -> None:
    """Whatever their environments are called: the lock is in the cluster."""
    world.lock("web", "api")
    with pytest.raises(LockHeld, match="run-1"):
        world.open().acquire(["api", "db"], OTHER)
    assert world.open().acquire(["db"], OTHER).components == ("db",)


def test_a_deleted_lease_stops_the_run(world: World) -> None:
    world.put(deployment("web", "shop/web:1.0.0"))
    lock = world.lock("web")
    world.delete("Lease", "convoy.web")
    with pytest.raises(Fenced, match="nobody does"):
        world.apply(lock, "web", "1.1.0", WORKLOAD)
    assert world.image("Deployment", "web") == "shop/web:1.0.0"


def test_a_stolen_lease_stops_the_run(world: World) -> None:
    """Whoever took it by hand is named."""
    world.put(deployment("web", "shop/web:1.0.0"))
    lock = world.lock("web")
    body = world.get("Lease", "convoy.web")
    body["spec"]["holderIdentity"] = "somebody"
    world.raw.ask("PUT", world.path("Lease", "convoy.web"), body)
    with pytest.raises(Fenced, match="somebody"):
        world.apply(lock, "web", "1.1.0", WORKLOAD)


def test_a_lock_without_a_duration_is_never_taken_over(world: World) -> None:
    """A parked run keeps what it holds, however long it takes."""
    world.lock("web")
    _renewed(world, "2001-01-01T00:00:00.000000Z")
    with pytest.raises(LockHeld):
        world.open().acquire(["web"], OTHER)


def test_a_lock_that_expired_is_taken_over_and_the_former_holder_is_refused(world: World) -> None:
    world.put(deployment("web", "shop/web:1.0.0"))
    world.target = world.open(lock_duration=60.0)
    lock = world.lock("web")
    with pytest.raises(LockHeld):
        world.open(lock_duration=60.0).acquire(["web"], OTHER)
    _renewed(world, "2001-01-01T00:00:00.000000Z")
    taken = world.open(lock_duration=60.0).acquire(["web"], OTHER)
    assert taken.token > lock.token
    with pytest.raises(Fenced):
        world.apply(lock, "web", "1.1.0", WORKLOAD)
    with pytest.raises(Fenced):
        world.target.fence(lock.holder)


def test_a_renewed_lock_does_not_expire(world: World) -> None:
    world.target = world.open(lock_duration=60.0)
    lock = world.lock("web")
    _renewed(world, "2001-01-01T00:00:00.000000Z")
    world.target.renew(lock.holder)
    with pytest.raises(LockHeld):
        world.open(lock_duration=60.0).acquire(["web"], OTHER)


def test_every_change_renews_a_lock_that_expires(world: World) -> None:
    world.put(deployment("web", "shop/web:1.0.0"))
    world.target = world.open(lock_duration=60.0)
    lock = world.lock("web")
    _renewed(world, "2001-01-01T00:00:00.000000Z")
    world.apply(lock, "web", "1.1.0", WORKLOAD)
    with pytest.raises(LockHeld):
        world.open(lock_duration=60.0).acquire(["web"], OTHER)


def test_a_name_that_could_reach_elsewhere_is_refused(world: World) -> None:
    """Names become parts of addresses: what is no name never gets there."""
    for name in ("../secrets/x", "web/status", "web?force=true", "", "Web", "a" * 64):
        with pytest.raises(Refused):
            world.lock(name)
    assert world.all("Lease") == []


def _renewed(world: World, when: str) -> None:
    body = world.get("Lease", "convoy.web")
    body["spec"]["renewTime"] = when
    world.raw.ask("PUT", world.path("Lease", "convoy.web"), body)
