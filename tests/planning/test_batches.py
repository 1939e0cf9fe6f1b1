"""Batches: cycles, lockstep, declared batches, names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.planning.systems import component, lockstep, moving, provider_first, release, system

from convoy.planning.contracts import Contracts, DeclaredBatch, Dependency, Release
from convoy.planning.errors import PlanError
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan


def shape(plan: Plan) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Members and requirements by batch."""
    return {batch.name: (batch.components, batch.requires) for batch in plan.batches}


def declared(contracts: Contracts, *batches: DeclaredBatch) -> Contracts:
    return replace(contracts, batches=batches)


def refusal(contracts: Contracts) -> list[str]:
    with pytest.raises(PlanError) as caught:
        make_plan(contracts)
    return [f"{d.message} | {d.hint}" for d in caught.value.diagnostics]


def test_single_components_are_batches_of_their_own_name() -> None:
    """The common case reads like the system."""
    assert shape(make_plan(provider_first())) == {
        "payment": (("payment",), ()),
        "checkout": (("checkout",), ("payment",)),
    }


def test_a_cycle_of_contracts_is_one_lockstep_batch() -> None:
    """It switches in one moment, and the plan says what would break it up."""
    plan = make_plan(lockstep())
    [batch] = plan.batches
    assert (batch.name, batch.components, batch.lockstep) == ("a-and-1-more", ("a", "b"), True)
    assert any("would break it up" in warning for warning in plan.warnings)


def test_lockstep_is_refused_for_strategies_that_serve_with_both() -> None:
    """The refusal names the members that cannot, the reasons, and the one cell that would break it up."""
    [text] = refusal(lockstep("rolling"))
    assert "a, b have to switch in one moment" in text
    assert "a (rolling), b (rolling) cannot" in text
    assert "a release in between that makes this one cell fit (expand, then contract) would break it up" in text
    assert "use recreate or blueGreen for a, b" in text


def test_a_new_component_can_take_part_in_lockstep() -> None:
    """It has no old replicas that could meet anybody."""
    contracts = system(
        component("new", None, release("1.0.0", {"n": "1"}, {"x": "2"})),
        component("a", release("1.0.0", {"x": "1"}), release("2.0.0", {"x": "2"}, {"n": "1"}), strategy="recreate"),
    )
    assert [b.lockstep for b in make_plan(contracts).batches] == [True]


def test_a_cycle_of_start_order_is_one_batch_without_lockstep() -> None:
    """Their versions do serve together; a warning names the edges."""
    plan = make_plan(system(moving("a", depends_on=["b"]), moving("b", depends_on=["a"])))
    [batch] = plan.batches
    assert (batch.name, batch.lockstep) == ("a-and-1-more", False)
    assert plan.warnings == ("batch a-and-1-more starts together (a cycle of start order): a -> b, b -> a",)


def test_a_mixed_cycle_can_be_broken_up_by_an_optional_start_order() -> None:
    """The cheapest way out is named first, and it works."""
    provider = component("p", release("1.0.0", {"x": "1"}), release("2.0.0", {"x": "2"}), depends_on=["c"])
    consumer = component("c", release("1.0.0"), release("2.0.0", needs={"x": "2"}))
    [text] = refusal(system(provider, consumer))
    assert "`required: false` on p's dependsOn c would break it up" in text
    relaxed = replace(provider, depends_on=(Dependency("c", required=False),))
    plan = make_plan(system(relaxed, consumer))
    assert [b.name for b in plan.batches] == ["p", "c"]
    assert plan.warnings == ("p does not wait for c (required: false): that closes a cycle",)


def test_an_unknown_cell_is_named_as_what_to_verify() -> None:
    """Where a lockstep exists only because something is not known, knowing it is the way out."""
    contracts = system(
        component("p", Release(None, uncertain_provides=("x",)), release("2.0.0", {"x": "2"}, {"y": "2"})),
        component("c", release("1.0.0", {"y": "1"}), release("2.0.0", {"y": "2"}, {"x": "2"})),
    )
    [text] = refusal(contracts)
    assert "declaring or verifying this one cell would break it up" in text


