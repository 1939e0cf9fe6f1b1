"""Thousands of runs: how long they take, how they end, and what a fault costs until it is caught."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from convoy.planning.simulation.chance import draw
from convoy.planning.simulation.course import PARKED, PROMOTED, ROLLED_BACK, Course, forward_times, play
from convoy.planning.simulation.model import Model
from convoy.planning.simulation.scenario import Scenario


@dataclass(frozen=True)
class Spread:
    """How a number is distributed; quantiles by linear interpolation between the two nearest values."""

    count: int
    least: float
    p5: float
    median: float
    mean: float
    p95: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread | None:
        """None where there is nothing to distribute."""
        found = sorted(values)
        if not found:
            return None
        mean = sum(found) / len(found)
        return cls(
            len(found),
            found[0],
            _quantile(found, 0.05),
            _quantile(found, 0.5),
            min(max(mean, found[0]), found[-1]),
            _quantile(found, 0.95),
            found[-1],
        )


@dataclass(frozen=True)
class Distribution:
    """What came of many runs. Times in seconds, damage in weight-seconds.

    ``promoted``: makespans of runs that went through. ``rolled_back``: until everything was undone. ``caught``: from
    the first touch of a faulty batch until a gate said no. ``before_caught`` and ``damage``: of runs with a fault that
    does damage. ``forward`` and ``barriers``: makespans of the same draws if nothing failed, by arcs and with level
    barriers; ``slower`` how many times longer barriers take. ``worst`` is the number of the run with the most damage,
    None where none did any."""

    runs: int
    outcomes: dict[str, int]
    promoted: Spread | None
    rolled_back: Spread | None
    caught: Spread | None
    before_caught: Spread | None
    damage: Spread | None
    forward: Spread | None
    barriers: Spread | None
    slower: Spread | None
    worst: int | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


UNNOTICED = "Promoted with a fault"
"""An outcome of many runs that no single run knows of itself."""
OUTCOMES = (PROMOTED, UNNOTICED, ROLLED_BACK, PARKED)


def play_many(model: Model, scenario: Scenario, runs: int) -> Distribution:
    """Runs 0 to ``runs`` - 1. Raises ValueError for fewer than one."""
    if runs < 1:
        raise ValueError(f"there is nothing to tell of {runs} runs")
    outcomes: Counter[str] = Counter()
    numbers: dict[str, list[float]] = {key: [] for key in ("promoted", "rolled_back", "caught", "before", "damage")}
    forward: list[float] = []
    barriers: list[float] = []
    worst: tuple[float, int] | None = None
    for run in range(runs):
        drawn = draw(model, scenario, run)
        course = play(model, scenario, drawn)
        outcomes[UNNOTICED if course.unnoticed else course.outcome] += 1
        _note(course, numbers)
        if course.damage > 0 and (worst is None or course.damage > worst[0]):
            worst = (course.damage, run)
        lengths = [seconds * factor for seconds, factor in zip(model.seconds, drawn.factors, strict=True)]
        forward.append(max((end for _, end in forward_times(model, lengths)), default=0.0))
        barriers.append(max((end for _, end in forward_times(model, lengths, barriers=True)), default=0.0))
    return Distribution(
        runs,
        {name: outcomes[name] for name in OUTCOMES},
        Spread.of(numbers["promoted"]),
        Spread.of(numbers["rolled_back"]),
        Spread.of(numbers["caught"]),
        Spread.of(numbers["before"]),
        Spread.of(numbers["damage"]),
        Spread.of(forward),
        Spread.of(barriers),
        Spread.of(slow / quick for quick, slow in zip(forward, barriers, strict=True) if quick > 0),
        worst[1] if worst else None,
    )


def _note(course: Course, numbers: dict[str, list[float]]) -> None:
    if course.outcome == PROMOTED:
        numbers["promoted"].append(course.end)
    elif course.outcome == ROLLED_BACK:
        numbers["rolled_back"].append(course.end)
    if course.catch is not None:
        numbers["caught"].append(course.catch.time - min(course.forward[f.batch][0] for f in course.faults))
    if any(not fault.hangs for fault in course.faults):
        numbers["before"].append(course.damage_before_caught)
        numbers["damage"].append(course.damage)


def _quantile(found: list[float], share: float) -> float:
    """Of sorted values; never outside of the two that it lies between."""
    place = share * (len(found) - 1)
    below = int(place)
    above = min(below + 1, len(found) - 1)
    low, high = found[below], found[above]
    return min(max(low + (high - low) * (place - below), low), high)
