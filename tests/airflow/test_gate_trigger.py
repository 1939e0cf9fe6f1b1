"""The trigger behind the gates, awaited directly: verdicts, what ends the task, and going on after a restart."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.bases.xcom import BaseXCom
from airflow.triggers.base import TaskSuccessEvent, TriggerEvent

from convoy.airflow.run import Run
from convoy.airflow.triggers.gate import GateTrigger
from convoy.targets.base import Endpoint, Observation, Readiness, TargetUnreachable

RUN = Run("holder", "c-1", 1, "sha256:0", "", False, "none", {"web": "2.0.0"}, ("web",))
HEALTH = {
    "path": "/healthz",
    "status": [200],
    "json_field": None,
    "max_latency": 2.0,
    "interval": 0.05,
    "wait_duration": 0.0,
    "max_elastic_duration": 0.4,
    "healthy_state_duration": 0.1,
}
METRIC = {
    "name": "load",
    "query": None,
    "scrape": {"gauge": {"gauge": "load", "where": {}, "fold": "max"}, "rate": None, "ratio": None, "quantile": None},
    "interval": 0.05,
    "initial_delay": 0.0,
    "count": 3,
    "success_condition": {"min": None, "max": 1.0, "within": None, "compare": None},
    "failure_limit": 0,
    "inconclusive_limit": 0,
    "consecutive_error_limit": 1,
}


class Replica:
    """A real HTTP server: its health, and a gauge."""

    def __init__(self) -> None:
        self.health, self.load, self.scrapes = 200, "0.5", 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                metrics = self.path == "/metrics"
                outer.scrapes += metrics
                content = f"# TYPE load gauge\nload {outer.load}\n".encode() if metrics else b"{}"
                self.send_response(200 if metrics else outer.health)
                self.send_header("Content-Type", "text/plain; version=0.0.4" if metrics else "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = Endpoint("web-0", "127.0.0.1", self.server.server_address[1], "2.0.0", "new")


class OneReplica:
    """A target with one component, ``web``."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.failed = ""
        self.unreachable = False

    def observe(self, component: str) -> Observation:
        return Observation(component, "2.0.0", 7)

    async def ready(self, component: str, generation: int) -> Readiness:
        if self.unreachable:
            raise TargetUnreachable("gone")
        return Readiness(not self.failed, bool(self.failed), self.failed or "up", 1, 1, 1, (self.replica.endpoint,))


@pytest.fixture
def replica() -> Iterator[Replica]:
    made = Replica()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def target(replica: Replica, monkeypatch: pytest.MonkeyPatch) -> OneReplica:
    made = OneReplica(replica)
    monkeypatch.setattr("convoy.targets.open_target", lambda config, environment: made)
    return made


@pytest.fixture
def xcoms(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], Any]:
    """The run's XComs, by task and key."""
    store: dict[tuple[str, str], Any] = {
        ("preflight", "run"): RUN.to_dict(),
        ("web.deploy", "applied"): {"web": 7},
    }

    def get_one(*, key: str, task_id: str, dag_id: str, run_id: str) -> Any:
        return store.get((task_id, key))

    def set_(*, key: str, value: Any, task_id: str, dag_id: str, run_id: str) -> None:
        store[(task_id, key)] = json.loads(json.dumps(value))

    monkeypatch.setattr(BaseXCom, "get_one", get_one)
    monkeypatch.setattr(BaseXCom, "set", set_)
    return store


def spec(*phases: str, **more: Any) -> dict[str, Any]:
    return {
        "batch": "web",
        "task": "web.gate",
        "phases": list(phases),
        "deploy_task": "web.deploy",
        "environment": "local",
        "target": {},
        "signals": {"prometheus": None, "openmetrics": {"path": "/metrics", "timeout": 2.0}},
        "components": [{"component": "web", "health": HEALTH, "metrics": [METRIC]}],
        **more,
    }


def judge(trigger: GateTrigger, attempt: int = 1) -> TriggerEvent:
    """The only event of a trigger that is run to its end."""

    async def run() -> list[TriggerEvent]:
        trigger._task_instance = SimpleNamespace(dag_id="d", run_id="r", task_id="web.gate", try_number=attempt)
        return [event async for event in trigger.run()]

    (event,) = asyncio.run(run())
    return event


