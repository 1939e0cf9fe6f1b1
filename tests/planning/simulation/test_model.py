"""What a simulation takes from a plan: gates, exposure, who is harmed, who can see."""

from __future__ import annotations

from dataclasses import replace

from tests.planning.simulation.worlds import chain, model
from tests.planning.systems import moving, system

from convoy.planning.contracts import DeclaredBatch, Effort


def test_gates_divide_the_time_of_a_batch_into_equal_parts() -> None:
    """One for each step of the canary, one for the deployment, one for metrics."""
    world = model(chain())
    gates = {batch.name: gates for batch, gates in zip(world.batches, world.gates, strict=True)}
    assert [(gate.name, gate.at) for gate in gates["api"]] == [
        ("api.analysis-10", 0.25),
        ("api.analysis-50", 0.5),
        ("api.ready", 0.75),
        ("api.metrics", 1.0),
    ]
    assert [(gate.name, gate.at) for gate in gates["db"]] == [("db.ready", 1.0)]


def test_a_canary_is_exposed_step_by_step() -> None:
    """Everything else at once: how far a rolling update has come does not bound who meets it."""
    world = model(chain())
    assert world.exposure("api") == ((0.0, 0.1), (0.25, 0.5), (0.5, 1.0))
    assert world.exposure("db") == ((0.0, 1.0),)


def test_members_of_a_batch_share_their_steps() -> None:
    """A member without steps waits for the others' steps."""
    contracts = system(moving("a"), moving("b"), moving("c"), batches=(DeclaredBatch("all", ("a", "b", "c")),))
    members = dict(contracts.components)
    members["a"] = replace(members["a"], strategy="canary", effort=Effort(40.0, (10,)))
    members["b"] = replace(members["b"], strategy="canary", effort=Effort(40.0, (50,)))
    world = model(replace(contracts, components=members))
    assert world.weights == ((10, 50),)
    assert world.exposure("a") == world.exposure("b") == ((0.0, 0.1), (1 / 3, 0.5), (2 / 3, 1.0))
    assert world.exposure("c") == ((2 / 3, 1.0),)


def test_harm_reaches_whatever_fails_with_it() -> None:
    """Along hard uses, with weights; whoever only serves less is not counted."""
    world = model(chain())
    assert world.harms("db") == {"db": 1.0, "api": 1.0, "web": 5.0}
    assert world.harms("web") == {"web": 5.0}


def test_faults_are_seen_by_whatever_uses_it() -> None:
    """Also by those that only serve less; not by what it uses itself."""
    world = model(chain())
    assert {world.batches[index].name for index in world.seen_by("api")} == {"api", "web", "docs"}
    assert {world.batches[index].name for index in world.seen_by("docs")} == {"docs"}
