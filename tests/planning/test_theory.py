"""The planner against brute force over all states and orders, on random systems."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.planning.brute_force import World, visited
from tests.planning.systems import systems

from convoy.planning.arcs import analyse
from convoy.planning.closures import change_set, in_order, rollback_batches, rollback_set
from convoy.planning.contracts import Contracts
from convoy.planning.contracts_json import contracts_from_dict, contracts_to_dict
from convoy.planning.errors import PlanError
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan
from convoy.planning.verify import verify, verify_choice

EXAMPLES = int(os.environ.get("CONVOY_PROPERTY_EXAMPLES", "150"))
thorough = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


def planned(contracts: Contracts) -> Plan | None:
    try:
        return make_plan(contracts)
    except PlanError:
        return None


@thorough
@given(systems())
def test_every_state_that_a_plan_can_pass_through_is_safe(contracts: Contracts) -> None:
    """Prefixes, mixes in transit, batches side by side: none is unsafe."""
    plan = planned(contracts)
    assume(plan is not None)
    assert plan is not None
    world = World(contracts)
    for state in visited(plan):
        assert state == frozenset() or world.safe(state), sorted(state)


@thorough
@given(systems())
def test_there_is_a_plan_exactly_if_there_is_a_safe_way(contracts: Contracts) -> None:
    """No plan is refused that brute force finds a way for, and none is given where it finds none."""
    plan = planned(contracts)
    assert (plan is not None) == (World(contracts).longest_way() is not None)


@thorough
@given(systems())
def test_the_batches_are_the_finest_possible(contracts: Contracts) -> None:
    """No safe way has more steps than the plan has batches."""
    plan = planned(contracts)
    assume(plan is not None)
    assert plan is not None
    assert len(plan.batches) == World(contracts).longest_way()


@thorough
@given(systems(), st.data())
def test_undoing_in_reverse_order_passes_through_safe_states_only(contracts: Contracts, data: st.DataObject) -> None:
    """From any batch that fails in transit, back to where the run began."""
    plan = planned(contracts)
    assume(plan is not None)
    assert plan is not None
    world = World(contracts)
    failed = data.draw(st.integers(0, len(plan.batches) - 1))
    live = {c for batch in plan.batches[: failed + 1] for c in batch.components}
    for name in plan.rollback_order[len(plan.batches) - 1 - failed :]:
        batch = plan.batch(name)
        for component in batch.components:
            live.discard(component)
            if not batch.lockstep:
                assert not live or world.safe(frozenset(live))
        assert not live or world.safe(frozenset(live))


@thorough
@given(systems(), st.data())
def test_the_change_set_is_the_least_safe_one(contracts: Contracts, data: st.DataObject) -> None:
    """What has to change along with a wish is the unique least safe superset."""
    plan = planned(contracts)
    assume(plan is not None)
    assert plan is not None
    wanted = frozenset(data.draw(st.lists(st.sampled_from(contracts.changing), min_size=1, unique=True)))
    world = World(contracts)
    closure = change_set(plan.arcs, wanted)
    # Arcs speak of mixed cells between components that change; the whole change set is safe, so the closure is.
    assert closure == world.least_safe_superset(wanted)


@thorough
@given(systems(), st.data())
def test_the_rollback_set_is_the_least_one(contracts: Contracts, data: st.DataObject) -> None:
    """If a change has to go back, exactly those go with it without which the rest would be unsafe."""
    plan = planned(contracts)
    assume(plan is not None)
    assert plan is not None
    world = World(contracts)
    everything = frozenset(contracts.changing)
    undone = data.draw(st.sampled_from(contracts.changing))
    back = rollback_set(plan.arcs, [undone], everything)
    keepable = [
        kept for kept in map(frozenset, _subsets(sorted(everything - {undone}))) if not kept or world.safe(kept)
    ]
    assert everything - back == max(keepable, key=len)
    batch = plan.batch_of(undone).name
    batches = rollback_batches(plan, batch, [b.name for b in plan.batches])
    assert {c for name in batches for c in plan.batch(name).components} == back
    assert list(batches) == [name for name in plan.rollback_order if name in batches]


def _subsets(names: list[str]) -> list[list[str]]:
    return [[n for bit, n in enumerate(names) if mask >> bit & 1] for mask in range(2 ** len(names))]


@thorough
@given(systems(start_order=True))
def test_the_checker_accepts_every_plan(contracts: Contracts) -> None:
    """Also with start order, whose cycles make batches without lockstep; and with the contracts from JSON."""
    plan = planned(contracts)
    assume(plan is not None)
    assert plan is not None
    assert verify(plan, contracts) == []
    assert verify(Plan.from_dict(plan.to_dict()), contracts_from_dict(contracts_to_dict(contracts))) == []
    assert (
        verify_choice(plan, contracts, {c: str(contracts.components[c].to_version) for c in contracts.changing}) == []
    )


@thorough
@given(systems(start_order=True))
def test_every_arc_is_finish_to_start(contracts: Contracts) -> None:
    """The requirement's batch is done before the dependent's begins, or the two are one batch."""
    plan = planned(contracts)
    assume(plan is not None)
    assert plan is not None
    for arc in plan.arcs:
        dependent, requirement = plan.batch_of(arc.dependent), plan.batch_of(arc.requirement)
        assert dependent.name == requirement.name or requirement.name in dependent.requires


@thorough
@given(systems(), st.data())
def test_running_a_part_of_a_plan_is_accepted_only_if_it_is_safe(contracts: Contracts, data: st.DataObject) -> None:
    """Components that stay where they are: the checker agrees with brute force over what the batches pass through."""
    plan = planned(contracts)
    assume(plan is not None)
    assert plan is not None
    part = data.draw(st.lists(st.sampled_from(contracts.changing), unique=True))
    chosen = {name: str(contracts.components[name].to_version) for name in part}
    world = World(contracts.choose(chosen))
    safe = all(not (s & set(part)) or world.safe(s & frozenset(part)) for s in visited(plan))
    assert (verify_choice(plan, contracts, chosen) == []) == safe


@thorough
@given(systems(start_order=True))
def test_sorted_components_of_a_safe_plan_need_no_order_of_their_own(contracts: Contracts) -> None:
    """Where every batch is single, the arcs themselves order the components as the plan does."""
    plan = planned(contracts)
    assume(plan is not None and all(len(b.changes) == 1 for b in plan.batches))
    assert plan is not None
    order = in_order(plan.arcs, contracts.changing)
    position = {name: i for i, name in enumerate(order)}
    assert all(position[a.requirement] < position[a.dependent] for a in analyse(contracts).arcs)
