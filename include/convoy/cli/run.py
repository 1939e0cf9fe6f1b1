"""``convoy run``: trigger a rollout, and follow it."""

from __future__ import annotations

import click

from convoy.cli.airflow_api import ApiError
from convoy.cli.follow import follow
from convoy.cli.session import api_session


@click.command()
@click.argument("dag_id")
@click.option("--reason", default="", help="Why now; goes into the record.")
@click.option("--dry-run", is_flag=True, help="Check everything, touch nothing.")
@click.option("--drill", metavar="TASK", help="Let this gate fail on purpose, for example checkout.ready.")
@click.option(
    "--set", "versions", multiple=True, metavar="COMPONENT=VERSION", help="Another proven version, or 'stay'."
)
@click.option("--follow/--no-follow", "watch", default=True, show_default=True, help="Stay until the run ends.")
def command(dag_id: str, reason: str, dry_run: bool, drill: str | None, versions: tuple[str, ...], watch: bool) -> None:
    """Trigger the rollout DAG_ID. Followed, the exit code is 0 only if everything was promoted."""
    conf: dict[str, object] = {"reason": reason, "dry_run": dry_run}
    if drill:
        conf["drill"] = drill
    chosen: dict[str, str] = {}
    for choice in versions:
        component, equals, version = choice.partition("=")
        if not equals or not version:
            raise click.BadParameter(f"{choice!r}: write it like checkout=1.2.0 or checkout=stay", param_hint="--set")
        chosen[component] = version
    if chosen:
        conf["versions"] = chosen
    try:
        with api_session() as api:
            run_id = api.trigger(dag_id, conf)
            click.echo(f"triggered {dag_id}, run {run_id}")
            if watch and follow(api, dag_id, run_id) != "Promoted":
                raise click.exceptions.Exit(1)
    except ApiError as error:
        raise click.ClickException(str(error)) from error
