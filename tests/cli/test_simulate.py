"""``convoy simulate``: what it shows, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from convoy.cli.simulate import command

MANIFESTS = """\
apiVersion: convoy/v1
kind: Rollout
name: spring
environments: [local, production]
components:
  db: {from: 1.0.0, to: 2.0.0}
  api: {from: 1.0.0, to: 2.0.0}
---
apiVersion: convoy/v1
kind: Component
name: db
expectedDuration: 1m
workload: {command: ["true"]}
---
apiVersion: convoy/v1
kind: Component
name: api
expectedDuration: 2m
dependsOn: [db]
workload: {command: ["true"]}
---
apiVersion: convoy/v1
kind: Environment
name: production
target: {kind: processes}
---
apiVersion: convoy/v1
kind: Rollout
name: clash
environment: local
components:
  a: {from: 1.0.0, to: 2.0.0, workload: {command: ["true"]}, consumes: {nothing-api: ">=1"}}
"""


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(MANIFESTS, encoding="utf-8")
    return tmp_path


def run(manifests: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--manifests", str(manifests)])


def test_a_rollout_is_played_once_without_faults(manifests: Path) -> None:
    """In every environment that it goes to, unless one is named."""
    both = run(manifests, "spring")
    assert both.exit_code == 0, both.output
    assert "Rollout spring in local: Promoted after 3m" in both.output
    assert "Rollout spring in production: Promoted after 3m" in both.output
    assert "production" not in run(manifests, "spring", "-e", "local").output


def test_a_scripted_failure_is_rolled_back_and_still_exit_code_0(manifests: Path) -> None:
    """The answer is right, whatever the outcome of what was simulated."""
    result = run(manifests, "spring", "-e", "local", "--fail", "api@30s", "--undo", "10s")
    assert result.exit_code == 0, result.output
    assert "RolledBack after" in result.output
    assert "1m50s  db is back" in result.output


def test_thousands_of_runs_are_a_distribution(manifests: Path) -> None:
    """The same for the same seed."""
    arguments = [
        "spring",
        "-e",
        "local",
        "--runs",
        "500",
        "--fault-rate",
        "20%",
        "--detection",
        "70%",
        "--jitter",
        "10%",
    ]
    first, second = run(manifests, *arguments), run(manifests, *arguments)
    assert first.exit_code == 0, first.output
    assert first.output == second.output
    assert "damage before it was caught" in first.output
    assert run(manifests, *arguments, "--seed", "1").output != first.output


def test_a_single_run_of_many_can_be_shown(manifests: Path) -> None:
    """By its number."""
    chance = ["spring", "-e", "local", "--fault-rate", "50%", "--seed", "3"]
    many = json.loads(run(manifests, *chance, "--runs", "50", "--format", "json").output)
    one = json.loads(run(manifests, *chance, "--run", str(many["worst"]), "--format", "json").output)
    assert one["damage_weight_seconds"] == many["damage"]["most"]


def test_json_is_an_object_or_an_array(manifests: Path) -> None:
    """Like that of `convoy plan`."""
    assert (
        json.loads(run(manifests, "spring", "-e", "production", "--format", "json").output)["environment"]
        == "production"
    )
    both = json.loads(run(manifests, "spring", "--format", "json").output)
    assert [one["environment"] for one in both] == ["local", "production"]


def test_everything_wrong_with_a_scenario_is_told(manifests: Path) -> None:
    """Exit code 1."""
    result = run(manifests, "spring", "--fail", "apu", "--hang", "db@5s", "--fail", "db@1h", "--jitter", "900%")
    assert result.exit_code == 1
    assert "--fail 'apu': the plan has no component or batch 'apu'" in result.stderr
    assert "--hang 'db@5s': what hangs ends at its deadline" in result.stderr
    assert "--fail 'db@1h': batch db takes" in result.stderr
    assert "jitter is between 0 and 3" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fault-rate", "5"], "not a percentage: '5'"),
        (["--undo", "soon"], "not a duration: 'soon'"),
        (["--runs", "0"], "0 is not in the range"),
        (["--runs", "5", "--run", "2"], "give one of the two"),
        (["--detection", "101%"], "detection is a chance between 0 and 1"),
    ],
)
def test_wrong_options_are_refused(manifests: Path, arguments: list[str], message: str) -> None:
    """With what to write instead; never with a default in their place."""
    result = run(manifests, "spring", *arguments)
    assert result.exit_code != 0
    assert message in result.stderr


def test_no_plan_is_exit_code_1_with_the_reasons(manifests: Path) -> None:
    """Nothing is simulated that could not be run."""
    result = run(manifests, "clash")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "shop.yaml:32:" in result.stderr


def test_unknown_names_are_exit_code_1_with_close_ones(manifests: Path) -> None:
    """Of rollouts and environments."""
    assert "did you mean spring?" in run(manifests, "sprng").stderr
    result = run(manifests, "spring", "-e", "prodction")
    assert (result.exit_code, "did you mean production?" in result.stderr) == (1, True)
