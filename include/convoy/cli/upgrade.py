"""``convoy upgrade``: the hops that lead to versions which one rollout cannot reach."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from convoy.cli.places import home, manifests_folder, near

if TYPE_CHECKING:
    from convoy.manifest.catalog import Catalog
    from convoy.planning.upgrade import Upgrade


@click.command()
@click.argument("rollout")
@click.option("--environment", "-e", help="Which of the rollout's environments; needed where there are several.")
@click.option(
    "--manifests", type=click.Path(exists=True, path_type=Path), help="Folder or file. Default: include/manifests."
)
@click.option(
    "--to",
    "targets",
    multiple=True,
    metavar="[COMPONENT=]VERSION",
    help="Another target than the rollout's, for one component or for all that have declared it. May be repeated.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
@click.option("--write", type=click.Path(file_okay=False, path_type=Path), help="Write the hops there, as manifests.")
@click.option(
    "--budget", type=click.IntRange(min=1), help="How many states to look at before giving up. Default: 200000."
)
def command(
    rollout: str,
    environment: str | None,
    manifests: Path | None,
    targets: tuple[str, ...],
    form: str,
    write: Path | None,
    budget: int | None,
) -> None:
    """Find the way to ROLLOUT's targets: one hop if a plan can be proven, else hops over versions in between.

    Every hop is a plan like any other, with its batches, reasons and certificate. Exit code 1 if there is no way, with
    the smallest set of requirements that contradict each other; also if the search gave up, and for wrong input.
    """
    from convoy.cli.plan import refuse
    from convoy.manifest.catalog import load
    from convoy.manifest.diagnostics import did_you_mean
    from convoy.planning.inputs import PlanError, contracts_for
    from convoy.planning.upgrade import BUDGET, Upgrade, find_upgrade
    from convoy.planning.upgrade.render import as_json, as_text
    from convoy.planning.upgrade.targets import toward

    loaded = load([manifests or near(manifests_folder())])
    known = {*loaded.catalog.rollouts, *loaded.broken}
    if rollout not in known:
        raise click.ClickException(f"no rollout {rollout!r}. {did_you_mean(rollout, known)}".rstrip())
    if rollout in loaded.broken:
        refuse(loaded.broken[rollout])
    place = _place(loaded.catalog, rollout, environment)
    try:
        contracts = toward(contracts_for(loaded.catalog, rollout, place), targets)
        outcome = find_upgrade(contracts, budget or BUDGET)
    except PlanError as error:
        refuse(error.diagnostics)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    found = isinstance(outcome, Upgrade)
    click.echo(as_json(outcome) if form == "json" else as_text(outcome), nl=False, err=not found and form == "text")
    if not isinstance(outcome, Upgrade):
        raise click.exceptions.Exit(1)
    if write is not None:
        _write(loaded.catalog, rollout, outcome, write)


def _place(catalog: Catalog, rollout: str, environment: str | None) -> str:
    from convoy.manifest.diagnostics import did_you_mean

    names = catalog.rollouts[rollout].environment_names
    if environment is None and len(names) > 1:
        raise click.UsageError(f"{rollout} goes to {', '.join(names)}: say which with --environment")
    if environment is not None and environment not in names:
        raise click.ClickException(
            f"{rollout} does not go to {environment!r}. {did_you_mean(environment, names)}".rstrip()
        )
    return environment or names[0]


def _write(catalog: Catalog, rollout: str, outcome: Upgrade, folder: Path) -> None:
    """One file for each hop. Nothing is overwritten."""
    from convoy.planning.upgrade.manifests import hop_manifests

    try:
        files = hop_manifests(catalog, rollout, outcome, str(home() / "environments" / outcome.environment))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    there = [str(folder / name) for name in files if (folder / name).exists()]
    if there:
        raise click.ClickException(f"{', '.join(there)}: already there; delete them, or name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        click.echo(f"wrote {folder / name}", err=True)
