"""``convoy diff``: what it compares, and its exit codes: 0 the same, 2 different, 1 wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from convoy.cli.diff import command
from convoy.planning.inputs import plan_rollout
from convoy.planning.render import as_json

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
  db: {from: 1.0.0, to: 2.0.0, workload: {command: ["true"]}}
  api: {from: 1.0.0, to: 2.0.0, workload: {command: ["true"]}, dependsOn: [db]}
---
apiVersion: convoy/v1
kind: Rollout
name: summer
environment: prod
components:
  web: {from: 1.0.0, to: 2.0.0, workload: {command: ["true"]}}
"""
SUMMER = MANIFESTS.index("---\napiVersion: convoy/v1\nkind: Rollout\nname: summer")


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders with the same manifests."""
    folders = tmp_path / "old", tmp_path / "new"
    for folder in folders:
        folder.mkdir()
        (folder / "shop.yaml").write_text(MANIFESTS, encoding="utf-8")
    return folders


def change(folder: Path, before: str, after: str) -> None:
    assert before in MANIFESTS
    (folder / "shop.yaml").write_text(MANIFESTS.replace(before, after), encoding="utf-8")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, list(map(str, arguments)))


def test_the_same_is_exit_code_0(sides: tuple[Path, Path]) -> None:
    """Every rollout in every environment was compared."""
    result = run(*sides)
    assert result.exit_code == 0, result.output
    assert result.output.count("no difference") == 3


def test_a_difference_is_exit_code_2(sides: tuple[Path, Path]) -> None:
    """It is shown for each environment."""
    change(sides[1], ", dependsOn: [db]", "")
    result = run(*sides, "spring")
    assert result.exit_code == 2
    assert result.output.count("- api: waits for db") == 2
    assert "because db before api: api depends on db" in result.output
    assert "summer" not in result.output


def test_one_environment_can_be_chosen(sides: tuple[Path, Path]) -> None:
    """Of one rollout, or of all."""
    change(sides[1], "api: {from: 1.0.0, to: 2.0.0", "api: {from: 1.0.0, to: 2.1.0")
    result = run(*sides, "-e", "staging")
    assert result.exit_code == 2
    assert "spring in staging" in result.output
    assert "prod" not in result.output


def test_rollouts_that_come_and_go_are_differences(sides: tuple[Path, Path]) -> None:
    """By name and environment."""
    (sides[1] / "shop.yaml").write_text(MANIFESTS[:SUMMER], encoding="utf-8")
    gone, added = run(*sides), run(*reversed(sides))
    assert (gone.exit_code, added.exit_code) == (2, 2)
    assert "Rollout summer in prod: removed" in gone.output
    assert "Rollout summer in prod: added" in added.output


def test_what_cannot_be_planned_is_exit_code_1_and_the_rest_is_compared(sides: tuple[Path, Path]) -> None:
    """With the reasons and their places on standard error; not a word of it being removed."""
    change(sides[1], "dependsOn: [db]", "consumes: {no-api: 1}")
    result = run(*sides)
    assert result.exit_code == 1
    assert "no plan for spring in prod" in result.stderr
    assert "shop.yaml:17:" in result.stderr
    assert "summer in prod: no difference" in result.stdout
    assert "spring" not in result.stdout


def test_a_broken_manifest_is_exit_code_1(sides: tuple[Path, Path]) -> None:
    """Its rollout was not removed: it cannot be read."""
    change(sides[1], "dependsOn: [db]", "dependsOn: [bd]")
    result = run(*sides)
    assert result.exit_code == 1
    assert "shop.yaml:17:" in result.stderr
    assert "removed" not in result.output


def test_a_file_that_could_hide_a_rollout_is_exit_code_1(sides: tuple[Path, Path]) -> None:
    """Where YAML itself is broken, nobody knows what is gone; unless another rollout was asked for."""
    (sides[1] / "more.yaml").write_text("x: [\n", encoding="utf-8")
    assert run(*sides).exit_code == 1
    assert "more.yaml:2:1" in run(*sides).stderr
    assert run(*sides, "spring").exit_code == 0


def test_a_plan_file_can_be_one_side(sides: tuple[Path, Path], tmp_path: Path) -> None:
    """As `convoy plan --format json` writes it, one plan or an array of them."""
    from convoy.manifest.catalog import load

    catalog = load([sides[0]]).catalog
    plans = [as_json(plan_rollout(catalog, "spring", name)) for name in ("prod", "staging")]
    one, both = tmp_path / "one.json", tmp_path / "both.json"
    one.write_text(plans[0], encoding="utf-8")
    both.write_text(f"[{','.join(plans)}]", encoding="utf-8")
    assert run(one, sides[1], "spring", "-e", "prod").exit_code == 0
    assert run(both, sides[1], "spring").exit_code == 0
    assert run(one, sides[1], "spring").exit_code == 2
    change(sides[1], ", dependsOn: [db]", "")
    assert run(both, sides[1], "spring").exit_code == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("[1]", "not a plan; write it with"),
        ("{}", "not a plan, 'batches' is missing"),
        ('{"batches": 5}', "not a plan of this version of Convoy"),
        ("[]", "no rollout 'spring'"),
    ],
)
def test_a_file_that_is_no_plan_is_exit_code_1(
    sides: tuple[Path, Path], tmp_path: Path, text: str, message: str
) -> None:
    """And is told what a plan file is."""
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="utf-8")
    result = run(file, file, "spring")
    assert result.exit_code == 1
    assert message in result.stderr


def test_a_plan_file_that_was_changed_is_exit_code_1(sides: tuple[Path, Path], tmp_path: Path) -> None:
    """The digest gives it away."""
    from convoy.manifest.catalog import load

    document = json.loads(as_json(plan_rollout(load([sides[0]]).catalog, "summer", "prod")))
    document["batches"][0]["on_failure"] = "park"
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    result = run(file, sides[1], "summer")
    assert result.exit_code == 1
    assert "it was changed" in result.stderr


def test_everything_wrong_with_both_sides_is_told(tmp_path: Path) -> None:
    """Not only the first."""
    result = run(tmp_path / "a", tmp_path / "b")
    assert result.exit_code == 1
    assert result.stderr.count("no such file or folder") == 2


def test_unknown_names_are_exit_code_1_with_close_ones(sides: tuple[Path, Path]) -> None:
    """Nothing to compare is not the same as no difference."""
    assert "did you mean spring?" in run(*sides, "sprng").stderr
    assert "did you mean staging?" in run(*sides, "spring", "-e", "stagin").stderr
    assert "summer goes to staging on neither side" in run(*sides, "summer", "-e", "staging").stderr
    assert {run(*sides, "sprng").exit_code, run(*sides, "summer", "-e", "staging").exit_code} == {1}


def test_no_rollout_at_all_is_exit_code_1(tmp_path: Path) -> None:
    """An empty folder is a slip of the finger."""
    result = run(tmp_path, tmp_path)
    assert result.exit_code == 1
    assert "there is no rollout on either side" in result.stderr


def test_json_is_for_programs(sides: tuple[Path, Path]) -> None:
    """Added, removed, unplannable, compared."""
    change(sides[1], "name: summer", "name: autumn")
    document = json.loads(run(*sides, "--format", "json").stdout)
    assert document["added"] == [{"rollout": "autumn", "environment": "prod"}]
    assert document["removed"] == [{"rollout": "summer", "environment": "prod"}]
    assert document["unplannable"] == []
    assert [one["same"] for one in document["compared"]] == [True, True]


def test_markdown_is_for_reviews(sides: tuple[Path, Path]) -> None:
    """One heading for each rollout."""
    change(
        sides[1], 'to: 2.0.0, workload: {command: ["true"]}}\n  api', 'to: 3.0.0, workload: {command: ["true"]}}\n  api'
    )
    result = run(*sides, "spring", "-e", "prod", "--format", "markdown")
    assert result.exit_code == 2
    assert result.output.startswith("### Rollout spring in prod: ")
    assert "| `~` | db | 1.0.0 -&gt; 2.0.0 | 1.0.0 -&gt; 3.0.0 |" in result.output
