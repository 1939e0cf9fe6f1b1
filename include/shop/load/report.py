"""The report file: one JSON object per line, one line per second, and a summary as the last line.

Each line is written by a single call, so that a reader who comes in between finds whole lines only.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


class Report:
    """Appends lines to a file. ``kind`` is ``second`` or ``summary``."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)

    def write(self, kind: str, values: dict[str, Any]) -> None:
        """Append one line. Raises OSError, for example where the disk is full."""
        os.write(self._file, (json.dumps({"kind": kind, **values}) + "\n").encode())

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def read_report(path: Path) -> list[dict[str, Any]]:
    """All whole lines of a report, also of one that is still being written. Raises OSError, ValueError."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]


def read_summary(path: Path) -> dict[str, Any] | None:
    """The summary of a report; None as long as the load goes on (or where it was killed)."""
    if not path.exists():
        return None
    found = [line for line in read_report(path) if line["kind"] == "summary"]
    return found[-1] if found else None
