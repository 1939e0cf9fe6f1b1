"""Health probes against real servers that answer well, badly, late, and not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from convoy.gates.health import ReplicaHealth
from convoy.manifest.models.gates import HealthGate
from convoy.signals.http_health import Prober
from convoy.targets.base import Endpoint

GATE = {"path": "/healthz", "status": [200], "json_field": None, "max_latency": 5.0}


def probed(endpoints: list[Endpoint], gate: dict[str, Any]) -> list[ReplicaHealth]:
    async def run() -> list[ReplicaHealth]:
        async with Prober() as prober:
            return await prober.probe_all(endpoints, gate)

    return asyncio.run(run())


def probe(script: Any, **gate: Any) -> ReplicaHealth:
    return probed([script.endpoint()], {**GATE, **gate})[0]


def test_the_wanted_status_is_healthy_and_has_a_latency(serve: Callable[..., Any]) -> None:
    got = probe(serve())
    assert (got.replica, got.healthy, got.reason) == ("payment-1", True, "status 200")
    assert got.latency is not None
    assert got.latency > 0


def test_the_gates_own_path_is_asked(serve: Callable[..., Any]) -> None:
    script = serve()
    probe(script, path="/live?deep=1")
    assert [(asked.method, asked.path) for asked in script.asked] == [("GET", "/live?deep=1")]


def test_another_status_is_unhealthy_and_both_are_named(serve: Callable[..., Any]) -> None:
    assert probe(serve(status=503), status=[200, 204]).reason == "status 503, wanted 200 or 204"


def test_each_of_several_wanted_statuses_is_healthy(serve: Callable[..., Any]) -> None:
    assert probe(serve(status=204, body=b""), status=[200, 204]).healthy


def test_a_redirect_is_not_followed(serve: Callable[..., Any]) -> None:
    well = serve()
    got = probe(serve(status=302, headers={"Location": f"http://127.0.0.1:{well.port}/healthz"}))
    assert got.reason == "status 302, wanted 200"
    assert well.asked == []


@pytest.mark.parametrize(
    ("field", "equals", "body"),
    [
        ("status", "up", {"status": "up"}),
        ("checks.database.state", "ok", {"checks": {"database": {"state": "ok"}}}),
        ("checks.0.ok", True, {"checks": [{"ok": True}]}),
        ("lag", 1, {"lag": 1.0}),
    ],
)
def test_a_json_field_with_the_wanted_value_is_healthy(
    serve: Callable[..., Any], field: str, equals: Any, body: Any
) -> None:
    assert probe(serve(body=json.dumps(body).encode()), json_field={"field": field, "equals": equals}).healthy


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"status": "down"}', "status is 'down', wanted 'up'"),
        (b'{"state": "up"}', "the body has no field status, wanted it to be 'up'"),
        (b"[]", "the body has no field status, wanted it to be 'up'"),
        (b"up", "the body is not JSON, wanted status to be 'up'"),
        (b"\xff\xfe", "the body is not JSON, wanted status to be 'up'"),
        (b"[" * 100_000, "the body is not JSON, wanted status to be 'up'"),
        (b"", "the body is not JSON, wanted status to be 'up'"),
    ],
)
def test_a_json_field_that_is_wrong_or_missing_is_unhealthy(
    serve: Callable[..., Any], body: bytes, reason: str
) -> None:
    assert probe(serve(body=body), json_field={"field": "status", "equals": "up"}).reason == reason


@pytest.mark.parametrize(("equals", "body"), [(1, b'{"ok": true}'), (True, b'{"ok": 1}'), ("1", b'{"ok": 1}')])
def test_a_json_field_of_another_type_is_unhealthy(serve: Callable[..., Any], equals: Any, body: bytes) -> None:
    assert not probe(serve(body=body), json_field={"field": "ok", "equals": equals}).healthy


def test_no_answer_within_the_allowed_latency_is_unhealthy(serve: Callable[..., Any]) -> None:
    assert probe(serve(behaviour="hang"), max_latency=0.1).reason == "no answer within 0.1 s"


def test_nobody_listening_is_unhealthy(nobody: int) -> None:
    got = probed([Endpoint("payment-1", "127.0.0.1", nobody, "1", "new")], GATE)[0]
    assert got == ReplicaHealth("payment-1", False, "cannot connect: Connection refused", None)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("hang up", "the connection was closed without an answer"),
        ("break off", "the answer broke off"),
        ("garbage", "the answer is not HTTP"),
    ],
)
def test_half_an_answer_is_unhealthy(serve: Callable[..., Any], behaviour: str, reason: str) -> None:
    assert probe(serve(behaviour=behaviour)).reason == reason


def test_an_answer_without_end_is_unhealthy(serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convoy.signals.http.LARGEST_ANSWER", 1024 * 1024)
    assert probe(serve(body=b"x" * (2 * 1024 * 1024))).reason == "the answer is larger than 1 MiB"


def test_every_replica_gets_its_own_result_in_order(serve: Callable[..., Any], nobody: int) -> None:
    endpoints = [
        serve().endpoint("a-1"),
        serve(status=500).endpoint("a-2"),
        Endpoint("a-3", "127.0.0.1", nobody, "1", "new"),
    ]
    got = probed(endpoints, GATE)
    assert [(r.replica, r.healthy) for r in got] == [("a-1", True), ("a-2", False), ("a-3", False)]


def test_more_replicas_than_slots_are_all_probed(serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convoy.signals.http_health.AT_ONCE", 2)
    script = serve()
    assert all(result.healthy for result in probed([script.endpoint(f"a-{n}") for n in range(7)], GATE))
    assert len(script.asked) == 7


def test_a_dumped_model_is_a_gate(serve: Callable[..., Any]) -> None:
    model = HealthGate.model_validate({"json": {"field": "status", "equals": "up"}, "status": [200, 201]})
    for dumped in (model.model_dump(), model.model_dump(mode="json")):
        assert probe(serve(status=201, body=b'{"status": "up"}'), **dumped).healthy


def test_a_prober_outside_its_context_is_a_mistake_of_the_program() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        asyncio.run(Prober().probe(Endpoint("a", "127.0.0.1", 1, "1", "new"), GATE))


def test_an_answer_that_slips_in_after_the_allowed_latency_is_unhealthy(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timeout of the HTTP client is coarser than the gate: long ones are rounded up to whole seconds."""
    readings = iter([100.0, 109.0])
    monkeypatch.setattr("convoy.signals.http_health.time", SimpleNamespace(monotonic=lambda: next(readings)))
    assert probe(serve()).reason == "answered after 9 s, allowed are 5 s"
