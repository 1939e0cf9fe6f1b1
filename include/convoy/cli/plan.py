"""``convoy plan``: what a rollout would do, in which order, and why; or which rollout a wanted version takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from convoy.cli.places import manifests_folder, near

if TYPE_CHECKING:
    from convoy.manifest.catalog import LoadResult
    from convoy.planning.contracts import Contracts
    from convoy.planning.plan import Plan

TEXT, JSON = "text", "json"
FORMATS = (TEXT, JSON, "mermaid", "dot", "svg", "markdown")


@click.command()
@click.argument("rollout", required=False)
@click.option("--environment", "-e", help="Which of the rollout's environments. Default: the only one, or all.")
@click.option(
    "--manifests", type=click.Path(exists=True, path_type=Path), help="Folder or file. Default: include/manifests."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default=TEXT,
    help="For people or programs; as a picture; or (markdown) as a review comment.",
)
@click.option(
    "--want",
    "wants",
    metavar="NAME=VERSION",
    multiple=True,
    help="Instead of ROLLOUT: the least change set that makes this version safe. May be repeated.",
)
@click.option(
    "--write", type=click.Path(path_type=Path), help="With --want: save the change set as a Rollout manifest."
)
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Plans as JSON, as they were reviewed: exit code 2, and what differs, if these are others.",
)
def command(
    rollout: str | None,
    environment: str | None,
    manifests: Path | None,
    form: str,
    wants: tuple[str, ...],
    write: Path | None,
    against: Path | None,
) -> None:
    """Show the plan of ROLLOUT: batches with the reason for every arc, critical path, blast radius, and the way back.

    As JSON it is one object, with the plan's digest; an array of them where several environments are shown.

    Exit code 0: there is a plan. 1: there is none, or something is wrong; every reason is on standard error, with file,
    line and column. 2: with --against, the plan is another one.
    """
    from convoy.manifest.catalog import load

    if (rollout is None) == (not wants):
        raise click.UsageError("name a rollout, or say what you --want")
    if write is not None and not wants:
        raise click.UsageError("--write goes with --want")
    loaded = load([manifests or near(manifests_folder())])
    if wants:
        from convoy.cli.want import show

        show(loaded, wants, environment, form, write)
        return
    assert rollout is not None
    plans = [(contracts, _plan(contracts)) for contracts in _contracts(loaded, rollout, environment)]
    if against is not None:
        _compare(against, [plan for _, plan in plans], form)
        return
    shown = [_shown(contracts, plan, form) for contracts, plan in plans]
    if form == JSON:
        click.echo(shown[0] if len(shown) == 1 else f"[{','.join(shown)}]\n", nl=False)
    else:
        click.echo("\n".join(shown), nl=False)


def _contracts(loaded: LoadResult, rollout: str, environment: str | None) -> list[Contracts]:
    """The planner's input for the environments that are asked for."""
    from convoy.manifest.diagnostics import did_you_mean
    from convoy.planning.inputs import contracts_for

    known = {*loaded.catalog.rollouts, *loaded.broken}
    if rollout not in known:
        raise click.ClickException(f"no rollout {rollout!r}. {did_you_mean(rollout, known)}".rstrip())
    if rollout in loaded.broken:
        refuse(loaded.broken[rollout])
    names = loaded.catalog.rollouts[rollout].environment_names
    if environment is not None and environment not in names:
        raise click.ClickException(
            f"{rollout} does not go to {environment!r}. {did_you_mean(environment, names)}".rstrip()
        )
    return [contracts_for(loaded.catalog, rollout, name) for name in ([environment] if environment else names)]


def _plan(contracts: Contracts) -> Plan:
    from convoy.planning.errors import PlanError
    from convoy.planning.hints import hints_for_problem
    from convoy.planning.planner import make_plan

    try:
        return make_plan(contracts)
    except PlanError as error:
        refuse(error.diagnostics, [str(hint) for hint in hints_for_problem(contracts)])


def _shown(contracts: Contracts, plan: Plan, form: str) -> str:
    from convoy.planning.formats import FORMATS as PICTURES
    from convoy.planning.hints import hints_for
    from convoy.planning.render import as_json, as_text

    if form in PICTURES:
        return PICTURES[form](plan)
    hints = [str(hint) for hint in hints_for(contracts, plan)]
    return as_json(plan, hints) if form == JSON else as_text(plan, hints=hints)


def _compare(against: Path, plans: Sequence[Plan], form: str) -> None:
    """Exit code 2 and the difference, if a plan is not the one that was reviewed."""
    from convoy.cli.diff_sides import UnreadableSide, read_side
    from convoy.planning.difference import compare
    from convoy.planning.difference_forms import as_json, as_markdown, as_text

    try:
        reviewed = read_side(against, None, None).plans
    except UnreadableSide as error:
        raise click.ClickException(str(error)) from error
    same = True
    for plan in plans:
        before = reviewed.get((plan.rollout, plan.environment))
        if before is None:
            raise click.ClickException(f"{against} has no plan of {plan.rollout} in {plan.environment}")
        found = compare(before, plan)
        click.echo({JSON: as_json, "markdown": as_markdown}.get(form, as_text)(found), nl=False)
        same = same and found.empty
    if not same:
        raise click.exceptions.Exit(2)


def refuse(diagnostics: Iterable[object], hints: Sequence[str] = ()) -> NoReturn:
    """Say on standard error what is wrong, and what might help, and end with exit code 1."""
    for diagnostic in diagnostics:
        click.echo(str(diagnostic), err=True)
    for hint in hints:
        click.echo(f"hint: {hint}", err=True)
    raise click.exceptions.Exit(1)
