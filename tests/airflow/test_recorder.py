"""The record of a run: where it goes, that it is never overwritten, and what a full disk means."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from convoy.airflow.recorder import RecordNotWritten, write_record
from convoy.record.events import Event
from convoy.record.sealed import broken_at

SUMMARY = {
    "dag_id": "rollout.shop.local",
    "run_id": "manual__2026-03-01T12:00:00+00:00",
    "outcome": "Promoted",
    "message": "every change was promoted",
    "digest": "sha256:0",
    "correlation": "c-1",
}


def events() -> list[dict[str, object]]:
    made = Event.now("run.finished", "Promoted", source="/s", subject="rollout.shop.local", correlation="c-1")
    return [made.to_cloudevent()]


def test_a_record_is_a_folder_that_one_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON whose seals hold, and a timeline."""
    monkeypatch.setenv("CONVOY_RECORDS", f"file://{tmp_path}")
    write_record(SUMMARY, events())
    (folder,) = (tmp_path / "rollout.shop.local").iterdir()
    record = json.loads((folder / "record.json").read_text())
    assert broken_at(record) is None
    assert "Promoted" in (folder / "timeline.md").read_text()


def test_a_record_is_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second conclusion of the same run goes beside the first."""
    monkeypatch.setenv("CONVOY_RECORDS", f"file://{tmp_path}")
    write_record(SUMMARY, events())
    write_record({**SUMMARY, "outcome": "RolledBack"}, events())
    outcomes = {
        json.loads(path.read_text())["outcome"] for path in (tmp_path / "rollout.shop.local").glob("*/record.json")
    }
    assert outcomes == {"Promoted", "RolledBack"}


def test_a_storage_that_refuses_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the storage raises, the outcome sees RecordNotWritten and can go on without it."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CONVOY_RECORDS", f"file://{tmp_path}/file/records")
    with pytest.raises(RecordNotWritten):
        write_record(SUMMARY, events())


def test_records_go_to_the_state_folder_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has to be configured."""
    monkeypatch.delenv("CONVOY_RECORDS", raising=False)
    monkeypatch.setenv("CONVOY_HOME", str(tmp_path))
    write_record(SUMMARY, events())
    assert list((tmp_path / "records" / "rollout.shop.local").glob("*/record.json"))
