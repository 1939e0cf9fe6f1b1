"""``convoy plan``: what a rollout would do, in which order, and why."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import click

from convoy.cli.places import manifests_folder


@click.command()
@click.argument("rollout")
@click.option("--environment", "-e", help="Which of the rollout's environments. Default: the only one, or all.")
@click.option(
    "--manifests", type=click.Path(exists=True, path_type=Path), help="Folder or file. Default: include/manifests."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
def command(rollout: str, environment: str | None, manifests: Path | None, form: str) -> None:
    """Show the plan of ROLLOUT: batches with the reason for every arc, critical path, and the way back.

    As JSON it is one object, with the plan's digest; an array of them where several environments are shown.
    Exit code 1 if there is no plan; every reason is on standard error, with file, line and column.
    """
    from convoy.manifest.catalog import load
    from convoy.manifest.diagnostics import did_you_mean
    from convoy.planning.inputs import PlanError, plan_rollout
    from convoy.planning.render import as_json, as_text

    loaded = load([manifests or manifests_folder()])
    known = {*loaded.catalog.rollouts, *loaded.broken}
    if rollout not in known:
        raise click.ClickException(f"no rollout {rollout!r}. {did_you_mean(rollout, known)}".rstrip())
    if rollout in loaded.broken:
        _refuse(loaded.broken[rollout])
    names = loaded.catalog.rollouts[rollout].environment_names
    if environment is not None and environment not in names:
        raise click.ClickException(
            f"{rollout} does not go to {environment!r}. {did_you_mean(environment, names)}".rstrip()
        )
    chosen = [environment] if environment else list(names)
    try:
        plans = [plan_rollout(loaded.catalog, rollout, name) for name in chosen]
    except PlanError as error:
        _refuse(error.diagnostics)
    if form == "text":
        click.echo("\n".join(as_text(plan) for plan in plans), nl=False)
    else:
        click.echo(as_json(plans[0]) if len(plans) == 1 else f"[{','.join(map(as_json, plans))}]\n", nl=False)


def _refuse(diagnostics: Iterable[object]) -> NoReturn:
    for diagnostic in diagnostics:
        click.echo(str(diagnostic), err=True)
    raise click.exceptions.Exit(1)
