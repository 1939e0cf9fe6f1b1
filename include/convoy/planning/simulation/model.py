"""What a simulation has to know of a plan, looked up once for thousands of runs.

The plan says how long a batch takes, not when its gates speak; the model divides the time into equal parts: one for
each step of its canary, one for the deployment, and one for its metrics if it has some. At the end of each part stands
a gate, named like its task in Airflow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from convoy.planning.blast import blast_radius
from convoy.planning.contracts import Contracts
from convoy.planning.plan import Batch, Plan
from convoy.planning.schedule import levels


@dataclass(frozen=True)
class Gate:
    """One gate of a batch: ``at`` is the share of its duration after which the gate speaks."""

    name: str
    at: float


@dataclass(frozen=True)
class Model:
    """Batches are known by their number in the plan's order, so that what is required has the smaller number."""

    plan: Plan
    contracts: Contracts

    @cached_property
    def batches(self) -> tuple[Batch, ...]:
        """In the order of the plan."""
        return self.plan.batches

    @cached_property
    def number(self) -> dict[str, int]:
        """Of each batch by its name."""
        return {batch.name: index for index, batch in enumerate(self.batches)}

    @cached_property
    def requires(self) -> tuple[tuple[int, ...], ...]:
        """What each batch waits for."""
        return tuple(tuple(self.number[name] for name in batch.requires) for batch in self.batches)

    @cached_property
    def dependents(self) -> tuple[tuple[int, ...], ...]:
        """What waits for each batch."""
        found: list[list[int]] = [[] for _ in self.batches]
        for index, required in enumerate(self.requires):
            for other in required:
                found[other].append(index)
        return tuple(map(tuple, found))

    @cached_property
    def before(self) -> tuple[frozenset[int], ...]:
        """Everything that is done before each batch starts."""
        found: list[frozenset[int]] = []
        for required in self.requires:
            found.append(frozenset(required).union(*(found[other] for other in required)))
        return tuple(found)

    @cached_property
    def levels(self) -> tuple[tuple[int, ...], ...]:
        """The batches in waves, for the comparison with barriers."""
        requires = {batch.name: batch.requires for batch in self.batches}
        return tuple(tuple(self.number[name] for name in level) for level in levels(requires))

    @cached_property
    def seconds(self) -> tuple[float, ...]:
        """Expected durations."""
        return tuple(float(batch.expected_seconds) for batch in self.batches)

    @cached_property
    def home(self) -> dict[str, int]:
        """The batch of each component that changes."""
        return {component: index for index, batch in enumerate(self.batches) for component in batch.components}

    @cached_property
    def weights(self) -> tuple[tuple[int, ...], ...]:
        """The canary weights of each batch: members that advance together share every weight that one of them names."""
        return tuple(
            tuple(sorted({w for name in batch.components for w in self.contracts.components[name].effort.weights}))
            for batch in self.batches
        )

    @cached_property
    def gates(self) -> tuple[tuple[Gate, ...], ...]:
        """The gates of each batch, in the order in which they speak."""
        found = []
        for batch, weights in zip(self.batches, self.weights, strict=True):
            names = [f"{batch.name}.analysis-{weight}" for weight in weights] + [f"{batch.name}.ready"]
            if any(self.contracts.components[name].effort.metrics for name in batch.components):
                names.append(f"{batch.name}.metrics")
            found.append(tuple(Gate(name, (n + 1) / len(names)) for n, name in enumerate(names)))
        return tuple(found)

    def exposure(self, component: str) -> tuple[tuple[float, float], ...]:
        """From which share of its batch's duration on which share of a component's replicas is new."""
        index = self.home[component]
        weights, parts = self.weights[index], len(self.gates[index])
        deployment = len(weights) / parts
        if not self.contracts.components[component].effort.weights:
            # Without steps of its own it waits for the steps of the others.
            return ((deployment, 1.0),)
        return (*((n / parts, weight / 100) for n, weight in enumerate(weights)), (deployment, 1.0))

    @cached_property
    def _harms(self) -> dict[str, dict[str, float]]:
        return {}

    def harms(self, component: str) -> dict[str, float]:
        """What fails if this component does, itself included, each with its weight."""
        if component not in self._harms:
            radius = blast_radius(self.contracts.uses, self.contracts.weights, [component])
            self._harms[component] = {component: radius.changed} | {
                one.component: one.weight for one in radius.affected if one.hard
            }
        return self._harms[component]

    @cached_property
    def _seen_by(self) -> dict[str, tuple[int, ...]]:
        return {}

    def seen_by(self, component: str) -> tuple[int, ...]:
        """The batches whose gates can see a fault of this component: its own, and those of whatever uses it, however
        indirectly and whether hard or not."""
        if component not in self._seen_by:
            radius = blast_radius(self.contracts.uses, self.contracts.weights, [component])
            users = (one.component for one in radius.affected)
            found = {self.home[component], *(self.home[name] for name in users if name in self.home)}
            self._seen_by[component] = tuple(sorted(found))
        return self._seen_by[component]
