"""``convoy down``: stop what was started on this machine."""

from __future__ import annotations

import time

import click

from convoy.cli.places import home


@click.command()
@click.option("--purge", is_flag=True, help="Delete the data too: database, logs, records, published versions.")
@click.option("--keep-environments", is_flag=True, help="Let the processes run that rollouts have deployed.")
def command(purge: bool, keep_environments: bool) -> None:
    """Stop Airflow and the processes that rollouts deployed on this machine, and verify that they are gone.

    The data stays, and `convoy up` goes on with it, unless --purge is given.
    """
    from convoy.embedded import Embedded, EmbeddedError

    if purge and keep_environments:
        raise click.UsageError("--purge would delete the data of processes that --keep-environments keeps running")
    begin = time.monotonic()
    airflow = Embedded(home(), report=click.echo)
    try:
        ran = airflow.down(environments=not keep_environments, purge=purge)
    except EmbeddedError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"stopped after {time.monotonic() - begin:.1f} s; nothing is left" if ran else "nothing was running")
