"""Readiness on a real control plane: what goes wrong is said early, in words, and an outage is no verdict."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from convoy.targets.base import Applied, Readiness, TargetUnreachable
from tests.kubernetes.waiting import eventually
from tests.kubernetes.workloads import daemon_set, deployment, stateful_set
from tests.targets.kubernetes.world import World

MAKE = {"deployment": deployment, "statefulSet": stateful_set, "daemonSet": daemon_set}


def tagged(kind: str, tag: str) -> dict[str, Any]:
    return {"kind": kind, "containers": {"main": {"image": "shop/web", "tag": tag, "env": {}}}}


def goes_to(world: World, tag: str, kind: str = "deployment", **more: Any) -> Applied:
    """A workload that is up at 1.0.0, ordered to a tag that the kubelet understands."""
    world.put(MAKE[kind]("web", "shop/web:1.0.0", **more))
    lock = world.lock("web")
    first = world.target.observe("web").generation
    eventually("up", lambda: asyncio.run(world.target.ready("web", first)).ready)
    return world.apply(lock, "web", "1.1.0", tagged(kind, tag))


@pytest.mark.parametrize("kind", MAKE)
def test_a_crashing_version_has_failed_with_the_last_lines_of_its_log(world: World, kind: str) -> None:
    readiness = world.settle(goes_to(world, "1.1.0-crash", kind))
    assert (readiness.ready, readiness.failed) == (False, True)
    assert "CrashLoopBackOff" in readiness.message
    assert "cannot go on" in readiness.message


@pytest.mark.parametrize(
    ("tag", "reason"), [("missing", "ImagePullBackOff"), ("misconfigured", "CreateContainerConfig")]
)
def test_a_pod_that_cannot_start_has_failed_with_the_reason(world: World, tag: str, reason: str) -> None:
    """Long before any deadline."""
    readiness = world.settle(goes_to(world, f"1.1.0-{tag}"))
    assert (readiness.ready, readiness.failed) == (False, True)
    assert reason in readiness.message


def test_a_version_that_never_gets_ready_fails_when_kubernetes_gives_up(world: World) -> None:
    """The Deployment's own progress deadline is final."""
    applied = goes_to(world, "1.1.0-unready")
    assert not world.ready(applied).ready
    readiness = world.settle(applied)
    assert readiness.failed
    assert "ProgressDeadlineExceeded" in readiness.message


def test_old_replicas_that_serve_do_not_make_a_deployment_ready(world: World) -> None:
    """They are told apart, and counted apart."""
    applied = goes_to(world, "1.1.0-unready", port=8080)

    def mixed() -> Readiness | None:
        readiness = world.ready(applied)
        return readiness if readiness.updated else None

    readiness = eventually("a new replica", mixed)
    assert readiness is not None
    assert (readiness.ready, readiness.available) == (False, 0)
    assert {endpoint.revision for endpoint in readiness.endpoints} == {"old"}
    assert {endpoint.version for endpoint in readiness.endpoints} == {"1.0.0"}


def test_a_pod_that_finds_no_node_is_told_and_not_final(world: World) -> None:
    """A node may come."""
    world.put(deployment("web", "shop/web:1.0.0", replicas=1, nodeSelector={"disk": "gold"}))
    generation = world.target.observe("web").generation

    def told() -> bool:
        readiness = asyncio.run(world.target.ready("web", generation))
        return "FailedScheduling" in readiness.message and not readiness.failed

    eventually("the reason", told)


def test_half_of_the_replicas_is_not_ready(world: World) -> None:
    applied = goes_to(world, "1.1.0-ready-half", replicas=4)
    readiness = world.settle(applied)
    assert (readiness.ready, readiness.failed) == (False, True)


def test_an_outage_of_the_api_server_is_no_verdict_and_is_survived(world: World) -> None:
    """Neither ready nor failed: unreachable; then the answer is as before."""
    applied = world.up(goes_to(world, "1.1.0"))
    world.control_plane.kill_apiserver()
    try:
        with pytest.raises(TargetUnreachable):
            world.ready(applied)
        with pytest.raises(TargetUnreachable):
            world.target.observe("web")
    finally:
        world.control_plane.restart_apiserver()
    eventually("ready again", lambda: world.ready(applied).ready)
