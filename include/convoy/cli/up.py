"""``convoy up``: Airflow on this machine."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from types import FrameType

import click

from convoy.cli.places import dags_folder, home, manifests_folder


@click.command()
@click.option("--manifests", type=click.Path(exists=True, path_type=Path), help="Default: include/manifests.")
@click.option("--env", "extra", multiple=True, metavar="NAME=VALUE", help="A variable for Airflow's processes.")
@click.option("--within", type=float, default=180.0, show_default=True, help="Seconds to wait for it to be healthy.")
def command(manifests: Path | None, extra: tuple[str, ...], within: float) -> None:
    """Start Airflow in $CONVOY_HOME (default .convoy), or use the one that runs there.

    It listens on this machine only. Ctrl-C while it starts leaves nothing running; `convoy down` stops it.
    """
    from convoy.embedded import Embedded, EmbeddedError
    from convoy.embedded.settings import ignored_settings

    signal.signal(signal.SIGTERM, _interrupt)
    begin = time.monotonic()
    if ignored_settings():
        click.echo(
            f"not used here: {', '.join(ignored_settings())} (set for another Airflow; --env overrides)", err=True
        )
    try:
        airflow = Embedded(
            home(),
            manifests=manifests or manifests_folder(),
            dags=dags_folder(),
            env=dict(_pair(text) for text in extra),
            report=lambda text: click.echo(f"{time.monotonic() - begin:5.1f} s  {text}"),
        )
        started = airflow.up(within=within)
    except EmbeddedError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Airflow {'is up' if started else 'was up'} after {time.monotonic() - begin:.1f} s")
    click.echo(f"  {airflow.url}   user {airflow.user}, password {airflow.password}")
    click.echo("  convoy status shows how it is, convoy down stops it")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{text!r}: write it like NAME=VALUE", param_hint="--env")
    return name, value


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End like on Ctrl-C, so that what was started is stopped again."""
    sys.exit(128 + number)