def test_a_healthy_component_ends_the_task_without_a_worker(
    target: OneReplica, xcoms: dict[tuple[str, str], Any]
) -> None:
    """Successful is a task-end event, with the verdict and its event left as XComs."""
    assert isinstance(judge(GateTrigger(spec("health"))), TaskSuccessEvent)
    assert xcoms["web.gate", "verdict"]["verdict"] == "Successful"
    assert xcoms["web.gate", "events"][0]["data"]["event"] == "gate.judged"


def test_a_worker_that_waits_gets_the_verdict_whatever_it_is(
    target: OneReplica, xcoms: dict[tuple[str, str], Any]
) -> None:
    """The verification of a rollback goes on in its task: Successful must not end it here."""
    event = judge(GateTrigger(spec("health"), resume=True))
    assert not isinstance(event, TaskSuccessEvent)
    assert event.payload["verdict"] == "Successful"


def test_an_unhealthy_component_fails_with_the_replica_and_the_cause(
    target: OneReplica, replica: Replica, xcoms: dict[tuple[str, str], Any]
) -> None:
    """The message says which replica and why."""
    replica.health = 503
    event = judge(GateTrigger(spec("health")))
    assert event.payload["verdict"] == "Failed"
    assert "web-0" in event.payload["message"]
    assert "503" in event.payload["message"]


def test_a_target_that_gave_up_fails_at_once(target: OneReplica, xcoms: dict[tuple[str, str], Any]) -> None:
    """A crash loop is final."""
    target.failed = "web-0 exited with 1 five times"
    assert judge(GateTrigger(spec("health"))).payload["verdict"] == "Failed"


def test_a_crash_while_baking_fails(target: OneReplica, xcoms: dict[tuple[str, str], Any]) -> None:
    """Good numbers do not help a component that broke meanwhile."""
    target.failed = "web-0 exited"
    event = judge(GateTrigger(spec("metrics")))
    assert event.payload["verdict"] == "Failed"
    assert "broke while it baked" in event.payload["message"]


def test_a_metric_above_its_bound_fails(
    target: OneReplica, replica: Replica, xcoms: dict[tuple[str, str], Any]
) -> None:
    """The numbers are in the verdict."""
    replica.load = "7"
    event = judge(GateTrigger(spec("metrics")))
    assert event.payload["verdict"] == "Failed"
    assert event.payload["components"][0]["metrics"][0]["measurements"][0]["value"] == 7.0


@pytest.mark.parametrize("load", ["NaN", "nonsense"])
def test_a_metric_without_a_number_never_passes(
    load: str, target: OneReplica, replica: Replica, xcoms: dict[tuple[str, str], Any]
) -> None:
    """NaN and an exposition that cannot be read ask a person."""
    replica.load = load
    assert judge(GateTrigger(spec("metrics"))).payload["verdict"] == "Inconclusive"


def test_an_outage_of_the_target_asks_a_person(target: OneReplica, xcoms: dict[tuple[str, str], Any]) -> None:
    """It says nothing about the release, so it neither passes nor fails."""
    target.unreachable = True
    assert judge(GateTrigger(spec("health"))).payload["verdict"] == "Inconclusive"


def test_a_gate_that_breaks_is_an_error_and_no_pass(
    monkeypatch: pytest.MonkeyPatch, xcoms: dict[tuple[str, str], Any]
) -> None:
    """An exception in the judge is a verdict."""

    def broken(config: Any, environment: str) -> Any:
        raise RuntimeError("bug")

    monkeypatch.setattr("convoy.targets.open_target", broken)
    event = judge(GateTrigger(spec("health")))
    assert event.payload["verdict"] == "Error"
    assert "bug" in event.payload["message"]


def test_a_run_that_was_not_pinned_is_an_error(target: OneReplica, xcoms: dict[tuple[str, str], Any]) -> None:
    """Without preflight there is nothing that could pass."""
    del xcoms["preflight", "run"]
    assert judge(GateTrigger(spec("health"))).payload["verdict"] == "Error"


