"""The search for upgrades against brute force over all states and moves, on random systems of several versions."""

from __future__ import annotations

import os
from dataclasses import replace

from hypothesis import HealthCheck, assume, given, settings
from tests.planning.brute_force import visited
from tests.planning.upgrade.all_states import EveryState
from tests.planning.upgrade.many_versions import many_versions

from convoy.planning.contracts import Contracts
from convoy.planning.upgrade import GaveUp, NoUpgrade, Upgrade, find_upgrade
from convoy.planning.verify import verify

EXAMPLES = int(os.environ.get("CONVOY_PROPERTY_EXAMPLES", "150"))
thorough = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


@thorough
@given(many_versions())
def test_an_upgrade_is_found_exactly_if_there_is_one(contracts: Contracts) -> None:
    """Complete: what trying everything finds, the search finds, with as few moves; and nothing else."""
    outcome = find_upgrade(contracts)
    expected = EveryState(contracts).fewest_moves()
    assert not isinstance(outcome, GaveUp)
    if expected is None:
        assert isinstance(outcome, NoUpgrade)
    else:
        assert isinstance(outcome, Upgrade)
        assert (outcome.moves, not outcome.detours) == expected


@thorough
@given(many_versions())
def test_every_state_on_the_way_is_safe(contracts: Contracts) -> None:
    """Whatever order within the plans of the hops: every mix of versions, and all that is stored by then."""
    outcome = find_upgrade(contracts)
    assume(isinstance(outcome, Upgrade))
    assert isinstance(outcome, Upgrade)
    world = EveryState(contracts)
    versions = tuple(contracts.components[name].from_version for name in world.changing)
    stored = world.written(world.live(versions))
    for hop in outcome.hops:
        assert verify(hop.plan, hop.contracts) == []
        assert {c: hop.contracts.components[c].from_version for c in world.changing} == dict(
            zip(world.changing, versions, strict=True)
        )
        wanted = {name: str(to) for name, (_, to) in hop.changes.items()}
        for moved in visited(hop.plan):
            here = {n: wanted[n] if n in moved else v for n, v in zip(world.changing, versions, strict=True)}
            live = world.live(tuple(here[name] for name in world.changing))
            assert world.pairs_get_on(world.live(versions), live, set(moved)), (sorted(moved), here)
            for name in moved:
                there = world.live(versions)[name]
                left = world.left_for(name, there, stored, {name: wanted[name] for name in moved})
                assert world.reads_all(live[name], left), (name, here, left)  # type: ignore[arg-type]
        stored = world.stored_after(stored, wanted)
        versions = tuple(wanted.get(n, v) for n, v in zip(world.changing, versions, strict=True))  # type: ignore[arg-type]
    assert versions == tuple(contracts.components[name].to_version for name in world.changing)


@thorough
@given(many_versions(start_order=True))
def test_a_start_order_holds_over_all_hops(contracts: Contracts) -> None:
    """What depends on another component gets to its target after it, unless a contract or a circle says otherwise; and
    a way that keeps this is found exactly if there is one."""
    orders = start_orders(contracts)
    outcome = find_upgrade(contracts)
    expected = EveryState(contracts, orders=orders).fewest_moves()
    if expected is None:
        assert isinstance(outcome, NoUpgrade)
        return
    assert isinstance(outcome, Upgrade)
    assert (outcome.moves, not outcome.detours) == expected
    done: set[str] = set()
    for hop in outcome.hops:
        for batch in hop.plan.batches:
            done |= {c for c in batch.components if hop.changes[c][1] == contracts.components[c].to_version}
            assert all(second in done for first, second in orders if first in done)


@thorough
@given(many_versions())
def test_the_order_of_the_manifests_does_not_matter(contracts: Contracts) -> None:
    """The same hops with the same plans, or a conflict of the same size, whichever component was read first."""
    turned = replace(contracts, components=dict(reversed(contracts.components.items())))
    one, other = find_upgrade(contracts), find_upgrade(turned)
    assert type(one) is type(other)
    if isinstance(one, Upgrade) and isinstance(other, Upgrade):
        assert [hop.plan.digest for hop in one.hops] == [hop.plan.digest for hop in other.hops]
    if isinstance(one, NoUpgrade) and isinstance(other, NoUpgrade):
        assert len(one.conflict.constraints) == len(other.conflict.constraints)


def start_orders(contracts: Contracts) -> frozenset[tuple[str, str]]:
    """Who depends on whom, where nothing else joins the two, and not in a circle."""
    edges = {
        name: {
            d.name
            for d in component.depends_on
            if contracts.components[d.name].changes and not joined(contracts, name, d.name)
        }
        for name, component in contracts.components.items()
        if component.changes
    }

    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        work = [start]
        while work:
            for following in edges[work.pop()] - seen:
                seen.add(following)
                work.append(following)
        return seen

    return frozenset((name, other) for name, others in edges.items() for other in others if name not in reach(other))


def joined(contracts: Contracts, one: str, other: str) -> bool:
    """Whether one component consumes an interface of another."""
    first, second = contracts.components[one], contracts.components[other]
    interface = f"i-{other}"
    consumed = any(interface in r.consumes for r in first.releases)
    return consumed and any(interface in r.provides for r in second.releases)
