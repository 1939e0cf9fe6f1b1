"""Effective settings: the most specific wins, and every value says where it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from convoy.manifest.catalog import Catalog, load
from convoy.manifest.resolve import resolve, resolve_target

API = "apiVersion: convoy/v1\n"
LEVELS = ("system", "environment", "rollout", "component")


def catalog(folder: Path, text: str) -> Catalog:
    """The catalog of one file without errors, in a folder called manifests."""
    path = folder / "manifests" / "all.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    loaded = load([path])
    assert [str(diagnostic) for diagnostic in loaded.diagnostics] == []
    return loaded.catalog


def layered(folder: Path, given: dict[str, str], component: str = "", change: str = "{from: 1.0.0, to: 1.1.0}") -> Any:
    """The resolved cart; ``given`` maps levels to the lines of their settings."""

    def defaults(level: str) -> str:
        return f"defaults:\n{given[level]}" if level in given else ""

    text = f"""{API}kind: System
name: shop
{defaults("system")}
---
{API}kind: Environment
name: prod
target: {{kind: processes}}
{defaults("environment")}
---
{API}kind: Component
name: cart
system: shop
workload:
  command: [./cart]
  env: {{LEVEL: component, OWN: "1"}}
{component}
{given.get("component", "").replace(chr(10) + "  ", chr(10)).removeprefix("  ")}
---
{API}kind: Rollout
name: spring
environment: prod
components:
  cart: {change}
{defaults("rollout")}
"""
    return resolve(catalog(folder, text), "spring", "prod").components["cart"]


@pytest.mark.parametrize("highest", range(5))
@pytest.mark.parametrize(
    ("setting", "line", "read"),
    [
        ("owner", "  owner: '{}'", lambda cart: cart["owner"]),
        ("runbook", "  runbook: https://{}", lambda cart: (cart["runbook"] or "").removeprefix("https://") or None),
        ("strategy", "  strategy: {{type: blueGreen, scaleDownDelay: {}s}}", None),
        ("gates.health", "  gates: {{health: {{path: /{}}}}}", None),
    ],
)
def test_the_most_specific_value_wins(tmp_path: Path, highest: int, setting: str, line: str, read: Any) -> None:
    """Each setting, with values up to each level: the last level counts, and is named as the origin."""
    words = {level: str(number) for number, level in enumerate(LEVELS)}
    given = {level: line.format(words[level]) for level in LEVELS[:highest]}
    cart = layered(tmp_path, given)
    if read is None and setting == "strategy":
        value = str(int(cart["strategy"]["scale_down_delay"])) if cart["strategy"]["type"] == "blueGreen" else None
    elif read is None:
        value = cart["gates"]["health"]["path"].removeprefix("/") if cart["gates"]["health"] else None
    else:
        value = read(cart)
    origin = cart["provenance"][setting]
    if highest == 0:
        assert (value, origin) == (None, "built-in")
    else:
        assert value == words[LEVELS[highest - 1]]
        assert origin.startswith(LEVELS[highest - 1])
        assert "all.yaml:" in origin


def test_gates_are_replaced_per_health_and_metrics(tmp_path: Path) -> None:
    """A component that has metrics of its own keeps the health gate of the defaults."""
    metric = "{name: up, scrape: {gauge: {gauge: up}}, successCondition: {min: 1}}"
    cart = layered(
        tmp_path,
        {
            "system": f"  gates: {{health: {{path: /system}}, metrics: [{metric}]}}",
            "component": "  gates: {metrics: []}",
        },
    )
    assert cart["gates"]["health"]["path"] == "/system"
    assert cart["gates"]["metrics"] == []
    assert cart["provenance"]["gates.metrics"].startswith("component cart")


def test_a_health_gate_can_be_taken_away(tmp_path: Path) -> None:
    """health: null is something else than nothing said."""
    cart = layered(tmp_path, {"system": "  gates: {health: {path: /system}}", "component": "  gates: {health: null}"})
    assert cart["gates"]["health"] is None


def test_env_is_merged_by_name(tmp_path: Path) -> None:
    """From the system up to one version; each variable knows its origin."""
    given = {level: f"  env: {{LEVEL: {level}, {level.upper()}: x}}" for level in LEVELS[:3]}
    cart = layered(tmp_path, given, "versions: {1.1.0: {workload: {env: {OWN: '2'}}}}")
    everywhere = {"SYSTEM": "x", "ENVIRONMENT": "x", "ROLLOUT": "x", "LEVEL": "component"}
    assert cart["workload"]["env"] == {**everywhere, "OWN": "2"}
    assert cart["from_workload"]["env"] == {**everywhere, "OWN": "1"}
    assert cart["provenance"]["workload.env.SYSTEM"].startswith("system shop, defaults")
    assert cart["provenance"]["workload.env.LEVEL"].startswith("component cart")
    line = int(cart["provenance"]["workload.env.OWN"].split(":")[-2])
    assert (tmp_path / "manifests" / "all.yaml").read_text().splitlines()[line - 1].startswith("versions")


def test_a_version_replaces_command_and_directory(tmp_path: Path) -> None:
    """Of that version only; the workloads of all declared versions are there."""
    versions = "versions: {1.1.0: {workload: {command: [./new], directory: new}}, 0.9.0: {}}"
    cart = layered(tmp_path, {}, versions)
    assert cart["workload"]["command"] == ["./new"]
    assert cart["workload"]["directory"] == str(tmp_path / "manifests" / "new")
    assert cart["from_workload"]["command"] == ["./cart"]
    assert cart["workloads"]["1.1.0"] == cart["workload"]
    assert cart["workloads"]["1.0.0"] == cart["workloads"]["0.9.0"] == cart["from_workload"]


def test_a_new_component_has_no_workload_before(tmp_path: Path) -> None:
    """There is nothing to come from."""
    cart = layered(tmp_path, {}, change="{to: 1.1.0}")
    assert cart["from"] is None
    assert "from_workload" not in cart


def test_the_directory_is_the_folder_of_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Absolute, wherever the manifest was named from."""
    (tmp_path / "m").mkdir()
    change = "{to: 1, workload: {command: [./a], directory: ../b}}"
    text = f"kind: Rollout\nname: x\nenvironment: local\ncomponents: {{a: {change}}}\n"
    (tmp_path / "m" / "x.yaml").write_text(API + text)
    monkeypatch.chdir(tmp_path)
    resolved = resolve(load(["m/x.yaml"]).catalog, "x", "local")
    assert resolved.components["a"]["workload"]["directory"] == str(tmp_path / "b")
    assert resolved.source == "m/x.yaml:1:1"


