"""``convoy simulate``: run a plan on a virtual clock, once to look at it, or thousands of times."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from convoy.cli.places import manifests_folder, near

if TYPE_CHECKING:
    from convoy.planning.simulation import Model, Scenario


class _Parsed(click.ParamType):
    """A value with a parser of the core, imported when it is needed."""

    def __init__(self, name: str, parser: Callable[[], Callable[[str], float]]) -> None:
        self.name = name
        self.parser = parser

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number."""
        if isinstance(value, float):
            return value
        try:
            return self.parser()(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _percent() -> Callable[[str], float]:
    from convoy.planning.simulation import fraction_of

    return fraction_of


def _duration() -> Callable[[str], float]:
    from convoy.manifest.models.base import parse_duration

    return parse_duration


PERCENT, DURATION = _Parsed("percent", _percent), _Parsed("duration", _duration)


@click.command()
@click.argument("rollout")
@click.option("--environment", "-e", help="Which of the rollout's environments. Default: the only one, or all.")
@click.option(
    "--manifests", type=click.Path(exists=True, path_type=Path), help="Folder or file. Default: include/manifests."
)
@click.option("--fail", "fails", multiple=True, metavar="NAME[@TIME]", help="A component or batch that is faulty.")
@click.option("--hang", "hangs", multiple=True, metavar="NAME", help="A component or batch that never gets through.")
@click.option("--fault-rate", type=PERCENT, default="0%", help="Chance of each batch to be faulty.")
@click.option("--detection", type=PERCENT, default="100%", help="Chance of each gate to catch a fault that it sees.")
@click.option("--jitter", type=PERCENT, default="0%", help="Spread of the durations.")
@click.option("--spread", type=click.Choice(["lognormal", "triangular"]), default="lognormal", help="Shape of it.")
@click.option("--undo", type=DURATION, help="Time to undo one batch. Default: half of what its change takes.")
@click.option("--hang-timeout", type=DURATION, default="2m", help="From the expected end to the deadline.")
@click.option("--noticed-after", type=DURATION, default="1h", help="Until people notice a fault that no gate caught.")
@click.option("--answered-after", type=DURATION, default="15m", help="Until a person answers a parked rollout.")
@click.option("--seed", type=int, default=0, help="All chance comes from it.")
@click.option("--runs", type=click.IntRange(1, 1_000_000), help="Run it so many times, and show the distribution.")
@click.option("--run", "number", type=click.IntRange(0), help="Show the run of this number alone. Default: 0.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
def command(
    rollout: str,
    environment: str | None,
    manifests: Path | None,
    fails: tuple[str, ...],
    hangs: tuple[str, ...],
    runs: int | None,
    number: int | None,
    form: str,
    **options: Any,
) -> None:
    """Run the plan of ROLLOUT on a virtual clock, with scripted or random faults; nothing is deployed.

    `--fail checkout@30s` makes a gate say no 30 seconds after the batch of checkout has started, `--fail checkout` at
    its last gate, `--hang checkout` at its deadline. With `--runs 10000` the answer is a distribution: of the time that
    the rollout takes, of its outcomes, and of the damage done before a fault is caught.

    Exit code 0, whatever the outcome of the simulated run; 1 if something is wrong with the input.
    """
    from convoy.cli.simulated import models_of, scenario_of

    if runs is not None and number is not None:
        raise click.UsageError("--runs shows many runs, --run one of them: give one of the two")
    models = models_of(manifests or near(manifests_folder()), rollout, environment)
    shown = [_shown(model, scenario_of(model, fails, hangs, options), runs, number or 0, form) for model in models]
    if form == "text":
        click.echo("\n".join(shown), nl=False)
    else:
        click.echo(shown[0] if len(shown) == 1 else f"[{','.join(shown)}]\n", nl=False)


def _shown(model: Model, scenario: Scenario, runs: int | None, number: int, form: str) -> str:
    from convoy.planning.simulation import draw, play, play_many, report, timeline

    if runs is not None:
        found = play_many(model, scenario, runs)
        return report.as_text(model, scenario, found) if form == "text" else report.as_json(model, scenario, found)
    course = play(model, scenario, draw(model, scenario, number))
    show = timeline.as_text if form == "text" else timeline.as_json
    return show(model, scenario, course)
