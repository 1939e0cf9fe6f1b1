"""Plans to simulate: one that can be reckoned by hand, and a Hypothesis strategy for random ones with scenarios."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from tests.planning.systems import component, moving, release, system

from convoy.planning.contracts import Contracts, DeclaredBatch, Effort, Use
from convoy.planning.planner import make_plan
from convoy.planning.simulation import Model, Scenario, ScriptedFault


def model(contracts: Contracts) -> Model:
    """The model of the plan that the contracts lead to."""
    return Model(make_plan(contracts), contracts)


def chain() -> Contracts:
    """db (40 s), then api (canary of 10 and 50 percent, metrics: four parts of 20 s), then web (60 s); docs (30 s)
    beside them. web fails with api, and api with db; docs serves less without web. web weighs 5."""
    contracts = system(
        moving("db", seconds=40),
        moving("api", depends_on=["db"]),
        moving("web", depends_on=["api"], seconds=60),
        moving("docs", seconds=30),
    )
    api = replace(contracts.components["api"], strategy="canary", effort=Effort(80.0, (10, 50), True))
    return replace(
        contracts,
        components={**contracts.components, "api": api},
        uses=(Use("api", "db"), Use("web", "api"), Use("docs", "web", hard=False)),
        weights={"web": 5.0},
    )


@st.composite
def worlds(draw: st.DrawFn, parks: bool = True) -> Model:
    """Up to nine components with start order, canaries, larger batches, uses and weights; unless ``parks`` is False
    some batches park and some cannot go back. Durations are multiples of a quarter, so that sums are exact."""
    names = [f"c{n}" for n in range(draw(st.integers(1, 9)))]
    components = []
    for index, name in enumerate(names):
        earlier = [other for other in names[:index] if draw(st.integers(0, 3)) == 0]
        new = release("2.0.0")
        if parks and draw(st.integers(0, 11)) == 0:
            new = replace(new, reversible=False)
        weights = draw(st.sampled_from([(), (), (10,), (10, 50), (5, 25, 75)]))
        found = component(
            name,
            release("1.0.0"),
            new,
            depends_on=earlier,
            strategy="canary" if weights else "rolling",
        )
        effort = Effort(draw(st.integers(0, 80)) / 4, weights, draw(st.booleans()))
        components.append(replace(found, effort=effort))
    batches = []
    if len(names) > 3 and draw(st.integers(0, 3)) == 0:
        # Neighbours in the order, so that joining them closes no cycle with another batch.
        batches.append(DeclaredBatch("joined", (names[0], names[1])))
    uses = tuple(
        Use(names[user], names[used], draw(st.booleans()))
        for user in range(len(names))
        for used in range(user)
        if draw(st.integers(0, 2)) == 0
    )
    contracts = replace(
        system(*components),
        batches=tuple(batches),
        max_parallel=draw(st.sampled_from([None, None, 1, 2, 3])),
        on_failure=draw(st.sampled_from(["rollback", "rollback", "rollback", "park"])) if parks else "rollback",
        uses=uses,
        weights={name: float(draw(st.integers(0, 9))) for name in names if draw(st.booleans())},
    )
    return model(contracts)


@st.composite
def scenarios(draw: st.DrawFn, world: Model) -> Scenario:
    """Random and scripted faults, with and without jitter."""
    faults = []
    for batch in world.batches:
        if draw(st.integers(0, 7)) == 0:
            members = draw(st.sampled_from([batch.components, batch.components[:1]]))
            faults.append(ScriptedFault(batch.name, members, draw(st.integers(0, 4)) / 4, draw(st.booleans())))
    return Scenario(
        faults=tuple(faults),
        fault_rate=draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])),
        detection=draw(st.sampled_from([0.0, 0.3, 0.9, 1.0])),
        jitter=draw(st.sampled_from([0.0, 0.0, 0.25, 1.0])),
        spread=draw(st.sampled_from(["lognormal", "triangular"])),
        undo_seconds=draw(st.sampled_from([None, None, 0.0, 7.0])),
        seed=draw(st.integers(0, 1000)),
    )


@st.composite
def stories(draw: st.DrawFn, parks: bool = True) -> tuple[Model, Scenario]:
    """A world and what happens in it."""
    world = draw(worlds(parks=parks))
    return world, draw(scenarios(world))
