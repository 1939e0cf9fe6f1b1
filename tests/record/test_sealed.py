"""The sealed record: whatever is changed after the fact breaks a seal."""

from __future__ import annotations

import pytest

from convoy.record.events import TYPES, Event
from convoy.record.sealed import GENESIS, broken_at, build, seal, timeline


def event(message: str, second: int) -> dict[str, object]:
    made = Event.now("gate.judged", message, source="/test", subject="checkout", correlation="c-1", verdict="Failed")
    return {**made.to_cloudevent(), "time": f"2026-03-01T12:00:{second:02d}.000+00:00"}


def test_an_untouched_record_holds() -> None:
    """Every seal of a record that was not touched holds."""
    assert broken_at(seal([event("a", 1), event("b", 2), event("c", 3)])) is None


@pytest.mark.parametrize("tamper", ["change", "drop", "swap"])
def test_a_record_that_was_tampered_with_breaks(tamper: str) -> None:
    """A changed, dropped or moved event breaks the seal at or after its place."""
    sealed = seal([event("a", 1), event("b", 2), event("c", 3)])
    if tamper == "change":
        sealed[1] = {**sealed[1], "subject": "payment"}
    elif tamper == "drop":
        del sealed[1]
    else:
        sealed[0], sealed[1] = sealed[1], sealed[0]
    assert broken_at(sealed) is not None


def test_events_are_sealed_in_the_order_in_which_they_happened() -> None:
    """Events of several tasks arrive in any order and are sorted by time."""
    sealed = seal([event("late", 9), event("early", 1)])
    assert [e["data"]["message"] for e in sealed] == ["early", "late"]


def test_an_empty_record_has_the_genesis_seal() -> None:
    """A run without events still has a valid record."""
    assert build({"dag_id": "x"}, [])["seal"] == GENESIS


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
