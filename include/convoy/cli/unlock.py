"""``convoy unlock``: give back the locks of a run that is stuck, parked or gone."""

from __future__ import annotations

from pathlib import Path

import click

from convoy.cli.places import manifests_folder


@click.command()
@click.argument("environment")
@click.argument("holder", required=False)
@click.option("--manifests", type=click.Path(exists=True, path_type=Path), help="Default: include/manifests.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(environment: str, holder: str | None, manifests: Path | None, yes: bool) -> None:
    """Show the locks of ENVIRONMENT; with HOLDER, release that run's locks.

    A stuck or parked run keeps its locks so that nobody builds on an unknown state. Release them once you know
    what is live: nothing is changed by this, but the run can then neither go on nor roll back.
    """
    from convoy.manifest.catalog import load
    from convoy.manifest.resolve import resolve_target
    from convoy.targets import open_target
    from convoy.targets.base import TargetError

    catalog = load([manifests or manifests_folder()]).catalog
    if environment not in catalog.environments:
        raise click.UsageError(f"no environment {environment}; there are {', '.join(sorted(catalog.environments))}")
    target = open_target(resolve_target(catalog, environment), environment)
    try:
        locks = target.locks()
    except TargetError as error:
        raise click.ClickException(str(error)) from error
    if holder is None:
        for lock in locks:
            click.echo(f"{lock.holder}  {lock.epoch}  token {lock.token}  {', '.join(lock.components)}")
        if not locks:
            click.echo(f"nothing is locked in {environment}")
        return
    if all(lock.holder != holder for lock in locks):
        raise click.UsageError(f"{holder} holds no lock in {environment}")
    if not yes:
        click.confirm(f"Release the locks of {holder}? It can then neither go on nor roll back", abort=True)
    target.release(holder)
    click.echo(f"released the locks of {holder}")
