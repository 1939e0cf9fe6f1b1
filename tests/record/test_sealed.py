"""The sealed record: whatever is changed after the fact breaks a seal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from convoy.record.events import TYPES, Event
from convoy.record.sealed import broken_at, build, seal, timeline


def event(message: str, second: int) -> dict[str, object]:
    made = Event.now("gate.judged", message, source="/test", subject="checkout", correlation="c-1", verdict="Failed")
    return {**made.to_cloudevent(), "time": f"2026-03-01T12:00:{second:02d}.000+00:00"}


SUMMARY = {"dag_id": "rollout.a.b", "outcome": "Promoted"}


def record() -> dict[str, Any]:
    return build(SUMMARY, [event("a", 1), event("b", 2), event("c", 3)])


def test_an_untouched_record_holds() -> None:
    """Every seal of a record that was not touched holds, also after a way through JSON."""
    assert broken_at(json.loads(json.dumps(record()))) is None


@pytest.mark.parametrize("tamper", ["change", "drop", "drop the last", "swap", "change the summary"])
def test_a_record_that_was_tampered_with_breaks(tamper: str) -> None:
    """A changed, dropped or moved event breaks a seal, and so does a changed summary."""
    made = record()
    events = made["events"]
    if tamper == "change":
        events[1] = {**events[1], "subject": "payment"}
    elif tamper == "drop":
        del events[1]
    elif tamper == "drop the last":
        del events[2]
    elif tamper == "swap":
        events[0], events[1] = events[1], events[0]
    else:
        made["outcome"] = "RolledBack"
    assert broken_at(made) is not None


def test_events_are_sealed_in_the_order_in_which_they_happened() -> None:
    """Events of several tasks arrive in any order and are sorted by time."""
    sealed = seal([event("late", 9), event("early", 1)])
    assert [e["data"]["message"] for e in sealed] == ["early", "late"]


def test_a_record_without_events_still_seals_its_summary() -> None:
    """A run that left no event has a valid record all the same."""
    empty = build(SUMMARY, [])
    assert broken_at(empty) is None
    assert broken_at({**empty, "outcome": "RolledBack"}) == 0


def test_the_timeline_tells_every_event_and_escapes_the_table() -> None:
    """Nothing in a message can break the Markdown table, and no event is left out."""
    summary = {
        "dag_id": "rollout.a.b",
        "run_id": "r",
        "outcome": "RolledBack",
        "message": "because",
        "digest": "sha256:0",
        "correlation": "c-1",
    }
    text = timeline(build(summary, [event("a | b\nc", 1), event("d", 2)]))
    assert "a \\| b c" in text
    assert len([line for line in text.splitlines() if "| checkout |" in line]) == 2


def test_an_event_survives_the_way_through_a_cloudevent() -> None:
    """An event that is read back is the event that was written."""
    made = Event.now("service.upgraded", "m", source="/s", subject="x", correlation="c", version="2.0.0")
    assert Event.from_cloudevent(made.to_cloudevent()) == made


def test_there_are_no_events_outside_the_closed_list() -> None:
    """An unknown event is refused, so that readers can rely on the list."""
    with pytest.raises(ValueError, match=r"unknown event 'service\.exploded'"):
        Event.now("service.exploded", "m", source="/s", subject="x", correlation="c")


def test_every_type_is_a_cdevents_type_or_a_custom_one_of_ours() -> None:
    """Consumers can route on the type."""
    assert all(t.startswith(("dev.cdevents.", "dev.cdeventsx.convoy-")) for t in TYPES.values())
