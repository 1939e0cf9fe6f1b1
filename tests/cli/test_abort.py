"""Which run ``convoy abort`` means."""

from __future__ import annotations

import click
import pytest

from convoy.cli.abort import _running, outcome_of
from convoy.cli.airflow_api import DagRun


def run(run_id: str, state: str) -> DagRun:
    """A run of one DAG."""
    return DagRun("rollout.shop.local", run_id, state, None, None, None)


def test_without_a_run_id_the_only_one_under_way_is_meant() -> None:
    """Queued counts as under way."""
    assert _running([run("b", "queued"), run("a", "success")], "d", None) == "b"


def test_several_under_way_have_to_be_told_apart() -> None:
    """The error names them; aborting the wrong one cannot be taken back."""
    with pytest.raises(click.UsageError, match="b, a"):
        _running([run("b", "running"), run("a", "running")], "d", None)


def test_nothing_under_way_is_an_error() -> None:
    """Also where old runs exist."""
    with pytest.raises(click.UsageError, match="no run of d is under way"):
        _running([run("a", "failed")], "d", None)


def test_a_run_that_has_ended_cannot_be_aborted() -> None:
    """Marking it failed would rewrite what happened."""
    with pytest.raises(click.UsageError, match="has ended already: success"):
        _running([run("a", "success")], "d", "a")


def test_a_run_without_outcome_has_none() -> None:
    """Its XCom is missing, or something else."""
    assert (outcome_of(None), outcome_of({"outcome": "Aborted"}), outcome_of("x")) == (None, "Aborted", None)