def test_a_declared_batch_moves_together_under_its_name() -> None:
    """With what the user wrote about it."""
    contracts = declared(
        system(moving("a"), moving("b"), moving("c", depends_on=["a"])),
        DeclaredBatch("data", ("a", "b"), on_failure="park", acceptance="it works", runbook="https://run.book"),
    )
    plan = make_plan(contracts)
    assert shape(plan) == {"data": (("a", "b"), ()), "c": (("c",), ("data",))}
    batch = plan.batch("data")
    assert (batch.on_failure, batch.acceptance, batch.runbook) == ("park", "it works", "https://run.book")


def test_a_declared_batch_with_a_contract_arc_inside_must_be_lockstep() -> None:
    """Side by side, the mixed cell would come about."""
    batch = DeclaredBatch("both", ("payment", "checkout"))
    [text] = refusal(declared(provider_first(), batch))
    assert "have to switch in one moment (a declared batch" in text
    assert "take them out of batch both" in text
    able = {n: replace(c, strategy="recreate") for n, c in provider_first().components.items()}
    assert make_plan(replace(provider_first(), components=able, batches=(batch,))).batches[0].lockstep


def test_declared_batches_that_close_a_cycle_are_refused_with_its_arcs() -> None:
    """a before b before c, and a with c: no order of batches is left."""
    contracts = declared(
        system(moving("a"), moving("b", depends_on=["a"]), moving("c", depends_on=["b"])),
        DeclaredBatch("ends", ("a", "c")),
    )
    [text] = refusal(contracts)
    assert "the declared batches close a cycle: b -> ends -> b" in text
    assert "b depends on a" in text
    assert "c depends on b" in text


def test_a_cycle_may_not_be_torn_apart_by_two_declared_batches() -> None:
    """What can only move together cannot stand in two places."""
    contracts = declared(lockstep(), DeclaredBatch("one", ("a",)), DeclaredBatch("two", ("b",)))
    [text] = refusal(contracts)
    assert "a, b can only move together, and stand in different batches: one, two" in text


def test_what_a_cycle_ties_to_a_declared_batch_joins_it() -> None:
    """With a warning."""
    plan = make_plan(declared(lockstep(), DeclaredBatch("one", ("a",))))
    assert shape(plan) == {"one": (("a", "b"), ())}
    assert any(w.startswith("batch one: b joined it") for w in plan.warnings)


@pytest.mark.parametrize("name", ["rollback", "preflight", "outcome", "approval", "decide"])
def test_no_batch_takes_the_name_of_a_task_of_the_dag(name: str) -> None:
    """A component of that name gets another batch name; a declared batch is refused."""
    assert make_plan(system(moving(name))).batches[0].name == f"{name}-2"
    [text] = refusal(declared(system(moving("a")), DeclaredBatch(name, ("a",))))
    assert f"a batch cannot be called {name}" in text


def test_derived_names_never_collide() -> None:
    """Also not with a component that is called like a derived batch."""
    contracts = system(
        moving("a", depends_on=["b"]), moving("b", depends_on=["a"]), moving("a-and-1-more"), moving("c")
    )
    names = [batch.name for batch in make_plan(contracts).batches]
    assert sorted(names) == ["a-and-1-more", "a-and-1-more-2", "c"]
    assert make_plan(contracts).batch_of("a").name == "a-and-1-more-2"


def test_a_declared_batch_with_a_foreign_component_is_refused() -> None:
    """All mistakes at once: unknown member, double member, stolen name."""
    contracts = declared(
        system(moving("a"), moving("b")),
        DeclaredBatch("x", ("a", "zebra")),
        DeclaredBatch("b", ("a",)),
    )
    found = refusal(contracts)
    assert len(found) == 3
