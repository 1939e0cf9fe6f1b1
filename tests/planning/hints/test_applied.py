"""What a hint claims is what happens when it is applied."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planning.systems import component, release, system, systems

from convoy.planning.arcs import analyse
from convoy.planning.contracts import (
    Contracts,
    DeclaredBatch,
    Dependency,
    Release,
    Verification,
    Wish,
)
from convoy.planning.errors import PlanError
from convoy.planning.hints import Hint, hints_for, hints_for_problem
from convoy.planning.hints.kinds import BATCH, MAX_PARALLEL, NO_RETURN, NOTE, ORDER, VERIFICATION
from convoy.planning.hints.trial import try_contracts
from convoy.planning.links import DATA_LINK, EXCLUSION, LEFT, MIGRATION, RECORD, Link
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan


@st.composite
def wishful(draw: st.DrawFn) -> Contracts:
    """Random systems in which some requirements go by verification, with wishes, a bound, a batch, no way back."""
    contracts = draw(systems(start_order=True))
    components = {}
    for name, c in contracts.components.items():
        after = tuple(Wish(o) for o in contracts.changing if c.changes and o != name and draw(st.integers(0, 9)) == 9)
        target = c.target and replace(_unsure(draw, c.target), reversible=draw(st.integers(0, 9)) < 9)
        components[name] = replace(c, current=c.current and _unsure(draw, c.current), target=target, after=after)
    members = tuple(name for name in contracts.changing if draw(st.integers(0, 4)) == 4)
    return replace(
        contracts,
        components=components,
        max_parallel=draw(st.sampled_from([None, None, 1, 2, 3])),
        batches=(DeclaredBatch("batch", members),) if members else (),
    )


def _unsure(draw: st.DrawFn, one: Release) -> Release:
    needs = {i: replace(r, range="verified") if draw(st.integers(0, 7)) == 7 else r for i, r in one.consumes.items()}
    return replace(one, consumes=needs)


@st.composite
def slow(draw: st.DrawFn) -> Contracts:
    """Systems that can be planned and have much that makes them slow: each component may wait for those before it."""
    names = [f"c{n}" for n in range(draw(st.integers(3, 6)))]
    components = []
    for index, name in enumerate(names):
        before = [n for n in names[:index] if draw(st.booleans())]
        kinds = {n: draw(st.sampled_from(["start", "optional", "after", "contract", "unknown"])) for n in before}
        depends = [
            Dependency(n, required=kind == "start") for n, kind in kinds.items() if kind in ("start", "optional")
        ]
        known = {f"i-{n}": "2" for n, kind in kinds.items() if kind == "contract"}
        unknown = {f"i-{n}": "verified" for n, kind in kinds.items() if kind == "unknown"}
        target = release("2.0.0", {f"i-{name}": "2"}, {**known, **unknown})
        made = component(
            name,
            release("1.0.0", {f"i-{name}": "1"}),
            replace(target, reversible=draw(st.integers(0, 5)) < 5),
            depends_on=depends,
            seconds=float(draw(st.integers(1, 30))),
        )
        components.append(replace(made, after=tuple(Wish(n) for n, kind in kinds.items() if kind == "after")))
    records = [(c.name, i[2:]) for c in components for i, r in c.target.consumes.items() if r.range == "verified"]  # type: ignore[union-attr]
    batch = draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
    return system(
        *components,
        verifications=tuple(Verification(one, "2.0.0", other, "2.0.0", "verified") for one, other in records),
        max_parallel=draw(st.sampled_from([None, None, 1, 2, 3])),
        batches=(DeclaredBatch("batch", tuple(batch)),) if len(batch) > 1 and draw(st.booleans()) else (),
    )


@settings(max_examples=300, deadline=None)
@given(st.one_of(slow(), wishful()))
def test_applying_a_hint_brings_what_it_claims(contracts: Contracts) -> None:
    """Each of them alone: the seconds saved, and whether there is a plan at all. (Orders and points of no
    return that come of data are left out: whoever reads a further version reads it from every writer, which is more
    than one change.)"""
    try:
        plan = make_plan(contracts)
    except PlanError as error:
        for hint in (hint for hint in hints_for_problem(contracts) if hint.kind != NOTE):
            applied = _verified(contracts, hint)
            if hint.makes_possible:
                make_plan(applied)
                continue
            with pytest.raises(PlanError) as caught:
                make_plan(applied)
            assert len(caught.value.diagnostics) < len(error.diagnostics)
        return
    for hint in (hint for hint in hints_for(contracts, plan) if hint.kind != NOTE):
        if hint.kind == ORDER and _comes_of_data(contracts, plan, hint):
            continue
        changed = _apply(contracts, plan, hint)
        if hint.kind == NO_RETURN and hint.about[0] in {
            point.component for point in make_plan(changed).points_of_no_return
        }:
            continue
        applied = make_plan(changed)
        assert plan.makespan - applied.makespan == pytest.approx(hint.saves)
        if "in any order" in hint.text:
            # maxParallel may still put one behind the other, but nothing else does.
            unbound = make_plan(replace(changed, max_parallel=None))
            one, other = (unbound.batch_of(hint.about[n]).name for n in (0, 2))
            assert other not in unbound.batch(one).requires
            assert one not in unbound.batch(other).requires


@settings(max_examples=200, deadline=None)
@given(st.one_of(slow(), wishful()))
def test_a_trial_without_a_change_is_the_plan(contracts: Contracts) -> None:
    """The stages of a trial are those of the planner."""
    try:
        plan = make_plan(contracts)
    except PlanError:
        with pytest.raises(PlanError):
            try_contracts(contracts)
        return
    trial = try_contracts(contracts)
    assert (trial.makespan, trial.critical_path) == (plan.makespan, plan.critical_path)
    assert {name: tuple(group.members) for name, group in trial.grouping.groups.items()} == {
        batch.name: tuple(sorted(batch.components)) for batch in plan.batches
    }


def _verified(contracts: Contracts, hint: Hint) -> Contracts:
    assert hint.kind == VERIFICATION
    return replace(contracts, verifications=(*contracts.verifications, Verification(*hint.about, "verified")))


def _comes_of_data(contracts: Contracts, plan: Plan, hint: Hint) -> bool:
    ends = {name for batch in hint.about for name in plan.batch(batch).components}
    return any(
        link.kind in (DATA_LINK, LEFT, MIGRATION) and {link.consumer.name, link.provider.name} <= ends
        for link in analyse(contracts).links
    )


def _apply(contracts: Contracts, plan: Plan, hint: Hint) -> Contracts:
    if hint.kind == VERIFICATION:
        return _verified(contracts, hint)
    if hint.kind == MAX_PARALLEL:
        return replace(contracts, max_parallel=int(hint.about[0]))
    if hint.kind == BATCH:
        return replace(contracts, batches=())
    components = dict(contracts.components)
    if hint.kind == NO_RETURN:
        [name] = hint.about
        target = components[name].target
        assert target is not None
        components[name] = replace(components[name], target=replace(target, reversible=True))
        return replace(contracts, components=components)
    assert hint.kind == ORDER
    dependents, requirements = (plan.batch(name).components for name in hint.about)
    for link in analyse(contracts).links:
        consumer, provider = link.consumer.name, link.provider.name
        c, p = components[consumer], components[provider]
        if link.kind == RECORD:
            unrefuted = tuple(r for r in contracts.verifications if (r.consumer, r.provider) != (consumer, provider))
            contracts = replace(contracts, verifications=unrefuted)
            continue
        if consumer in dependents and provider in requirements and not link.holds(1, 0):
            components[consumer] = replace(c, target=_bearing(c.target, p.current, link))
        elif provider in dependents and consumer in requirements and not link.holds(0, 1):
            components[consumer] = replace(c, current=_bearing(c.current, p.target, link))
    for name in dependents:
        c = components[name]
        components[name] = replace(
            c,
            depends_on=tuple(d for d in c.depends_on if d.name not in requirements),
            after=tuple(wish for wish in c.after if wish.name not in requirements),
        )
    return replace(contracts, components=components)


def _bearing(consuming: Release | None, providing: Release | None, link: Link) -> Release:
    """A release that works with another one too: what an expanding release would do."""
    assert consuming is not None
    if link.kind == EXCLUSION:
        return replace(
            consuming, incompatible={n: i for n, i in consuming.incompatible.items() if n != link.provider.name}
        )
    requirement = consuming.consumes[link.subject]
    offered = providing.provides.get(link.subject) if providing else None
    if offered is None:
        wider = replace(requirement, optional=True)
    else:
        accepted = "1 || 2 || 3" if requirement.range == "verified" else f"{requirement.range} || ={offered}"
        wider = replace(requirement, range=accepted)
    return replace(consuming, consumes={**consuming.consumes, link.subject: wider})