def test_durations_are_seconds_and_everything_is_json(tmp_path: Path) -> None:
    """Numbers that remember their spelling in the manifest are plain ones here."""
    metric = "{name: up, scrape: {gauge: {gauge: up}}, interval: 500ms, count: 3, successCondition: {max: 1.50}}"
    gates = f"  gates: {{health: {{interval: 1m30s, json: {{field: x, equals: 1.0}}}}, metrics: [{metric}]}}"
    cart = layered(tmp_path, {"component": gates}, "expectedDuration: 2m")
    health, metrics = cart["gates"]["health"], cart["gates"]["metrics"]
    assert (health["interval"], metrics[0]["interval"], cart["expected_duration"]) == (90.0, 0.5, 120.0)
    numbers = (health["json_field"]["equals"], metrics[0]["success_condition"]["max"], metrics[0]["count"])
    assert [type(number) for number in numbers] == [float, float, int]
    assert json.loads(json.dumps(cart)) == cart


def test_without_any_setting_there_are_defaults(tmp_path: Path) -> None:
    """Rolling, no gates, ten seconds."""
    cart = layered(tmp_path, {})
    assert cart["strategy"] == {"type": "rolling", "max_unavailable": "0", "max_surge": "1"}
    assert cart["gates"] == {"health": None, "metrics": []}
    assert cart["expected_duration"] == 10.0
    assert cart["depends_on"] == []


EXTERNAL = f"""{API}kind: Environment
name: prod
target: {{kind: command, command: [./deploy], directory: bin, timeout: 2m}}
signals: {{prometheus: {{url: "https://prometheus.example"}}}}
limits: {{maxParallel: 3}}
---
{API}kind: Component
name: cart
owner: team
workload: {{kind: external, parameters: {{image: cart, size: 1}}, replicas: 4}}
versions: {{2: {{workload: {{parameters: {{size: 2}}}}}}}}
---
{API}kind: Rollout
name: spring
description: A change.
owner: releases
environments: [prod]
maxParallel: 5
onFailure: park
rollbackScope: batch
components:
  cart: {{from: 1, to: 2}}
  ads: {{from: 1, to: 2, dependsOn: [{{name: cart, required: false}}]}}
"""


def test_parameters_of_external_workloads_are_merged(tmp_path: Path) -> None:
    """Per version; a component without a workload gets one without parameters."""
    components = resolve(catalog(tmp_path, EXTERNAL), "spring", "prod").components
    assert components["cart"]["workload"]["parameters"] == {"image": "cart", "size": 2}
    assert components["cart"]["from_workload"]["parameters"] == {"image": "cart", "size": 1}
    assert components["ads"]["workload"] == {"kind": "external", "parameters": {}, "replicas": 1}
    assert components["ads"]["depends_on"] == [{"name": "cart", "required": False, "startup": False}]


def test_the_rollout_and_its_environment_are_resolved_too(tmp_path: Path) -> None:
    """The narrower limit counts, and the target's folder is absolute."""
    made = catalog(tmp_path, EXTERNAL)
    resolved = resolve(made, "spring", "prod")
    assert (resolved.owner, resolved.on_failure, resolved.rollback_scope) == ("releases", "park", "batch")
    assert resolved.max_parallel == 3
    assert resolved.target == resolve_target(made, "prod")
    assert resolved.target["directory"] == str(tmp_path / "manifests" / "bin")
    assert resolved.target["timeout"] == 120.0
    assert resolved.signals["prometheus"]["timeout"] == 10.0
    assert json.loads(json.dumps(resolved.to_dict())) == resolved.to_dict()


def test_unknown_names_are_key_errors(tmp_path: Path) -> None:
    """They are the caller's mistake."""
    made = catalog(tmp_path, EXTERNAL)
    for rollout, environment in (("nobody", "prod"), ("spring", "nowhere")):
        with pytest.raises(KeyError):
            resolve(made, rollout, environment)
