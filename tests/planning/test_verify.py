"""The checker rejects every mutation of a valid plan that matters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from tests.planning.systems import component, lockstep, moving, provider_first, release, system, systems

from convoy.planning.contracts import Contracts, DeclaredBatch, Wish
from convoy.planning.errors import PlanError
from convoy.planning.plan import Arc, Batch, Plan
from convoy.planning.planner import make_plan
from convoy.planning.verify import verify, verify_choice


def swapped(plan: Plan) -> Iterator[tuple[str, Plan]]:
    """Two batches change places, in every way in which they can."""
    for i, j in combinations(range(len(plan.batches)), 2):
        one, other = plan.batches[i], plan.batches[j]
        order = list(plan.batches)
        order[i], order[j] = other, one
        yield f"swap {one.name}, {other.name} in the order alone", replace(plan, batches=tuple(order))
        if one.name in other.requires:
            exchanged = list(plan.batches)
            exchanged[i] = replace(one, changes=other.changes)
            exchanged[j] = replace(other, changes=one.changes)
            yield f"swap the changes of {one.name}, {other.name}", replace(plan, batches=tuple(exchanged))


def with_batch(plan: Plan, old: Batch, new: Batch) -> Plan:
    return replace(plan, batches=tuple(new if b is old else b for b in plan.batches))


def mutations(plan: Plan) -> Iterator[tuple[str, Plan]]:
    yield from swapped(plan)
    for arc in plan.arcs:
        if arc.kind != "wish":
            rest = tuple(a for a in plan.arcs if (a.dependent, a.requirement) != (arc.dependent, arc.requirement))
            yield f"drop {arc.reason}", replace(plan, arcs=rest)
            turned = Arc(arc.requirement, arc.dependent, arc.kind, arc.reason)
            if not any((a.dependent, a.requirement) == (arc.requirement, arc.dependent) for a in plan.arcs):
                yield f"turn {arc.reason}", replace(plan, arcs=(*rest, turned))
    for cell in plan.certificate:
        rest_cells = tuple(c for c in plan.certificate if c is not cell)
        yield f"drop {cell}", replace(plan, certificate=rest_cells)
        for change in (
            {"ok": not cell.ok},
            {"consumer_version": "9.9.9"},
            {"provider_version": "9.9.9"},
            {"when": "during nothing"},
            {"interface": "other"},
            {"evidence": ""},
        ):
            yield f"change {cell} to {change}", replace(plan, certificate=(*rest_cells, replace(cell, **change)))
    for batch in plan.batches:
        for required in batch.requires:
            fewer = replace(batch, requires=tuple(r for r in batch.requires if r != required))
            yield f"{batch.name} does not wait for {required}", with_batch(plan, batch, fewer)
        yield f"{batch.name} fails otherwise", with_batch(plan, batch, replace(batch, on_failure="park"))
        if batch.requires:
            yield f"{batch.name} waits twice", with_batch(plan, batch, replace(batch, requires=batch.requires * 2))
        moved = replace(batch.changes[0], to_version="9.9.9")
        yield (
            f"another version in {batch.name}",
            with_batch(plan, batch, replace(batch, changes=(moved, *batch.changes[1:]))),
        )
        yield (
            f"another start in {batch.name}",
            with_batch(
                plan,
                batch,
                replace(batch, changes=(replace(batch.changes[0], from_version="9.9.9"), *batch.changes[1:])),
            ),
        )
        yield f"{batch.name} is empty", with_batch(plan, batch, replace(batch, changes=()))
        yield f"{batch.name} twice", replace(plan, batches=(*plan.batches, batch))
        yield (
            f"{batch.name} with another way back",
            with_batch(plan, batch, replace(batch, reversible=not batch.reversible)),
        )
        if not batch.lockstep:
            yield f"{batch.name} in one moment", with_batch(plan, batch, replace(batch, lockstep=True))
        if batch.lockstep:
            yield f"{batch.name} not in one moment", with_batch(plan, batch, replace(batch, lockstep=False))
    for point in plan.points_of_no_return:
        fewer_points = tuple(p for p in plan.points_of_no_return if p is not point)
        elsewhere = tuple(replace(p, batch="elsewhere") if p is point else p for p in plan.points_of_no_return)
        yield f"{point.component} is elsewhere", replace(plan, points_of_no_return=elsewhere)
        yield f"{point.component} is no point of no return", replace(plan, points_of_no_return=fewer_points)
    yield "for another environment", replace(plan, environment="another")
    if len(plan.batches) > 1:
        yield "another way back", replace(plan, rollback_order=plan.rollback_order[::-1])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(systems(start_order=True))
def test_every_mutation_of_a_valid_plan_is_rejected(contracts: Contracts) -> None:
    """Swap batches, drop or turn arcs, change cells, versions, requirements, lockstep, the way back."""
    try:
        plan = make_plan(contracts)
    except PlanError:
        assume(False)
        return
    assert verify(plan, contracts) == []
    for what, mutated in mutations(plan):
        assert verify(mutated, contracts), what


def test_a_bound_on_what_is_in_transit_is_checked() -> None:
    """Three at once where two are allowed; a plan with lanes is fine."""
    free = system(*(moving(name) for name in "abc"))
    bound = replace(free, max_parallel=2)
    assert verify(make_plan(free), bound) == ["3 batches could be in transit at once, and 2 may be"]
    assert verify(make_plan(bound), bound) == []


def test_a_point_of_no_return_that_comes_too_early_is_rejected() -> None:
    """It has to wait for everything that can be done before it."""
    contracts = system(component("a", release("1"), replace(release("2"), reversible=False)), moving("b"))
    plan = make_plan(contracts)
    assert [batch.name for batch in plan.batches] == ["b", "a"]
    early = with_batch(plan, plan.batches[1], replace(plan.batches[1], requires=()))
    assert verify(early, contracts) == ["batch a, with no way back, does not wait for b"]


def test_a_plan_for_other_contracts_is_rejected() -> None:
    """What was proven for one world is not proven for another."""
    plan = make_plan(provider_first())
    changed = dict(provider_first().components)
    changed["payment"] = component("payment", release("1.8.0", {"payment-api": "2.4"}), release("2.0.0"))
    assert verify(plan, replace(provider_first(), components=changed)) == [
        "checkout 1.9.0 does not work with payment 2.0.0 on payment-api, during payment",
        "checkout 2.0.0 does not work with payment 2.0.0 on payment-api, during checkout",
        "checkout does not move before payment",
        "the certificate is wrong about during checkout: checkout 2.0.0 with payment 2.0.0 on payment-api",
        "the certificate is wrong about during payment: checkout 1.9.0 with payment 2.0.0 on payment-api",
        "the plan lacks the contract arc payment => checkout",
    ]


@pytest.mark.parametrize("strategy", ["rolling", "canary"])
def test_lockstep_needs_strategies_that_can(strategy: str) -> None:
    """A plan that was right for blue/green is wrong for a rolling update."""
    assert verify(make_plan(lockstep()), lockstep(strategy))


def test_coexistence_is_checked() -> None:
    """Contracts that meanwhile say that a version cannot coexist refute a rolling plan."""
    before = system(component("db", release("1.0.0"), release("2.0.0")))
    after = system(component("db", release("1.0.0"), release("2.0.0", coexists=False)))
    assert "db cannot coexist with itself and its strategy is rolling" in verify(make_plan(before), after)


def test_wishes_and_declared_batches_are_checked() -> None:
    """A plan that forgot a wish, or took a declared batch apart, is not the plan that was asked for."""
    plain = system(moving("a"), moving("b"))
    plan = make_plan(plain)
    wished = replace(plain, components={**plain.components, "a": replace(plain.components["a"], after=(Wish("b"),))})
    assert verify(plan, wished) == ["a does not come after b"]
    assert verify(plan, replace(plain, batches=(DeclaredBatch("x", ("a", "b")),))) == ["batch x is not as declared"]


def test_waiting_without_a_cause_is_rejected() -> None:
    """No barriers but the arcs."""
    plan = make_plan(system(moving("a"), moving("b")))
    waiting = with_batch(plan, plan.batches[1], replace(plan.batches[1], requires=("a",)))
    assert verify(waiting, system(moving("a"), moving("b"))) == ["batch b waits for a without an arc"]


def test_a_choice_of_versions_is_judged_by_the_states_that_it_brings_about() -> None:
    """payment alone is fine, checkout alone is not, and what is not declared is refused."""
    contracts = provider_first()
    plan = make_plan(contracts)
    assert verify_choice(plan, contracts, {"payment": "2.0.0"}) == []
    assert verify_choice(plan, contracts, {"checkout": "2.0.0"}) == [
        "checkout 2.0.0 does not work with payment 1.8.0 on payment-api, during checkout"
    ]
    assert verify_choice(plan, contracts, {"payment": "7"}) == ["payment has no declared version 7"]
    assert verify_choice(plan, contracts, {}) == []


def test_a_choice_for_a_component_that_no_batch_moves_is_refused() -> None:
    """Contracts and plan have to be of one piece."""
    plan = make_plan(system(moving("a")))
    assert verify_choice(plan, system(moving("a"), moving("b")), {"b": "2.0.0"}) == ["b is in no batch"]


def test_the_checker_shares_no_reasoning_with_the_planner() -> None:
    """It imports data types and the version ranges, and nothing else of ours."""
    import ast
    import importlib
    from pathlib import Path

    ours = set()
    for part in ("verify", "verify_pairs", "verify_limits", "verify_promises"):
        checker = importlib.import_module(f"convoy.planning.{part}")
        tree = ast.parse(Path(str(checker.__file__)).read_text(encoding="utf-8"))
        ours |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {name for name in ours if name and name.startswith("convoy")} == {
        "convoy.manifest.versions",
        "convoy.planning.collector",
        "convoy.planning.contracts",
        "convoy.planning.plan",
        "convoy.planning.verify_limits",
        "convoy.planning.verify_pairs",
        "convoy.planning.verify_promises",
    }
