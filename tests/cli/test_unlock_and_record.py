"""``convoy unlock`` and ``convoy record``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from convoy.airflow.recorder import write_record
from convoy.cli.record import command as record
from convoy.cli.unlock import command as unlock
from convoy.record.events import Event
from convoy.targets.processes.target import ProcessesTarget

SUMMARY = {
    "dag_id": "rollout.shop.local",
    "run_id": "run-1",
    "outcome": "RolledBack",
    "message": "because",
    "digest": "sha256:0",
    "correlation": "c-1",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder, and manifests without any environment but the built-in one."""
    monkeypatch.setenv("CONVOY_HOME", str(tmp_path))
    (tmp_path / "manifests").mkdir()
    monkeypatch.setenv("CONVOY_MANIFESTS", str(tmp_path / "manifests"))
    return tmp_path


def test_unlock_shows_locks_and_releases_only_after_a_question(home: Path) -> None:
    """Nothing is released by looking, nor by answering no."""
    ProcessesTarget("local").acquire(["web"], "rollout.a.local/run")
    assert "rollout.a.local/run  forward" in CliRunner().invoke(unlock, ["local"]).output
    assert CliRunner().invoke(unlock, ["local", "rollout.a.local/run"], input="n\n").exit_code == 1
    assert len(ProcessesTarget("local").locks()) == 1
    assert CliRunner().invoke(unlock, ["local", "rollout.a.local/run"], input="y\n").exit_code == 0
    assert "nothing is locked" in CliRunner().invoke(unlock, ["local"]).output


@pytest.mark.parametrize("words", [["nowhere"], ["local", "rollout.b.local/run"]])
def test_unlock_says_what_is_unknown(home: Path, words: list[str]) -> None:
    """An unknown environment or holder is a usage error that names it."""
    result = CliRunner().invoke(unlock, words)
    assert result.exit_code == 2
    assert words[-1] in result.output


def test_record_shows_the_newest_and_finds_a_broken_seal(home: Path) -> None:
    """A record that was changed afterwards is shown, and called broken."""
    event = Event.now("run.finished", "it went back", source="/s", subject="x", correlation="c-1")
    write_record(SUMMARY, [event.to_cloudevent()])
    result = CliRunner().invoke(record, ["rollout.shop.local"])
    assert result.exit_code == 0
    assert "it went back" in result.output
    assert "All 1 seals hold" in result.output
    path = home / "records" / "rollout.shop.local" / "run-1" / "record.json"
    document = json.loads(path.read_text())
    document["events"][0]["subject"] = "y"
    path.write_text(json.dumps(document))
    result = CliRunner().invoke(record, ["rollout.shop.local", "run-1"])
    assert result.exit_code == 1
    assert "BROKEN SEAL" in result.output


def test_record_says_where_it_looked(home: Path) -> None:
    """No record is a usage error with the folder."""
    result = CliRunner().invoke(record, ["rollout.none.local"])
    assert result.exit_code == 2
    assert "records" in result.output
