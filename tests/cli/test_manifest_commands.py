"""convoy lint, schema and explain: what people and programs get to see of manifests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from convoy.cli.main import main

API = "apiVersion: convoy/v1\n"
GOOD = f"""{API}kind: Rollout
name: two-services
environment: local
components:
  words: {{to: 1.0.0, workload: {{command: [./words], env: {{LANG: C}}}}}}
  page: {{to: 1.0.0, dependsOn: [words], workload: {{command: [./page]}}, gates: {{health: {{interval: 500ms}}}}}}
"""
UNSAFE = f"""{API}kind: Rollout
name: unsafe
environment: local
components:
  page: {{from: 1, to: 2, workload: {{command: [./page]}}, consumes: {{words-api: ^2}}}}
  words: {{from: 1, to: 2, workload: {{command: [./words]}}, provides: {{words-api: 1}}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with nothing in it, as the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONVOY_MANIFESTS", raising=False)
    (tmp_path / "include" / "manifests").mkdir(parents=True)
    return tmp_path / "include" / "manifests"


def run(*arguments: str) -> Result:
    """The answer of a command."""
    return CliRunner().invoke(main, arguments)


def test_lint_is_content_with_good_manifests(folder: Path) -> None:
    """Exit code 0, and a line that says what was looked at."""
    (folder / "good.yaml").write_text(GOOD)
    found = run("lint")
    assert found.exit_code == 0
    assert found.output == "1 rollout, 0 component manifests: 0 errors, 0 warnings\n"


def test_lint_shows_every_error_with_its_place(folder: Path) -> None:
    """Exit code 1; places can be clicked from the working directory."""
    (folder / "a.yaml").write_text(GOOD.replace("local", "locl"))
    (folder / "b.yaml").write_text("x: [\n")
    found = run("lint")
    assert found.exit_code == 1
    assert (
        "include/manifests/a.yaml:4:14: error: unknown environment locl [unknown-reference]\n  hint: did"
        in found.output
    )
    assert "include/manifests/b.yaml:2:1: error:" in found.output
    assert "2 errors" in found.stderr


def test_lint_plans_what_has_no_errors(folder: Path) -> None:
    """A contract that cannot be kept is found before anybody starts anything."""
    (folder / "unsafe.yaml").write_text(UNSAFE)
    found = run("lint")
    assert found.exit_code == 1
    assert "words-api" in found.output
    assert "include/manifests/unsafe.yaml:6:68: error:" in found.output


def test_lint_does_not_plan_what_is_broken(folder: Path) -> None:
    """A plan of a part would be nonsense."""
    (folder / "unsafe.yaml").write_text(UNSAFE.replace("to: 2", "to: two", 1))
    found = run("lint", "--format", "json")
    assert [d["code"] for d in json.loads(found.stdout)["diagnostics"]] == ["bad-version"]


def test_a_warning_alone_is_no_failure(folder: Path) -> None:
    """The planner warns of a cycle of start order, and goes on."""
    (folder / "knot.yaml").write_text(GOOD.replace("words: {to: 1.0.0,", "words: {to: 1.0.0, dependsOn: [page],"))
    found = run("lint")
    assert found.exit_code == 0
    assert "include/manifests/knot.yaml:3:1: warning: two-services in local:" in found.output
    assert "0 errors, 1 warning" in found.output


def test_lint_answers_programs_in_json(folder: Path) -> None:
    """Diagnostics with their fields, rollouts, and which of them are broken."""
    (folder / "a.yaml").write_text(GOOD + "---\n" + UNSAFE.replace("to: 2", "to: two", 1))
    found = run("lint", "--format", "json")
    answer = json.loads(found.stdout)
    assert found.exit_code == 1
    assert answer["rollouts"] == ["two-services", "unsafe"]
    assert answer["broken"] == ["unsafe"]
    assert answer["diagnostics"][0] == {
        "file": "include/manifests/a.yaml",
        "line": 14,
        "column": 23,
        "severity": "error",
        "code": "bad-version",
        "message": "'two' is not a version (semver)",
        "hint": "write it like 1.4.2",
    }


def test_lint_takes_paths_and_the_environment_variable(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named files first, then $CONVOY_MANIFESTS, then the folder of the project."""
    (folder / "bad.yaml").write_text("x: [\n")
    good = tmp_path / "elsewhere" / "good.yaml"
    good.parent.mkdir()
    good.write_text(GOOD)
    assert run("lint", str(good)).exit_code == 0
    monkeypatch.setenv("CONVOY_MANIFESTS", str(good.parent))
    assert run("lint").exit_code == 0
    monkeypatch.setenv("CONVOY_MANIFESTS", str(folder))
    assert run("lint").exit_code == 1


def test_lint_of_nothing_is_an_error(folder: Path) -> None:
    """A path that does not exist is not a folder without mistakes."""
    found = run("lint", "nowhere")
    assert found.exit_code == 1
    assert "nowhere: error: no such file or folder [not-found]" in found.output


def test_schema_prints_the_json_schema() -> None:
    """For a pipe."""
    assert json.loads(run("schema").stdout)["title"] == "Convoy manifest"


def test_schema_writes_files(tmp_path: Path) -> None:
    """The schema for editors, and the reference for readers."""
    found = run("schema", "--out", str(tmp_path / "schemas"), "--docs", str(tmp_path / "docs"))
    assert found.exit_code == 0
    assert json.loads((tmp_path / "schemas" / "convoy.schema.json").read_text())["oneOf"]
    assert "| `components` |" in (tmp_path / "docs" / "rollout.md").read_text()


def test_explain_shows_values_with_their_origins(folder: Path) -> None:
    """In the spelling of manifests; what nobody said is built in."""
    (folder / "good.yaml").write_text(GOOD)
    found = run("explain", "two-services")
    assert found.exit_code == 0
    assert "component page: nothing -> 1.0.0" in found.output
    assert "  strategy:    # built-in" in found.output
    assert "maxSurge: 1" in found.output
    assert "interval: 500ms" in found.output
    assert "      LANG: C    # rollout two-services, component words (" in found.output


def test_explain_shows_one_component(folder: Path) -> None:
    """And nothing of the others."""
    (folder / "good.yaml").write_text(GOOD)
    answer = json.loads(run("explain", "two-services", "words", "--format", "json").stdout)
    assert list(answer["components"]) == ["words"]
    assert answer["components"]["words"]["provenance"]["workload"].startswith("rollout two-services")


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["two-servcies"], "no rollout is called 'two-servcies'. did you mean two-services?"),
        (["two-services", "pag"], "did you mean page?"),
        (["two-services", "-e", "prod"], "there are local"),
    ],
)
def test_explain_says_what_there_is_instead(folder: Path, arguments: list[str], answer: str) -> None:
    """An unknown name is an error with close matches."""
    (folder / "good.yaml").write_text(GOOD)
    found = run("explain", *arguments)
    assert found.exit_code == 1
    assert answer in found.output


def test_explain_of_a_broken_rollout_shows_why(folder: Path) -> None:
    """Its diagnostics, and no values that could be wrong."""
    (folder / "a.yaml").write_text(GOOD.replace("to: 1.0.0", "to: one", 1))
    found = run("explain", "two-services")
    assert found.exit_code == 1
    assert "[bad-version]" in found.stderr
    assert found.stdout == ""
