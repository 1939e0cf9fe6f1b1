"""Jobs: once per rollout and content, adopted, never stopped half-way, and undone by what the manifest says."""

from __future__ import annotations

from typing import Any

import pytest

from convoy.targets.base import Refused
from tests.kubernetes.waiting import eventually
from tests.kubernetes.workloads import job
from tests.targets.kubernetes.world import World

MAIN = {"main": {"image": "shop/migrate", "tag": None, "env": {}}}
SPEC = job("migrate", "shop/migrate:0")["spec"]
WORKLOAD: dict[str, Any] = {"kind": "job", "containers": MAIN, "template": SPEC}
UNDO = {**WORKLOAD, "rollback": job("undo", "shop/migrate:back")["spec"]}


def names(world: World) -> list[str]:
    return sorted(found["metadata"]["name"] for found in world.all("Job"))


def test_a_job_runs_once_and_is_ready_when_it_is_complete(world: World) -> None:
    lock = world.lock("migrate")
    assert world.target.observe("migrate").version is None
    applied = world.apply(lock, "migrate", "1.1.0", WORKLOAD)
    assert not world.ready(applied).ready
    world.up(applied)
    assert world.target.observe("migrate").version == "1.1.0"
    assert world.get("Job", names(world)[0])["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":1.1.0")


def test_a_re_run_adopts_the_job_and_starts_no_second_one(world: World) -> None:
    """The same rollout again, by another run or another worker."""
    first = world.up(world.apply(world.lock("migrate"), "migrate", "1.1.0", WORKLOAD))
    world.target.release("rollout.shop.test/run-1")
    again = world.apply(world.lock("migrate", run="rollout.shop.test/run-2"), "migrate", "1.1.0", WORKLOAD)
    assert (again.changed, again.generation, len(names(world))) == (False, first.generation, 1)
    assert world.ready(again).ready


def test_another_version_is_another_job(world: World) -> None:
    lock = world.lock("migrate")
    world.up(world.apply(lock, "migrate", "1.1.0", WORKLOAD))
    world.up(world.apply(lock, "migrate", "1.2.0", WORKLOAD))
    assert len(names(world)) == 2
    assert world.target.observe("migrate").version == "1.2.0"


def test_a_failed_job_has_failed_for_good(world: World) -> None:
    change = {"main": {"image": "shop/migrate", "tag": "1.1.0-fail", "env": {}}}
    applied = world.apply(world.lock("migrate"), "migrate", "1.1.0", {**WORKLOAD, "containers": change})
    readiness = world.settle(applied)
    assert (readiness.ready, readiness.failed) == (False, True)
    assert "BackoffLimitExceeded" in readiness.message


def test_a_job_that_has_run_cannot_be_undone_without_a_rollback_job(world: World) -> None:
    lock, absent = world.lock("migrate"), world.target.observe("migrate")
    world.up(world.apply(lock, "migrate", "1.1.0", WORKLOAD))
    with pytest.raises(Refused, match="cannot be undone"):
        world.back("migrate", absent)
    assert len(names(world)) == 1


def test_a_rollback_job_undoes_it_and_runs_once(world: World) -> None:
    lock, absent = world.lock("migrate"), world.target.observe("migrate")
    world.up(world.apply(lock, "migrate", "1.1.0", UNDO))
    first = world.up(world.back("migrate", absent))
    second = world.back("migrate", absent)
    assert (first.changed, second.changed, second.generation) == (True, False, first.generation)
    assert len(names(world)) == 2
    assert world.target.observe("migrate").version is None


def test_after_it_was_undone_a_job_runs_again(world: World) -> None:
    """The undone Job is no reason to leave the next one out."""
    lock, absent = world.lock("migrate"), world.target.observe("migrate")
    world.up(world.apply(lock, "migrate", "1.1.0", UNDO))
    world.up(world.back("migrate", absent))
    world.target.release("rollout.shop.test/run-1")
    again = world.apply(world.lock("migrate", run="rollout.shop.test/run-2"), "migrate", "1.1.0", UNDO)
    assert again.changed
    world.up(again)


def test_where_there_is_nothing_to_undo_the_job_is_removed(world: World) -> None:
    lock, absent = world.lock("migrate"), world.target.observe("migrate")
    world.up(world.apply(lock, "migrate", "1.1.0", {**WORKLOAD, "leave_on_rollback": True}))
    world.up(world.back("migrate", absent))
    eventually("removed", lambda: names(world) == [])
    assert world.target.observe("migrate").version is None


def test_the_job_before_is_the_components_again_after_a_rollback(world: World) -> None:
    """Yesterday's migration is what is live, as before."""
    lock = world.lock("migrate")
    world.up(world.apply(lock, "migrate", "1.1.0", WORKLOAD))
    world.target.release("rollout.shop.test/run-1")
    lock, prior = world.lock("migrate", run="rollout.shop.test/run-2"), world.target.observe("migrate")
    world.up(world.apply(lock, "migrate", "1.2.0", {**WORKLOAD, "leave_on_rollback": True}))
    world.up(world.back("migrate", prior, "rollout.shop.test/run-2"))
    seen = world.target.observe("migrate")
    assert (seen.version, seen.state) == (prior.version, prior.state)


def test_a_running_job_is_not_stopped_half_way(world: World) -> None:
    slow = job("migrate", "shop/migrate:0", annotations={"fake-kubelet/behaviour": "unready"})["spec"]
    lock, absent = world.lock("migrate"), world.target.observe("migrate")
    world.apply(lock, "migrate", "1.1.0", {**UNDO, "template": slow})
    eventually("it runs", lambda: world.all("Job")[0]["status"].get("active"))
    with pytest.raises(Refused, match="not stopped half-way"):
        world.back("migrate", absent)
    assert world.all("Job")[0]["metadata"].get("deletionTimestamp") is None
