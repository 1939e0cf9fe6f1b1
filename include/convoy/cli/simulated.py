"""What ``convoy simulate`` runs: the models of a rollout's plans, and the scenario that its options describe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from convoy.planning.simulation import Model, Scenario


def models_of(manifests: Path, rollout: str, environment: str | None) -> list[Model]:
    """One model for each environment that was asked for. Where there is no plan, it prints why and exits with 1."""
    from convoy.manifest.catalog import load
    from convoy.manifest.diagnostics import did_you_mean
    from convoy.planning.inputs import PlanError, contracts_for
    from convoy.planning.planner import make_plan
    from convoy.planning.simulation import Model

    loaded = load([manifests])
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
    models = []
    for name in [environment] if environment else names:
        contracts = contracts_for(loaded.catalog, rollout, name)
        try:
            models.append(Model(make_plan(contracts), contracts))
        except PlanError as error:
            _refuse(error.diagnostics)
    return models


def scenario_of(model: Model, fails: Iterable[str], hangs: Iterable[str], options: Mapping[str, Any]) -> Scenario:
    """The scenario. Raises ClickException with everything that is wrong with it."""
    from convoy.planning.simulation import Scenario, scripted

    faults, wrong = [], []
    for texts, hanging in ((fails, False), (hangs, True)):
        for text in texts:
            try:
                faults.append(scripted(text, model.plan, hangs=hanging))
            except ValueError as error:
                wrong.append(f"{'--hang' if hanging else '--fail'} {error}")
    try:
        scenario = Scenario(
            faults=tuple(faults),
            undo_seconds=options["undo"],
            **{name: value for name, value in options.items() if name != "undo"},
        )
    except ValueError as error:
        wrong += str(error).splitlines()
    if wrong:
        raise click.ClickException("\n".join(wrong))
    return scenario


def _refuse(diagnostics: Iterable[object]) -> NoReturn:
    for diagnostic in diagnostics:
        click.echo(str(diagnostic), err=True)
    raise click.exceptions.Exit(1)
