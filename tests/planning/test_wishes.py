"""after, optional start order, and maxParallel: granted where they can be, refused with the reason where not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planning.brute_force import visited
from tests.planning.systems import moving, provider_first, system, systems

from convoy.planning.contracts import Contracts, DeclaredBatch, Dependency, Wish
from convoy.planning.errors import PlanError
from convoy.planning.limits import limit_parallel
from convoy.planning.planner import make_plan
from convoy.planning.schedule import schedule
from convoy.planning.verify import verify


def after(contracts: Contracts, name: str, *wished: str) -> Contracts:
    changed = replace(contracts.components[name], after=tuple(Wish(w, f"r.yaml:{len(w)}:1") for w in wished))
    return replace(contracts, components={**contracts.components, name: changed})


def refusal(contracts: Contracts) -> str:
    with pytest.raises(PlanError) as caught:
        make_plan(contracts)
    return str(caught.value)


def test_after_is_granted() -> None:
    """With an arc that says whose wish it is."""
    contracts = after(system(moving("a"), moving("b")), "a", "b")
    plan = make_plan(contracts)
    assert [b.name for b in plan.batches] == ["b", "a"]
    assert [(a.kind, a.reason, a.location) for a in plan.arcs] == [
        ("wish", "b before a: by wish (after)", "r.yaml:1:1")
    ]
    assert verify(plan, contracts) == []


def test_after_that_contradicts_the_proof_is_refused_with_the_reason() -> None:
    """payment has to move first, whatever anybody wishes."""
    text = refusal(after(provider_first(), "payment", "checkout"))
    assert "a wish contradicts the order that must be: checkout -> payment -> checkout" in text
    assert "checkout 2.0.0 needs payment-api >=3" in text
    assert "r.yaml:8:1" in text


def test_after_something_that_does_not_change_is_refused() -> None:
    """It cannot be waited for."""
    assert "which is no component of this rollout" in refusal(after(system(moving("a")), "a", "search"))


def test_after_a_member_of_the_same_batch_is_refused() -> None:
    """Both at once and one after the other cannot be had."""
    contracts = after(system(moving("a"), moving("b")), "a", "b")
    assert "both move together in batch x" in refusal(replace(contracts, batches=(DeclaredBatch("x", ("a", "b")),)))


def test_a_declared_batch_can_come_after_batches_and_components() -> None:
    """By either name."""
    contracts = replace(
        system(moving("a"), moving("b"), moving("c"), moving("d")),
        batches=(DeclaredBatch("one", ("c", "d")), DeclaredBatch("two", ("a",), (Wish("one"), Wish("b")))),
    )
    plan = make_plan(contracts)
    assert set(plan.batch("two").requires) == {"one", "b"}
    assert verify(plan, contracts) == []


def test_a_declared_batch_after_the_unknown_or_itself_is_refused() -> None:
    """Both mistakes are named."""
    wishes = (Wish("nowhere"), Wish("a"))
    text = refusal(replace(system(moving("a")), batches=(DeclaredBatch("x", ("a",), wishes),)))
    assert "which is no batch or component of this rollout" in text
    assert "both move together in batch x" in text


def test_optional_start_order_is_granted_where_it_closes_no_cycle() -> None:
    """Among several optional edges only those give way that have to."""
    soft = [Dependency(n, required=False) for n in ("a", "b", "c")]
    contracts = system(
        moving("a", depends_on=[soft[1]]), moving("b", depends_on=[soft[2]]), moving("c", depends_on=[soft[0]])
    )
    plan = make_plan(contracts)
    assert len(plan.batches) == 3
    assert len(plan.arcs) == 2
    assert plan.warnings == ("c does not wait for a (required: false): that closes a cycle",)
    assert verify(plan, contracts) == []


@settings(max_examples=150, deadline=None)
@given(systems(start_order=True), st.integers(1, 3))
def test_never_more_than_max_parallel_batches_are_in_transit(contracts: Contracts, limit: int) -> None:
    """Whatever finishes first: the bound is part of the graph, and the plan is still proven."""
    limited = replace(contracts, max_parallel=limit)
    try:
        plan = make_plan(limited)
    except PlanError:
        return
    names = [batch.name for batch in plan.batches]
    requires = {batch.name: set(batch.requires) for batch in plan.batches}
    for mask in range(2 ** len(names)):
        done = {name for bit, name in enumerate(names) if mask >> bit & 1}
        if all(requires[name] <= done for name in done):
            assert sum(requires[name] <= done for name in names if name not in done) <= limit
    assert verify(plan, limited) == []
    assert len(list(visited(plan))) > 0


@settings(max_examples=100, deadline=None)
@given(systems(start_order=True), st.integers(1, 3))
def test_the_bound_costs_no_more_than_list_scheduling(contracts: Contracts, limit: int) -> None:
    """The arcs for the bound reproduce the list schedule that they come from."""
    from convoy.planning.arcs import analyse
    from convoy.planning.batches import form_batches
    from convoy.planning.coarsen import group_seconds

    try:
        grouping = form_batches(contracts, analyse(contracts))
    except PlanError:
        return
    seconds = group_seconds(contracts, grouping)
    limited = limit_parallel(grouping, seconds, limit)
    free = schedule(limited.requires, seconds)
    bound = schedule(grouping.requires, seconds, limit)
    assert free.makespan <= bound.makespan
