"""Where a rollout may stop: nothing in transit, and everything that is finished has what it requires."""

from __future__ import annotations

from hypothesis import assume, given, settings
from tests.planning.brute_force import World
from tests.planning.systems import moving, provider_first, system, systems

from convoy.planning.contracts import Contracts
from convoy.planning.errors import PlanError
from convoy.planning.parking import park_problems, park_states
from convoy.planning.planner import make_plan


@settings(max_examples=150, deadline=None)
@given(systems())
def test_every_park_state_is_safe(contracts: Contracts) -> None:
    """Against brute force; and the checker of parking agrees."""
    try:
        plan = make_plan(contracts)
    except PlanError:
        assume(False)
        return
    world = World(contracts)
    for done in park_states(plan):
        state = frozenset(c for name in done for c in plan.batch(name).components)
        assert not state or world.safe(state)
        assert park_problems(plan, done) == []


def test_what_is_in_transit_has_to_finish_or_go_back() -> None:
    """Half a batch is no place to stop."""
    plan = make_plan(provider_first())
    assert park_problems(plan, ["payment"], ["checkout"]) == ["checkout is in transit: let it finish, or undo it"]


def test_a_finished_batch_without_what_it_requires_is_no_place_to_stop() -> None:
    """Nobody should get there; if somebody did, it is said."""
    plan = make_plan(provider_first())
    assert park_problems(plan, ["checkout"]) == ["checkout is finished and needs payment, which is not"]


def test_there_is_one_more_place_than_batches() -> None:
    """Before the first, and behind each."""
    plan = make_plan(system(moving("a"), moving("b")))
    assert list(park_states(plan)) == [(), ("a",), ("a", "b")]
