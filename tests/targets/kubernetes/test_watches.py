"""Watches: gates that wait ask nothing, and a watch is never the last word."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from convoy.targets.base import Applied, Readiness, TargetUnreachable
from convoy.targets.kubernetes.client import Client, translate
from convoy.targets.kubernetes.gatekeeper import Gatekeeper
from convoy.targets.kubernetes.objects import DEPLOYMENT, ref_of
from convoy.targets.kubernetes.watches import NotKnown, Watches
from tests.kubernetes.waiting import eventually
from tests.kubernetes.workloads import deployment
from tests.targets.kubernetes.world import World

WORKLOAD = {"kind": "deployment", "containers": {"main": {"image": "shop/web", "tag": None, "env": {}}}}


class Counting:
    """A gatekeeper with a client of its own, whose requests are counted."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client: Client = world.open()._client
        self.watches = Watches(self.client)
        self.gatekeeper = Gatekeeper(self.client, self.watches)
        self.ref = ref_of(DEPLOYMENT, world.namespace, "web")
        self.requests: Counter[str] = Counter()
        request = self.client.request

        def counted(method: str, path: str, **more: Any) -> dict[str, Any]:
            self.requests[f"{method} {path.rpartition('/')[2]}"] += 1
            return request(method, path, **more)

        monkeypatch.setattr(self.client, "request", counted)

    def ready(self, applied: Applied) -> Readiness:
        return self.gatekeeper.ready("web", self.ref, applied.generation)


def test_a_gate_that_waits_asks_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it looks: one list per kind, and then what the watch brings."""
    world.put(deployment("web", "shop/web:1.0.0"))
    applied = world.apply(world.lock("web"), "web", "1.1.0", WORKLOAD)
    world.kubelet.behave(world.namespace, "shop/web:1.1.0", "unready")
    counting = Counting(world, monkeypatch)
    eventually("the watches know", lambda: not _asks(counting, applied))
    before = counting.requests.total()
    for _ in range(50):
        readiness = counting.ready(applied)
        if readiness.failed:
            break
        assert counting.requests.total() == before


def _asks(counting: Counting, applied: Applied) -> bool:
    before = counting.requests.total()
    counting.ready(applied)
    return counting.requests.total() > before


def test_the_end_is_seen_through_the_watch_and_confirmed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict costs a few requests, and while it stands only one round of them every few seconds."""
    world.put(deployment("web", "shop/web:1.0.0"))
    counting = Counting(world, monkeypatch)
    applied = world.apply(world.lock("web"), "web", "1.1.0", WORKLOAD)
    eventually("ready", lambda: counting.ready(applied).ready)
    eventually("confirmed", lambda: not _asks(counting, applied))
    assert counting.ready(applied).ready


def test_a_watch_that_lags_behind_is_not_believed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has not seen yet is asked for: an older change is not mistaken for a newer one."""
    world.put(deployment("web", "shop/web:1.0.0"))
    lock = world.lock("web")
    first = world.up(world.apply(lock, "web", "1.1.0", WORKLOAD))
    counting = Counting(world, monkeypatch)
    eventually("the watch knows", lambda: counting.ready(first).ready)
    old = world.get("Deployment", "web")
    second = world.apply(lock, "web", "1.2.0", WORKLOAD)
    monkeypatch.setattr(counting.watches, "get", lambda _: old)
    assert not counting.ready(second).failed
    assert not world.ready(first).ready


def test_an_outage_is_told_and_the_watch_comes_back(world: World) -> None:
    """Nobody trusts what was seen before the line broke."""
    world.put(deployment("web", "shop/web:1.0.0"))
    applied = world.up(world.apply(world.lock("web"), "web", "1.1.0", WORKLOAD))
    eventually("ready", lambda: world.ready(applied).ready)
    world.control_plane.kill_apiserver()
    try:

        def unreachable() -> bool:
            try:
                world.ready(applied)
            except TargetUnreachable:
                return True
            return False

        eventually("it is told", unreachable)
    finally:
        world.control_plane.restart_apiserver()
    eventually("ready again", lambda: world.ready(applied).ready)


def test_a_watch_that_has_expired_lists_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """410 Gone: the resourceVersion is too old."""
    world.put(deployment("web", "shop/web:1.0.0"))
    client, calls = world.open()._client, []
    follow = client.watch

    def expired_once(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise translate("WATCH", "/x", 410, '{"message": "too old resource version"}')
        return follow(*args)

    monkeypatch.setattr(client, "watch", expired_once)
    watches = Watches(client)

    def known() -> bool:
        try:
            return watches.get(ref_of(DEPLOYMENT, world.namespace, "web")) is not None and len(calls) > 1
        except NotKnown:
            return False

    eventually("known again", known)


def test_many_gates_of_one_process_share_the_watches(world: World) -> None:
    """Targets come and go with their gates; the line to the cluster stays."""
    world.put(deployment("web", "shop/web:1.0.0"))
    applied = world.up(world.apply(world.lock("web"), "web", "1.1.0", WORKLOAD))
    targets = [world.open() for _ in range(20)]
    assert len({id(target._gatekeeper._watches) for target in targets}) == 1

    async def all_of_them() -> list[Readiness]:
        return await asyncio.gather(*(target.ready("web", applied.generation) for target in targets))

    assert all(readiness.ready for readiness in asyncio.run(all_of_them()))
