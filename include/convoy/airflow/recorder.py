"""Writes the sealed record of a run to Airflow object storage: a folder by default, a bucket in production."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from convoy.airflow.audit import Audit
from convoy.record.sealed import build, timeline

RECORDS_VARIABLE = "CONVOY_RECORDS"


class RecordNotWritten(RuntimeError):
    """The storage refused: full, forbidden or not there."""


def records_base() -> str:
    """Where records go: ``$CONVOY_RECORDS`` (an object storage URL), else ``records`` in Convoy's state folder."""
    given = os.environ.get(RECORDS_VARIABLE)
    if given:
        return given.rstrip("/")
    home = Path(os.environ.get("CONVOY_HOME", ".convoy")).resolve()
    return f"file://{home}/records"


def folder_of(run_id: str) -> str:
    """The name of a run's folder: its id, with every character that is awkward in a path replaced."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", run_id)


def write_record(summary: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> str:
    """Write ``record.json`` and ``timeline.md`` into a folder per run, and return the folder's address.

    A record is never overwritten: a second conclusion of the same run goes beside the first.
    Raises RecordNotWritten."""
    from airflow.sdk import ObjectStoragePath

    record = build(summary, events)
    run = folder_of(summary["run_id"])
    try:
        folder = ObjectStoragePath(f"{records_base()}/{summary['dag_id']}/{run}")
        attempt = 2
        while (folder / "record.json").exists():
            folder = folder.parent / f"{run}.{attempt}"
            attempt += 1
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "record.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
        (folder / "timeline.md").write_text(timeline(record))
    except Exception as error:
        # Every storage has exceptions of its own; whatever they are, the rollout's outcome must not depend on them.
        raise RecordNotWritten(f"{type(error).__name__}: {error}") from error
    return str(folder)


def keep_record(audit: Audit, summary: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> None:
    """Write the record of a run. A storage that refuses is said loudly, and changes nothing else."""
    try:
        where = write_record(summary, events)
    except RecordNotWritten as error:
        audit.emit(
            "record.failed",
            f"THE RECORD COULD NOT BE WRITTEN: {error}. Every event of this run is in the logs of its tasks",
            subject=summary["dag_id"],
            level="error",
        )
        return
    audit.emit_line(f"the record of this run is in {where}")
