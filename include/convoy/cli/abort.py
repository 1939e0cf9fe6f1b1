"""``convoy abort``: halt a run and roll it back."""

from __future__ import annotations

import time
from typing import Any

import click

from convoy.cli.airflow_api import ApiError, DagRun
from convoy.cli.session import api_session

# Airflow takes no longer one.
LONGEST_NOTE = 1000


@click.command()
@click.argument("dag_id")
@click.argument("run_id", required=False)
@click.option("--reason", default="", help="Why; becomes the note of the run.")
@click.option("--wait/--no-wait", default=False, show_default=True, help="Stay until the rollback has ended.")
@click.option("--within", type=float, default=1800.0, show_default=True, help="Seconds to wait with --wait.")
def command(dag_id: str, run_id: str | None, reason: str, wait: bool, within: float) -> None:
    """Halt a run of DAG_ID (default: the one that runs) and roll back what it touched.

    With --wait the exit code is 0 if everything is back as it was before, else 1.
    """
    try:
        with api_session() as api:
            run_id = _running(api.runs(dag_id, limit=100), dag_id, run_id)
            api.mark_failed(dag_id, run_id, note=reason[:LONGEST_NOTE] or None)
            click.echo(f"aborting {dag_id}, run {run_id}: what it touched is rolled back")
            if not wait:
                return
            deadline = time.monotonic() + within
            while not api.run(dag_id, run_id).finished:
                if time.monotonic() > deadline:
                    raise click.ClickException(f"the rollback has not ended after {within:g} s; it goes on")
                time.sleep(1.0)
            outcome = outcome_of(api.xcom(dag_id, run_id, "outcome", "outcome"))
    except ApiError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{dag_id}: {outcome or 'ended without an outcome; see its log'}")
    if outcome not in ("Aborted", "RolledBack"):
        raise click.exceptions.Exit(1)


def outcome_of(xcom: Any) -> str | None:
    """What a run's last task says of it (Promoted, RolledBack, ...), from its XCom."""
    return str(xcom["outcome"]) if isinstance(xcom, dict) and "outcome" in xcom else None


def _running(runs: list[DagRun], dag_id: str, run_id: str | None) -> str:
    """The run that is meant; a click error if there is none, or if it has ended."""
    alive = [run.run_id for run in runs if not run.finished]
    if run_id is None:
        if len(alive) == 1:
            return alive[0]
        raise click.UsageError(f"name the run: {', '.join(alive)}" if alive else f"no run of {dag_id} is under way")
    ended = next((run for run in runs if run.run_id == run_id and run.finished), None)
    if ended is not None:
        raise click.UsageError(f"run {run_id} of {dag_id} has ended already: {ended.state}")
    return run_id
