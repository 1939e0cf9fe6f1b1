"""``convoy plan``: what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from convoy.cli.plan import command

MANIFESTS = """\
apiVersion: convoy/v1
kind: Environment
name: prod
target: {kind: processes}
---
apiVersion: convoy/v1
kind: Environment
name: staging
target: {kind: processes}
---
apiVersion: convoy/v1
kind: Rollout
name: spring
environments: [prod, staging]
components:
  db: {to: 1.0.0, workload: {command: ["true"]}}
  api: {from: 1.0.0, to: 2.0.0, workload: {command: ["true"]}, dependsOn: [db]}
---
apiVersion: convoy/v1
kind: Rollout
name: clash
environment: prod
components:
  a: {from: 1.0.0, to: 2.0.0, workload: {command: ["true"]}, consumes: {nothing-api: ">=1"}}
  b: {from: 1.0.0, to: 2.0.0, workload: {command: ["true"]}, consumes: {no-api: ">=1"}}
"""


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(MANIFESTS, encoding="utf-8")
    return tmp_path


def run(manifests: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--manifests", str(manifests)])


def test_text_is_for_people(manifests: Path) -> None:
    """Batches with reasons, for the environment that was asked for."""
    result = run(manifests, "spring", "--environment", "prod")
    assert result.exit_code == 0, result.output
    assert "Rollout spring in prod: 2 components in 2 batches" in result.output
    assert "because db before api: api depends on db" in result.output
    assert "staging" not in result.output


def test_all_environments_are_shown_by_default(manifests: Path) -> None:
    """One plan each, in both formats."""
    text = run(manifests, "spring").output
    assert "spring in prod" in text
    assert "spring in staging" in text
    documents = json.loads(run(manifests, "spring", "--format", "json").output)
    assert [document["environment"] for document in documents] == ["prod", "staging"]


def test_json_is_for_programs(manifests: Path) -> None:
    """One object with the digest."""
    document = json.loads(run(manifests, "spring", "-e", "prod", "--format", "json").stdout)
    assert document["digest"].startswith("sha256:")
    assert [batch["name"] for batch in document["batches"]] == ["db", "api"]


def test_no_plan_is_exit_code_1_with_every_reason_and_its_place(manifests: Path) -> None:
    """Standard output stays empty, so that no program takes half a plan for one."""
    result = run(manifests, "clash")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "shop.yaml:25:" in result.stderr
    assert "shop.yaml:24:" in result.stderr
    assert "no component provides it" in result.stderr


def test_an_unknown_rollout_is_exit_code_1_with_close_names(manifests: Path) -> None:
    """A slip of the finger is answered with what was meant."""
    result = run(manifests, "sprng")
    assert result.exit_code == 1
    assert "did you mean spring?" in result.output


def test_an_environment_that_the_rollout_does_not_go_to_is_exit_code_1(manifests: Path) -> None:
    """Also if it exists."""
    result = run(manifests, "clash", "-e", "staging")
    assert result.exit_code == 1
    assert "clash does not go to 'staging'" in result.output


def test_a_rollout_with_broken_manifests_is_exit_code_1_with_their_errors(manifests: Path) -> None:
    """The plan is not guessed from what could be read."""
    (manifests / "shop.yaml").write_text(MANIFESTS.replace("dependsOn: [db]", "dependsOn: [bd]"), encoding="utf-8")
    result = run(manifests, "spring")
    assert result.exit_code == 1
    assert "shop.yaml:17:" in result.stderr


def test_the_plan_that_was_reviewed_is_exit_code_0_and_another_one_2(manifests: Path) -> None:
    """For CI: 0 fine, 2 changes, with what differs; 1 for a file that is no plan, or none of this rollout."""
    reviewed = manifests / "reviewed.json"
    reviewed.write_text(run(manifests, "spring", "--format", "json").output, encoding="utf-8")
    same = run(manifests, "spring", "--against", str(reviewed))
    assert same.exit_code == 0, same.output
    shop = manifests / "shop.yaml"
    shop.write_text(shop.read_text(encoding="utf-8").replace("to: 2.0.0, workload", "to: 2.1.0, workload"), "utf-8")
    other = run(manifests, "spring", "--environment", "prod", "--against", str(reviewed))
    assert other.exit_code == 2
    assert "2.1.0" in other.output
    reviewed.write_text("{}", encoding="utf-8")
    assert run(manifests, "spring", "--against", str(reviewed)).exit_code == 1


@pytest.mark.parametrize("form", ["mermaid", "dot", "svg", "markdown"])
def test_every_format_shows_the_batches(manifests: Path, form: str) -> None:
    """Pictures, and a review comment."""
    result = run(manifests, "spring", "--environment", "prod", "--format", form)
    assert result.exit_code == 0, result.output
    assert "api" in result.output
    assert "db" in result.output


WANTED = """\
apiVersion: convoy/v1
kind: Component
name: payment
workload: {command: ["true"]}
versions:
  1.0.0: {provides: {payment-api: 2}}
  2.0.0: {provides: {payment-api: 3}}
---
apiVersion: convoy/v1
kind: Component
name: checkout
workload: {command: ["true"]}
versions:
  1.0.0: {consumes: {payment-api: ">=2"}}
  2.0.0: {consumes: {payment-api: ">=3"}}
---
apiVersion: convoy/v1
kind: Environment
name: prod
target: {kind: processes}
versions: {payment: 1.0.0, checkout: 1.0.0}
"""


def test_a_wanted_version_gets_the_least_change_set_and_a_manifest(tmp_path: Path) -> None:
    """Why each change is needed, the plan, and a rollout that can be planned as it was written."""
    (tmp_path / "shop.yaml").write_text(WANTED, encoding="utf-8")
    result = run(tmp_path, "--want", "checkout=2.0.0", "--write", str(tmp_path / "spring.yaml"))
    assert result.exit_code == 0, result.output
    assert "checkout 2.0.0: 1 other component has to change" in result.output
    assert "checkout 2.0.0 needs payment-api >=3" in result.output
    again = run(tmp_path, "spring")
    assert again.exit_code == 0, again.output
    assert "2 components in 2 batches" in again.output


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--want", "checkout"], "write it like checkout=2.0.0"),
        (["--want", "chekout=2.0.0"], "did you mean checkout"),
        (["--want", "checkout=1.0.0"], "live already"),
        (["spring", "--want", "checkout=2.0.0"], "name a rollout, or say what you --want"),
        ([], "name a rollout, or say what you --want"),
        (["spring", "--write", "x.yaml"], "--write goes with --want"),
        (["--want", "checkout=2.0.0", "-e", "prd"], "did you mean prod"),
    ],
)
def test_what_cannot_be_wanted_is_said(tmp_path: Path, words: list[str], complaint: str) -> None:
    """And nothing is written."""
    (tmp_path / "shop.yaml").write_text(WANTED, encoding="utf-8")
    result = run(tmp_path, *words)
    assert result.exit_code != 0
    assert complaint in result.output
