"""Many runs in a few lines."""

from __future__ import annotations

import json
from typing import Any

from convoy.planning.simulation.distribution import Distribution, Spread
from convoy.planning.simulation.model import Model
from convoy.planning.simulation.scenario import Scenario
from convoy.planning.words import count, duration

COLUMNS = ("least", "5%", "median", "mean", "95%", "most")


def as_text(model: Model, scenario: Scenario, found: Distribution) -> str:
    """The outcomes, then one line for each number."""
    lines = [
        f"Rollout {model.plan.rollout} in {model.plan.environment}: {count(found.runs, 'run')}, seed {scenario.seed}",
        "",
        *(f"{name:<24}{number:>8}  {number / found.runs:6.1%}" for name, number in found.outcomes.items()),
        "",
        f"{'':<30}{'runs':>7}{''.join(f'{column:>11}' for column in COLUMNS)}",
    ]
    times = (
        ("makespan, promoted", found.promoted),
        ("time until rolled back", found.rolled_back),
        ("time until a fault was caught", found.caught),
        ("if nothing failed, by arcs", found.forward),
        ("the same with level barriers", found.barriers),
    )
    amounts = (
        ("damage before it was caught", found.before_caught),
        ("damage until it was undone", found.damage),
        ("times longer with barriers", found.slower),
    )
    for title, spread in times:
        lines.append(_line(title, spread, duration))
    for title, spread in amounts:
        lines.append(_line(title, spread, lambda number: f"{number:,.2f}" if number < 100 else f"{number:,.0f}"))
    lines += ["", "Damage is in weight-seconds: one is one second during which something of weight 1 does not work."]
    if found.worst is not None:
        lines.append(f"Run {found.worst} did the most damage; --run {found.worst} shows it.")
    return "\n".join(lines) + "\n"


def as_dict(model: Model, scenario: Scenario, found: Distribution) -> dict[str, Any]:
    """As JSON. Times in seconds, damage in weight-seconds."""
    return {
        "rollout": model.plan.rollout,
        "environment": model.plan.environment,
        "digest": model.plan.digest,
        "seed": scenario.seed,
        "planned_makespan": model.plan.makespan,
        **found.to_dict(),
    }


def as_json(model: Model, scenario: Scenario, found: Distribution) -> str:
    """The same as text."""
    return json.dumps(as_dict(model, scenario, found), indent=2) + "\n"


def _line(title: str, spread: Spread | None, words: Any) -> str:
    if spread is None:
        return f"{title:<30}{0:>7}"
    numbers = (spread.least, spread.p5, spread.median, spread.mean, spread.p95, spread.most)
    return f"{title:<30}{spread.count:>7}{''.join(f'{words(number):>11}' for number in numbers)}"
