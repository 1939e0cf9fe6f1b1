"""``convoy lint``: everything that is wrong with manifests, and with the plans that they lead to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from convoy.cli.places import manifests_folder, near

if TYPE_CHECKING:
    from convoy.manifest.catalog import LoadResult
    from convoy.manifest.diagnostics import Diagnostic


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
def command(paths: tuple[Path, ...], form: str) -> None:
    """Check manifests: PATHS are files and folders, by default include/manifests or $CONVOY_MANIFESTS.

    Every error has file, line, column and a hint. Rollouts without errors are planned too, so that contracts which no
    order of deployment can satisfy are found here. Exit code 0 if nothing is wrong but for warnings, else 1.
    """
    from convoy.manifest.catalog import load
    from convoy.manifest.diagnostics import in_order

    loaded = load(paths or [near(manifests_folder())])
    diagnostics = in_order([*loaded.diagnostics, *_planning(loaded)])
    errors = sum(diagnostic.severity == "error" for diagnostic in diagnostics)
    if form == "json":
        click.echo(json.dumps(_as_json(loaded, diagnostics), indent=2))
    else:
        for diagnostic in diagnostics:
            click.echo(str(diagnostic))
        click.echo(_summary(loaded, errors, len(diagnostics) - errors), err=bool(errors))
    if errors:
        raise click.exceptions.Exit(1)


def _planning(loaded: LoadResult) -> Iterable[Diagnostic]:
    """What the planner has to say about the rollouts that have no errors."""
    from convoy.planning.inputs import PlanError, plan_rollout

    for name, rollout in loaded.catalog.rollouts.items():
        for environment in rollout.environment_names if name not in loaded.broken else ():
            try:
                plan = plan_rollout(loaded.catalog, name, environment)
            except PlanError as error:
                yield from error.diagnostics
            else:
                yield from (_warning(loaded, name, environment, sentence) for sentence in plan.warnings)


def _warning(loaded: LoadResult, rollout: str, environment: str, sentence: str) -> Diagnostic:
    """A planner's warning, at the rollout that it is about."""
    from convoy.manifest.diagnostics import Diagnostic

    definition = loaded.catalog.definition("Rollout", rollout)
    line, column = definition.position(("name",))
    message = f"{rollout} in {environment}: {sentence}"
    return Diagnostic(definition.file, line, column, "warning", "plan", message)


def _as_json(loaded: LoadResult, diagnostics: Iterable[Diagnostic]) -> dict[str, object]:
    return {
        "diagnostics": [diagnostic.to_dict() for diagnostic in diagnostics],
        "rollouts": sorted(loaded.catalog.rollouts),
        "broken": sorted(loaded.broken),
    }


def _summary(loaded: LoadResult, errors: int, warnings: int) -> str:
    rollouts = len({*loaded.catalog.rollouts, *loaded.broken})
    return (
        f"{_count(rollouts, 'rollout')}, {_count(len(loaded.catalog.components), 'component manifest')}: "
        f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
