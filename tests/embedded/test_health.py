"""What the health answer of Airflow means."""

from __future__ import annotations

from convoy.embedded.health import Health, ask


def test_no_answer_means_nothing_is_known() -> None:
    """An unreachable API is never healthy."""
    found = ask("http://127.0.0.1:9", timeout=1)
    assert not found.healthy
    assert found.components["api-server"].startswith("no answer")
    assert found.components["triggerer"] == "unknown"


def test_a_heartbeat_from_before_the_start_does_not_count() -> None:
    """Right after a restart the database still has the heartbeats of the run before."""
    found = Health({"api-server": "healthy", "scheduler": "healthy"}, {"scheduler": 100.0})
    assert found.waiting_for(since=50.0) == []
    assert found.waiting_for(since=150.0) == ["scheduler"]
