"""The fence holds at every moment: it is put up before each single request of a mutation that is under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from convoy.targets.base import Fenced, TargetError
from convoy.targets.kubernetes.target import KubernetesTarget
from tests.kubernetes.waiting import eventually
from tests.kubernetes.workloads import deployment, job
from tests.targets.kubernetes.world import World

RUN = "rollout.shop.test/run-1"
MAIN = {"main": {"image": "shop/web", "tag": None, "env": {}}}
EXISTING = {"kind": "deployment", "containers": MAIN}
CREATED = {**EXISTING, "template": deployment("web", "shop/web:0")["spec"]}
JOB = {"kind": "job", "containers": MAIN, "template": job("web", "shop/web:0")["spec"]}
MOST_REQUESTS = 30
"""Controllers write too, so that some requests are sent again."""


def interrupted(target: KubernetesTarget, at: int, event: Callable[[], None]) -> list[str]:
    """Let something happen before the request of this number; the list of requests so far."""
    request, sent = target._client.request, list[str]()

    def ask(method: str, path: str, **more: Any) -> dict[str, Any]:
        sent.append(f"{method} {path}")
        if len(sent) == at:
            event()
        return request(method, path, **more)

    target._client.request = ask  # type: ignore[method-assign]
    return sent


def spec_of(world: World, kind: str) -> list[Any]:
    return [(found["metadata"]["name"], found["spec"]) for found in world.all(kind) if not _asleep(found)]


def _asleep(found: dict[str, Any]) -> bool:
    """Created, and never brought to life: it runs nothing."""
    return bool(found["spec"].get("paused") or found["spec"].get("suspend"))


def fence(world: World) -> None:
    world.open().fence(RUN)


def take_over(world: World) -> None:
    other = world.open()
    other.release(RUN)
    other.acquire(["web"], "rollout.shop.test/run-2")


@pytest.mark.parametrize("happens", [fence, take_over])
@pytest.mark.parametrize("workload", [EXISTING, CREATED, JOB], ids=["existing", "created", "job"])
def test_after_the_fence_nothing_lands(
    world: World, workload: dict[str, Any], happens: Callable[[World], None]
) -> None:
    """Before whichever request of a mutation it happens: from then on the object stays as it is."""
    if workload is EXISTING:
        world.put(deployment("web", "shop/web:1.0.0"))
    kind = "Job" if workload is JOB else "Deployment"
    refused = 0
    for at in range(1, MOST_REQUESTS + 1):
        world.target.release("rollout.shop.test/run-2")
        lock = world.target.acquire(["web"], f"{RUN}")
        zombie, after = world.open(), list[Any]()

        def strike(after: list[Any] = after) -> None:
            happens(world)
            after.extend(spec_of(world, kind))

        sent = interrupted(zombie, at, strike)
        try:
            world.apply(lock, "web", f"1.1.{at}", workload, zombie)
            landed = True
        except Fenced:
            landed, refused = False, refused + 1
        if len(sent) < at:
            assert landed, "no request was left to be interrupted"
            break
        assert not landed
        assert spec_of(world, kind) == after
        _forget(world, kind, keep=workload is EXISTING)
    else:
        pytest.fail(f"a mutation takes more than {MOST_REQUESTS} requests: {sent}")
    assert refused >= 3


def _forget(world: World, kind: str, *, keep: bool) -> None:
    """A new run on the same ground."""
    for lease in world.all("Lease"):
        world.delete("Lease", lease["metadata"]["name"])
    if not keep:
        for found in world.all(kind):
            world.delete(kind, found["metadata"]["name"])
        eventually("gone", lambda: not world.all(kind))


def test_pods_of_a_fenced_creation_never_start(world: World) -> None:
    """Created a moment too late, an object sleeps, and is removed by who made it."""
    lock = world.lock("web")
    zombie = world.open()
    interrupted(zombie, 3, lambda: fence(world))
    with pytest.raises(Fenced):
        world.apply(lock, "web", "1.0.0", CREATED, zombie)
    eventually("removed", lambda: not world.all("Deployment"))
    assert world.all("Pod") == []
    assert world.target.observe("web").version is None


def test_an_object_that_sleeps_counts_as_absent_and_is_removed_by_the_rollback(world: World) -> None:
    """Its maker was killed between creating it and bringing it to life."""
    lock, absent = world.lock("web"), world.target.observe("web")
    killed = world.open()

    request, sent = killed._client.request, list[str]()

    def ask(method: str, path: str, **more: Any) -> dict[str, Any]:
        sent.append(f"{method} {path}")
        if len(sent) > 4:
            raise KeyboardInterrupt
        return request(method, path, **more)

    killed._client.request = ask  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        world.apply(lock, "web", "1.0.0", CREATED, killed)
    assert world.get("Deployment", "web")["spec"]["paused"], sent
    assert world.target.observe("web") == absent
    assert world.back("web", absent).changed
    eventually("removed", lambda: not world.all("Deployment"))


def test_a_mutation_whose_answer_was_lost_is_recognised(world: World) -> None:
    """Doing it again changes nothing."""
    world.put(deployment("web", "shop/web:1.0.0"))
    lock, unlucky = world.lock("web"), world.open()
    send = unlucky._client._send

    def lose(method: str, path: str, *more: Any) -> bytes:
        answer = send(method, path, *more)
        if method == "PATCH" and "deployments" in path:
            raise TargetError("the line broke")
        return answer

    unlucky._client._send = lose  # type: ignore[method-assign]
    with pytest.raises(TargetError, match="line broke"):
        world.apply(lock, "web", "1.1.0", EXISTING, unlucky)
    assert not world.apply(lock, "web", "1.1.0", EXISTING).changed


def test_after_the_lock_was_lost_no_restore_lands(world: World) -> None:
    """A rollback is fenced as well: whoever takes the lock over finds what then stays."""
    world.put(deployment("web", "shop/web:1.0.0"))
    refused = 0
    for at in range(1, MOST_REQUESTS + 1):
        lock, prior = world.target.acquire(["web"], f"{RUN}-{at}"), world.target.observe("web")
        world.up(world.apply(lock, "web", f"1.1.{at}", EXISTING))
        back, zombie, after = world.target.fence(f"{RUN}-{at}"), world.open(), list[Any]()

        def strike(at: int = at, after: list[Any] = after) -> None:
            other = world.open()
            other.release(f"{RUN}-{at}")
            other.acquire(["web"], "rollout.shop.test/next")
            after.extend(spec_of(world, "Deployment"))

        sent = interrupted(zombie, at, strike)
        try:
            zombie.restore("web", prior, back)
            landed = True
        except Fenced:
            landed, refused = False, refused + 1
        if len(sent) < at:
            assert landed
            break
        assert not landed
        assert spec_of(world, "Deployment") == after
        world.target.release("rollout.shop.test/next")
    else:
        pytest.fail(f"a restore takes more than {MOST_REQUESTS} requests: {sent}")
    assert refused >= 3
