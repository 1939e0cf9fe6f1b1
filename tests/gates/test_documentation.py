"""docs/gates.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from convoy.gates import health, thresholds
from convoy.gates.assessment import Assessment
from convoy.gates.measurement import Measurement
from convoy.gates.thresholds import MetricState
from convoy.gates.verdict import Verdict
from convoy.manifest.models.component import Component
from convoy.manifest.models.environment import Environment
from convoy.manifest.models.gates import HealthGate, MetricGate
from convoy.signals.promql import fill

PAGE = (Path(__file__).parents[2] / "docs" / "gates.md").read_text(encoding="utf-8")
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
MODELS: dict[str, Any] = {"Component": Component, "Environment": Environment}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_every_example_is_a_valid_manifest(example: dict[str, Any]) -> None:
    assert MODELS[example["kind"]].model_validate(example).name == example["name"]


def metric(name: str) -> dict[str, Any]:
    checkout = next(example for example in EXAMPLES if example["name"] == "checkout")
    found = next(metric for metric in checkout["gates"]["metrics"] if metric["name"] == name)
    return MetricGate.model_validate(found).model_dump()


def outcome(values: list[float | None]) -> Assessment:
    gate, state = metric("error-rate"), MetricState()
    for value in values:
        state = thresholds.observe(gate, state, Measurement(at="", value=value))
    return thresholds.assess(gate, state)


def test_the_worked_example_ends_as_the_page_says() -> None:
    failed = outcome([0.002, 0.03, 0.004, None, 0.001, 0.02])
    assert failed.verdict is Verdict.FAILED
    assert f"`{failed.message}`" in PAGE
    assert outcome([0.002, 0.03, 0.004, None, 0.001, 0.002]).verdict is Verdict.SUCCESSFUL


def test_the_queries_of_the_page_can_be_filled() -> None:
    gate = metric("latency")
    values = {"component": "checkout", "version": "1.2.0", "revision": "new", "interval": "15s"}
    for query in (gate["query"], gate["success_condition"]["compare"]["baseline_query"]):
        assert "$" not in fill(query, values)


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    fields = MetricGate.model_fields
    for name in ("count", "failure_limit", "inconclusive_limit", "consecutive_error_limit"):
        alias = fields[name].alias
        assert f"| `{alias}` | {fields[name].default} |" in PAGE
    assert f"up to {thresholds.LONGEST_BACKOFF:g} s" in PAGE
    assert f"More than {health.ERROR_LIMIT} such polls" in PAGE
    assert f"at most {health.LONGEST_CREDIT:g} s" in PAGE


def test_the_defaults_survive_about_two_minutes_of_outage() -> None:
    gate, state, passed = metric("error-rate"), MetricState(), 0.0
    limit = gate["consecutive_error_limit"]
    for _ in range(limit):
        state = thresholds.observe(gate, state, Measurement(at="", error="down"))
        passed += thresholds.next_delay(gate, state)
    assert thresholds.assess(gate, state).verdict is None
    assert 100 < passed < 150


def test_the_health_example_has_the_times_of_its_picture() -> None:
    payment = next(example for example in EXAMPLES if example["name"] == "payment")
    gate = HealthGate.model_validate(payment["gates"]["health"])
    assert (gate.wait_duration, gate.max_elastic_duration, gate.healthy_state_duration) == (5.0, 120.0, 10.0)