def test_a_deployment_that_did_not_end_is_an_error(target: OneReplica, xcoms: dict[tuple[str, str], Any]) -> None:
    """A deploy task that was marked success by hand left nothing to judge: that is no pass."""
    del xcoms["web.deploy", "applied"]
    event = judge(GateTrigger(spec("health")))
    assert event.payload["verdict"] == "Error"
    assert "web.deploy" in event.payload["message"]


def test_a_component_that_breaks_during_a_pause_fails(target: OneReplica, xcoms: dict[tuple[str, str], Any]) -> None:
    """A pause is watched too."""
    target.failed = "web-0 exited"
    event = judge(GateTrigger(spec("pause", pause=0.1)))
    assert event.payload["verdict"] == "Failed"
    assert "pause" in event.payload["message"]


def test_earlier_events_of_the_gate_are_kept(target: OneReplica, xcoms: dict[tuple[str, str], Any]) -> None:
    """Who was asked, and what was answered, stays in the record when the gate passes in the end."""
    xcoms["web.gate", "events"] = [{"earlier": True}]
    judge(GateTrigger(spec("health"), round=1))
    assert [e.get("earlier", False) for e in xcoms["web.gate", "events"]] == [True, False]


@pytest.mark.parametrize(("choice", "verdict"), [("Go on", "Successful"), ("Roll back", "Failed")])
def test_an_answer_holds_however_often_the_gate_is_tried(
    choice: str, verdict: str, target: OneReplica, replica: Replica, xcoms: dict[tuple[str, str], Any]
) -> None:
    """What a person decided is not measured away."""
    xcoms["preflight", "answer.web.gate"] = {"choice": choice, "by": "ann"}
    event = judge(GateTrigger(spec("metrics")), attempt=2)
    found = xcoms["web.gate", "verdict"] if isinstance(event, TaskSuccessEvent) else event.payload
    assert (found["verdict"], found["message"]) == (verdict, f"ann decided: {choice}")
    assert replica.scrapes == 0


def test_a_drill_fails_the_gate_that_was_named(target: OneReplica, xcoms: dict[tuple[str, str], Any]) -> None:
    """And no other."""
    xcoms["preflight", "run"]["drill"] = "web.gate"
    assert judge(GateTrigger(spec("health"))).payload["drill"] is True
    assert isinstance(judge(GateTrigger(spec("health", task="web.other"))), TaskSuccessEvent)


def test_a_dry_run_judges_nothing(target: OneReplica, replica: Replica, xcoms: dict[tuple[str, str], Any]) -> None:
    """Nothing was deployed, so nothing is asked."""
    xcoms["preflight", "run"]["dry_run"] = True
    assert isinstance(judge(GateTrigger(spec("metrics"))), TaskSuccessEvent)
    assert replica.scrapes == 0


def test_a_bake_goes_on_from_what_was_measured(
    target: OneReplica, replica: Replica, xcoms: dict[tuple[str, str], Any]
) -> None:
    """A second life of the same attempt measures only what is missing; another attempt starts from nothing."""
    assert isinstance(judge(GateTrigger(spec("metrics"))), TaskSuccessEvent)
    assert replica.scrapes == 3
    progress = xcoms["web.gate", "progress"]
    state = progress["slots"]["web/metric/load"]["state"]
    state.update(measurements=state["measurements"][:2], successful=2)
    assert isinstance(judge(GateTrigger(spec("metrics"))), TaskSuccessEvent)
    assert replica.scrapes == 4
    assert isinstance(judge(GateTrigger(spec("metrics")), attempt=2), TaskSuccessEvent)
    assert replica.scrapes == 7


def test_the_trigger_is_what_it_serializes_to() -> None:
    """Another triggerer can build it again."""
    path, kwargs = GateTrigger(spec("health"), round=2, resume=True).serialize()
    assert path.endswith("GateTrigger")
    again = GateTrigger(**kwargs)
    assert (again.spec, again.round, again.resume) == (spec("health"), 2, True)
