"""The sealed record of a run: a folder that can be read with ``cat`` and checked without our software.

``record.json`` holds a summary and the events in order, each with the SHA-256 of itself and its predecessor (``seal``),
so that a line that was changed, dropped or moved breaks every seal after it. ``timeline.md`` tells the same to people.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

GENESIS = "0" * 64


def _digest(previous: str, event: Mapping[str, Any]) -> str:
    text = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256((previous + text).encode()).hexdigest()


def seal(events: Iterable[Mapping[str, Any]], start: str = GENESIS) -> list[dict[str, Any]]:
    """The events sorted by time, each with its ``seal``; ``start`` stands for what comes before the first."""
    sealed: list[dict[str, Any]] = []
    previous = start
    for event in sorted(events, key=lambda e: (e["time"], e["id"])):
        previous = _digest(previous, event)
        sealed.append({**event, "seal": previous})
    return sealed


def build(summary: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The content of ``record.json``: the summary of the run and its sealed events. The summary is sealed first."""
    head = {"format": 1, **summary}
    start = _digest(GENESIS, head)
    sealed = seal(events, start)
    return {**head, "events": sealed, "seal": sealed[-1]["seal"] if sealed else start}


def broken_at(record: Mapping[str, Any]) -> int | None:
    """The index of the first event of a record whose seal does not hold, or None where all do.

    A changed summary breaks the first event, and events missing at the end break the one that should follow."""
    head = {key: value for key, value in record.items() if key not in ("events", "seal")}
    previous = _digest(GENESIS, head)
    for index, event in enumerate(record["events"]):
        bare = {key: value for key, value in event.items() if key != "seal"}
        previous = _digest(previous, bare)
        if previous != event.get("seal"):
            return index
    return None if previous == record["seal"] else len(record["events"])


def timeline(record: Mapping[str, Any]) -> str:
    """``timeline.md``: the run for people."""
    lines = [
        f"# {record['dag_id']}: {record['outcome']}",
        "",
        f"Run `{record['run_id']}`, plan `{record['digest']}`, correlation `{record['correlation']}`.",
        "",
        record["message"],
        "",
        "| time (UTC) | subject | what happened |",
        "|---|---|---|",
    ]
    for event in record["events"]:
        clock = event["time"][11:23]
        text = event["data"]["message"].replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {clock} | {event['subject']} | {text} |")
    lines += ["", f"Seal of the last event: `{record['seal']}`", ""]
    return "\n".join(lines)
