"""``convoy import``: where manifests and the report go, exit codes, and that no file is overwritten unasked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from convoy.cli.import_ import command
from convoy.manifest.catalog import load

GOOD = "services:\n  web: {image: 'web:1.0.0', depends_on: [db]}\n  db: {image: 'db:2.0.0'}\n"
DANGLING = "services:\n  web: {image: 'web:1.0.0', depends_on: [gone]}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with one good compose file and one with a reference that leads nowhere."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "dangling.yaml").write_text(DANGLING)
    return tmp_path


def run(*arguments: str) -> Result:
    """The answer of the command."""
    return CliRunner().invoke(command, list(arguments))


def test_manifests_are_printed_and_the_report_goes_to_standard_error(folder: Path) -> None:
    """So that the output can be redirected into a file, which Convoy accepts."""
    result = run("compose", "good.yaml")
    assert result.exit_code == 0
    assert result.stdout.startswith("# yaml-language-server: $schema=include/schemas/convoy.schema.json\n")
    assert "2 components, 1 dependency: 0 errors, 0 warnings, 2 notes" in result.stderr
    assert "good.yaml:2:3: note: what web runs is not carried over" in result.stderr
    (folder / "out.yaml").write_text(result.stdout)
    loaded = load([folder / "out.yaml"])
    assert loaded.errors == ()
    assert [dependency.name for dependency in loaded.catalog.components["web"].depends_on] == ["db"]


def test_a_folder_gets_one_file_per_manifest(folder: Path) -> None:
    """Made if it is not there; the schema is found from it."""
    result = run("compose", "good.yaml", "--output", "new/manifests")
    assert (result.exit_code, result.stdout) == (0, "")
    assert sorted(path.name for path in (folder / "new" / "manifests").iterdir()) == ["db.yaml", "web.yaml"]
    first = (folder / "new" / "manifests" / "db.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../include/schemas/convoy.schema.json"
    assert "wrote 2 files in new/manifests" in result.stderr


def test_no_file_is_overwritten_unasked(folder: Path) -> None:
    """And then none is written at all; --force is asking."""
    (folder / "out").mkdir()
    (folder / "out" / "web.yaml").write_text("mine\n")
    result = run("compose", "good.yaml", "--output", "out")
    assert result.exit_code == 2
    assert "out/web.yaml would be overwritten" in result.stderr
    assert [path.name for path in (folder / "out").iterdir()] == ["web.yaml"]
    assert (folder / "out" / "web.yaml").read_text() == "mine\n"
    assert run("compose", "good.yaml", "--output", "out", "--force").exit_code == 0
    assert "name: web" in (folder / "out" / "web.yaml").read_text()


def test_a_file_is_no_folder_to_write_into(folder: Path) -> None:
    """It is said, not crashed on."""
    result = run("compose", "good.yaml", "--output", "good.yaml")
    assert (result.exit_code, "good.yaml is a file" in result.stderr) == (2, True)


def test_an_error_among_the_findings_is_exit_code_1(folder: Path) -> None:
    """What could be read is written all the same."""
    result = run("compose", "dangling.yaml", "--output", "out")
    assert result.exit_code == 1
    assert "dangling.yaml:2:42: error: web depends on gone" in result.stderr
    assert (folder / "out" / "web.yaml").exists()


def test_nothing_read_is_exit_code_1_and_nothing_written(folder: Path) -> None:
    """With the reason."""
    result = run("compose", "none.yaml", "--output", "out")
    assert result.exit_code == 1
    assert "none.yaml: error: cannot be read" in result.stderr
    assert not (folder / "out").exists()


def test_programs_get_json(folder: Path) -> None:
    """On standard output, alone: counts, documents, findings; also where nothing could be read."""
    data = json.loads(run("compose", "dangling.yaml", "--format", "json").stdout)
    assert data["counts"] == {"components": 1, "dependencies": 0, "error": 1, "warning": 0, "note": 1}
    assert [document["name"] for document in data["documents"]] == ["web"]
    assert {finding["code"] for finding in data["findings"]} == {"dangling-reference", "not-carried"}
    failed = run("compose", "none.yaml", "--format", "json")
    assert failed.exit_code == 1
    assert [finding["code"] for finding in json.loads(failed.stdout)["findings"]] == ["unreadable"]


def test_an_unknown_kind_is_a_usage_error_with_a_close_match(folder: Path) -> None:
    """Exit code 2, as for every mistake in the command itself."""
    result = run("kubernets", "good.yaml")
    assert (result.exit_code, "did you mean kubernetes?" in result.stderr) == (2, True)


def test_options_reach_the_importer(folder: Path) -> None:
    """Profiles and variables of compose files."""
    (folder / "more.yaml").write_text("services:\n  x: {image: 'x:$TAG', profiles: [p]}\n  y: {image: 'y:1.0.0'}\n")
    (folder / "vars").write_text("TAG=3.0.0\n")
    for option in (["--profile", "p"], ["--all-profiles"]):
        result = run("compose", "more.yaml", "--env-file", "vars", *option)
        assert "3.0.0" in result.stdout
    assert "3.0.0" not in run("compose", "more.yaml", "--env-file", "vars").stdout
