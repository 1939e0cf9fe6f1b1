"""``convoy demo``: a shop under load, a good rollout, and a bad one that is rolled back."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from types import FrameType
from typing import Any

import click

from convoy.cli.airflow_api import AirflowApi, ApiError
from convoy.cli.demo_load import Load, Phases
from convoy.cli.follow import follow
from convoy.cli.places import dags_folder, home, manifests_folder

ENVIRONMENT = "demo"
MOST_FAILED = 0.01
"""The share of requests that may fail outside the injected fault."""
STORIES = (
    ("shop-baseline", "Promoted", "1  Baseline: eleven components, from nothing to 1.0.0"),
    ("shop-upgrade", "Promoted", "2  A good rollout: nobody wrote down an order, the contracts give it"),
    ("shop-bad", "RolledBack", "3  A bad version: healthy by its own account, and failing its visitors"),
)


@click.command()
@click.option("--rate", type=float, default=20.0, show_default=True, help="Requests per second of the load.")
@click.option("--keep/--no-keep", default=None, help="Leave all of it running at the end. Default: on a terminal.")
def command(rate: float, keep: bool | None) -> None:
    """Run the demo: baseline, a good rollout, a bad one, under load all the while.

    Exit code 0 only if all three ended as they should. Ctrl-C stops everything; so does `make demo-down`.
    """
    from convoy.embedded import Embedded, EmbeddedError

    signal.signal(signal.SIGTERM, _interrupt)
    keep = sys.stdout.isatty() if keep is None else keep
    begin = time.monotonic()
    airflow = Embedded(
        home(),
        manifests=manifests_folder(),
        dags=dags_folder(),
        report=lambda text: click.echo(f"{time.monotonic() - begin:6.1f} s  {text}"),
    )
    ended_well = False
    try:
        _say("Airflow on this machine")
        airflow.up()
        _reset()
        ended_well = _play(rate)
    except (ApiError, EmbeddedError) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        keep = False
        click.echo("\nstopping everything")
        raise
    finally:
        if keep and ended_well:
            _say("All of it is still there")
            click.echo(f"  Airflow   {airflow.url}   user {airflow.user}, password {airflow.password}")
            click.echo("  look at   the DAG rollout.shop-bad.demo, its graph, and the log of `outcome`")
            click.echo("  record    convoy record rollout.shop-bad.demo")
            click.echo("  stop      make demo-down")
        else:
            airflow.down()
    if not ended_well:
        raise click.exceptions.Exit(1)


def _play(rate: float) -> bool:
    from convoy.cli.session import api_session

    results: list[tuple[str, str, str, float]] = []
    with api_session() as api, Load(home() / "demo", rate, ENVIRONMENT) as load:
        for name, expected, title in STORIES:
            _say(title)
            dag_id = f"rollout.{name}.{ENVIRONMENT}"
            _wait_for(api, dag_id)
            phases = Phases(load, name)
            began = time.monotonic()
            run_id = api.trigger(dag_id, {"reason": "demo"})
            outcome = follow(api, dag_id, run_id, on_view=phases.see)
            results.append((name, expected, outcome, time.monotonic() - began))
            load.phase(f"after {name}")
            if outcome != expected:
                break
            if name == "shop-baseline":
                load.start()
        summary = load.stop()
    _say("What happened")
    for name, expected, outcome, seconds in results:
        verdict = "as promised" if outcome == expected else f"PROMISED {expected}"
        click.echo(f"  {name:14} {outcome:12} {seconds:5.0f} s   {verdict}")
    if summary is None:
        click.echo("  the load has left no summary")
        return False
    calm = _print_summary(summary)
    return calm and len(results) == len(STORIES) and all(expected == outcome for _, expected, outcome, _ in results)


def _print_summary(summary: dict[str, Any]) -> bool:
    """Print requests and failures by phase; whether less than 1 % failed outside the injected fault."""
    phases: dict[str, dict[str, Any]] = summary["phases"]
    click.echo(f"\n  {'phase':28} {'requests':>9} {'failed':>7} {'share':>8}   p95")
    for phase, found in phases.items():
        requests, failed = found["requests"], found["failed"]
        share = f"{failed / requests:8.2%}" if requests else f"{'-':>8}"
        click.echo(f"  {phase:28} {requests:9} {failed:7} {share}   {found['p95']} s")
    good = [found for phase, found in phases.items() if not phase.startswith("fault")]
    requests = sum(found["requests"] for found in good)
    failed = sum(found["failed"] for found in good)
    if requests == 0:
        return False
    click.echo(f"\n  outside the injected fault: {failed} of {requests} requests failed ({failed / requests:.2%})")
    return bool(failed < requests * MOST_FAILED)


def _reset() -> None:
    """An environment of an earlier demo is taken away: the story begins with nothing."""
    from convoy.targets.processes.supervisord import stop

    root = home() / "environments" / ENVIRONMENT
    if root.exists():
        click.echo("          an earlier demo is cleared away")
        stop(ENVIRONMENT)
        shutil.rmtree(root)


def _wait_for(api: AirflowApi, dag_id: str, within: float = 60.0) -> None:
    deadline = time.monotonic() + within
    while dag_id not in api.dag_ids(tag="convoy"):
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"{dag_id} did not appear in Airflow within {within:g} s: convoy status says why"
            )
        time.sleep(0.5)


def _say(title: str) -> None:
    click.echo(f"\n{title}\n{'-' * len(title)}")


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End like on Ctrl-C, so that everything is stopped."""
    raise KeyboardInterrupt
