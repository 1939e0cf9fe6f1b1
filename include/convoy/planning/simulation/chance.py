"""Everything that chance decides in one run, drawn in advance and in a fixed order.

Nothing that is drawn depends on what comes of it, nor on how likely detection is: two scenarios with one seed see the
same durations and the same faults, so that what differs between them is their own doing (common random numbers).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from statistics import NormalDist

from convoy.planning.simulation.model import Model
from convoy.planning.simulation.scenario import Scenario

_NORMAL = NormalDist()
_TINY = 2.0**-53


@dataclass(frozen=True)
class Fault:
    """A faulty batch. ``at``: a gate says no for certain after this share of its duration; None: chance decides, and
    ``luck`` has for each gate (number of the batch, number of the gate) a number that has to be below the chance of
    detection."""

    batch: int
    components: tuple[str, ...]
    at: float | None = None
    hangs: bool = False
    luck: Mapping[tuple[int, int], float] | None = None


@dataclass(frozen=True)
class Draw:
    """How long each batch takes, as a factor of what is expected, and which are faulty."""

    factors: tuple[float, ...]
    faults: tuple[Fault, ...]


def draw(model: Model, scenario: Scenario, run: int = 0) -> Draw:
    """What chance decides in the run of this number; the same for the same seed, whatever was drawn before."""
    # Seeding with text goes through a hash, so neighbouring numbers have nothing in common.
    random = Random(f"{scenario.seed}/{run}")
    certain = {fault.batch: fault for fault in scenario.faults}
    factors: list[float] = []
    faults: list[Fault] = []
    for index, batch in enumerate(model.batches):
        length, strikes, which = random.random(), random.random(), random.random()
        factors.append(_factor(scenario, length))
        planned = certain.get(batch.name)
        if planned is not None:
            faults.append(Fault(index, planned.components, None if planned.hangs else planned.at, planned.hangs))
        elif strikes < scenario.fault_rate:
            component = batch.components[int(which * len(batch.components))]
            luck = {
                (other, gate): random.random()
                for other in model.seen_by(component)
                for gate in range(len(model.gates[other]))
            }
            faults.append(Fault(index, (component,), luck=luck))
    return Draw(tuple(factors), tuple(faults))


def _factor(scenario: Scenario, uniform: float) -> float:
    """By inversion: one uniform number each, so that a longer draw means a longer time under every spread."""
    if not scenario.jitter:
        return 1.0
    if scenario.spread == "lognormal":
        return math.exp(scenario.jitter * _NORMAL.inv_cdf(min(max(uniform, _TINY), 1 - _TINY)))
    if uniform < 0.5:
        return 1 + scenario.jitter * (math.sqrt(2 * uniform) - 1)
    return 1 + scenario.jitter * (1 - math.sqrt(2 * (1 - uniform)))
