"""``convoy publish``: compile the manifests into the store that Airflow reads."""

from __future__ import annotations

from pathlib import Path

import click

from convoy.cli.places import dags_folder, manifests_folder, publications_folder


@click.command()
@click.option(
    "--manifests", type=click.Path(exists=True, path_type=Path), help="Folder or file. Default: include/manifests."
)
@click.option(
    "--store", type=click.Path(path_type=Path), help="Where versions go. Default: publications in the state folder."
)
@click.option("--forget", multiple=True, metavar="DAG_ID", help="Drop a retired rollout for good.")
def command(manifests: Path | None, store: Path | None, forget: tuple[str, ...]) -> None:
    """Compile manifests and publish a new version, if anything changed.

    With the embedded Airflow this happens by itself; use it where the published rollouts are kept in Git.
    Exit code 1 if a manifest has errors; what is without error is published all the same.
    """
    from convoy.airflow.publisher import publish

    found = publish(
        manifests or manifests_folder(), dags_folder(), store or publications_folder(), forget=frozenset(forget)
    )
    for error in found.errors:
        click.echo(error, err=True)
    for published in found.rollouts:
        click.echo(f"{published.dag_id}  {published.status}  {published.digest[:19]}")
    click.echo(f"version {found.version}" + ("" if found.changed else " (unchanged)"))
    if found.errors:
        raise click.exceptions.Exit(1)
