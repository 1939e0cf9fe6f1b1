"""The task budget: merged as little as possible, proven as before, and the cost said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planning.brute_force import World, visited
from tests.planning.systems import lockstep, moving, system, systems

from convoy.planning.coarsen import TASK_LIMIT
from convoy.planning.contracts import Contracts, DeclaredBatch, Effort
from convoy.planning.errors import PlanError
from convoy.planning.planner import make_plan
from convoy.planning.verify import verify


def wide(count: int) -> Contracts:
    """A database and ``count`` services that depend on it, of growing duration."""
    services = [moving(f"s{n:03d}", depends_on=["db"], seconds=10.0 + n) for n in range(count)]
    return system(moving("db"), *services)


def test_a_plan_within_the_budget_is_left_alone() -> None:
    """Merging costs parallelism, so it is not done without need."""
    assert len(make_plan(wide(20)).batches) == 21


def test_a_plan_over_the_budget_is_merged_and_says_what_it_costs() -> None:
    """Batches of like duration together; what waits for what stays."""
    contracts = wide(40)
    plan = make_plan(contracts, task_budget=60)
    assert 3 + 4 * len(plan.batches) <= 60
    assert plan.batches[0].name == "db"
    assert all(batch.requires == ("db",) for batch in plan.batches[1:])
    assert plan.batches[1].name == "s000-and-3-more"
    assert plan.warnings[-1].startswith("merged 41 batches into 11 to fit 60 tasks (167 before, 47 now)")
    assert verify(plan, contracts) == []


def test_metrics_and_canary_steps_count() -> None:
    """A metrics gate is one more task, a canary weight two."""
    plain = system(*(moving(f"s{n}") for n in range(4)))
    costly = {n: replace(c, effort=Effort(1.0, (10, 50), True)) for n, c in plain.components.items()}
    assert len(make_plan(plain, task_budget=3 + 4 * 4).batches) == 4
    assert len(make_plan(replace(plain, components=costly), task_budget=3 + 4 * 9).batches) == 4
    assert len(make_plan(replace(plain, components=costly), task_budget=3 + 4 * 9 - 1).batches) == 2


def test_lockstep_and_declared_batches_are_not_merged() -> None:
    """What the user named stays recognisable, and one moment stays one moment."""
    contracts = replace(
        system(*lockstep().components.values(), *(moving(f"s{n}") for n in range(8))),
        batches=(DeclaredBatch("mine", ("s0", "s1")),),
    )
    plan = make_plan(contracts, task_budget=20)
    assert plan.batch("mine").components == ("s0", "s1")
    assert plan.batch_of("a").components == ("a", "b")
    assert verify(plan, contracts) == []


def test_a_chain_cannot_be_merged_and_is_refused_beyond_the_limit() -> None:
    """Arcs are never given up for the budget."""
    names = [f"s{n:04d}" for n in range(TASK_LIMIT // 4)]
    chain = [moving(name, depends_on=names[max(0, n - 1) : n]) for n, name in enumerate(names)]
    with pytest.raises(PlanError, match="split it into several rollouts"):
        make_plan(system(*chain))
    short = make_plan(system(*chain[:200]))
    assert len(short.batches) == 200
    assert "still over the budget" in short.warnings[-1]


@settings(max_examples=100, deadline=None)
@given(systems(), st.integers(3, 30))
def test_merging_keeps_the_proof(contracts: Contracts, budget: int) -> None:
    """Every state that the coarse plan can pass through is safe, and the checker agrees."""
    try:
        plan = make_plan(contracts, task_budget=budget)
    except PlanError:
        return
    world = World(contracts)
    assert all(not state or world.safe(state) for state in visited(plan))
    assert verify(plan, contracts) == []
