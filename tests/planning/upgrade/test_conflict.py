"""No way: the requirements that contradict each other, against brute force over all sets of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.planning.systems import component, release, system
from tests.planning.upgrade.all_states import EveryState
from tests.planning.upgrade.many_versions import many_versions

from convoy.planning.contracts import ComponentContract, Contracts, Incompatibility, Release, Requirement
from convoy.planning.upgrade import Constraint, GaveUp, NoUpgrade, Proof, find_upgrade
from convoy.planning.upgrade.build import space_of
from convoy.planning.upgrade.conflict import reduced_conflict
from convoy.planning.upgrade.hitting import smallest_hitting_set

EXAMPLES = int(os.environ.get("CONVOY_PROPERTY_EXAMPLES", "150"))
thorough = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


@thorough
@given(many_versions(most=3))
def test_a_conflict_is_one_and_has_nothing_in_it_that_it_does_not_need(contracts: Contracts) -> None:
    """With all of its requirements and no others there is no way; without any one of them there is."""
    outcome = find_upgrade(contracts)
    assume(isinstance(outcome, NoUpgrade))
    assert isinstance(outcome, NoUpgrade)
    conflict = set(outcome.conflict.constraints)
    assert outcome.conflict.proof is Proof.SMALLEST
    assert not has_a_way(contracts, conflict)
    for constraint in conflict:
        assert has_a_way(contracts, conflict - {constraint}), constraint


@settings(thorough, max_examples=max(1, EXAMPLES // 3))
@given(many_versions(most=3))
def test_no_conflict_is_smaller(contracts: Contracts) -> None:
    """Of all sets of requirements with fewer members each leaves a way."""
    outcome = find_upgrade(contracts)
    assume(isinstance(outcome, NoUpgrade))
    assert isinstance(outcome, NoUpgrade)
    size = len(outcome.conflict.constraints)
    assume(size <= 4)
    for fewer in combinations(space_of(contracts).constraints, size - 1):
        assert has_a_way(contracts, set(fewer)), fewer


@thorough
@given(many_versions(most=3), st.integers(0, 12))
def test_with_few_searches_a_conflict_says_that_it_may_not_be_the_smallest(contracts: Contracts, calls: int) -> None:
    """It is a conflict in any case, and only as good as it says."""
    outcome = find_upgrade(contracts)
    assume(isinstance(outcome, NoUpgrade))
    conflict = reduced_conflict(space_of(contracts), 10_000, calls)
    found = set(conflict.constraints)
    assert not has_a_way(contracts, found)
    if conflict.proof is not Proof.UNREDUCED:
        assert all(has_a_way(contracts, found - {constraint}) for constraint in found)


@given(st.lists(st.integers(1, 255), max_size=7))
@settings(thorough)
def test_a_hitting_set_hits_all_and_none_is_smaller(sets: list[int]) -> None:
    """Against all sets of eight members."""
    found = smallest_hitting_set(sets)
    assert found is not None
    assert all(found & one for one in sets)
    assert found.bit_count() == min(m.bit_count() for m in range(256) if all(m & one for one in sets))


def has_a_way(contracts: Contracts, kept: Collection[Constraint]) -> bool:
    """Whether there is a way if only these requirements count, by brute force on contracts without the others."""
    targets = frozenset(c.component for c in kept if c.kind == "target")
    # What a migration removes is no requirement; that nobody writes it again at that moment is.
    watched = frozenset((c.component, c.version, c.about) for c in kept if c.kind == "migrates")
    return EveryState(loosened(contracts, kept), goals=targets, watched=watched).reachable()


def loosened(contracts: Contracts, kept: Iterable[Constraint]) -> Contracts:
    """The contracts with these requirements and no others."""
    keys = {(c.kind, c.component, c.version, c.about) for c in kept}

    def loose(name: str, found: Release) -> Release:
        def holds(kind: str, about: str = "") -> bool:
            return (kind, name, found.version, about) in keys

        data = {}
        for subject, deal in found.data.items():
            data[subject] = replace(deal, reads=deal.reads if holds("reads", subject) else None)
        return replace(
            found,
            consumes={i: r for i, r in found.consumes.items() if holds("range", i)},
            coexists=found.coexists if holds("coexists") else True,
            data=data,
            incompatible={o: e for o, e in found.incompatible.items() if holds("excludes", o)},
            upgrades_from=found.upgrades_from if holds("follows") else None,
            reversible=found.reversible or not holds("returns"),
        )

    def whole(one: ComponentContract) -> ComponentContract:
        return replace(
            one,
            current=one.current and loose(one.name, one.current),
            target=one.target and loose(one.name, one.target),
            alternatives=tuple(loose(one.name, r) for r in one.alternatives),
        )

    refuted = tuple(
        r
        for r in contracts.verifications
        if r.result != "refuted"
        or ("record", r.consumer, r.consumer_version, f"{r.provider} {r.provider_version}") in keys
    )
    components = {name: whole(one) for name, one in contracts.components.items()}
    return replace(contracts, components=components, verifications=refuted)


def test_the_sentences_of_a_conflict_have_places() -> None:
    """Who needs what, and where it is written."""
    contracts = system(
        component(
            "api",
            release("1.0.0", {"api": "1"}),
            replace(release("3.0.0", {"api": "3"}), upgrades_from="2", location="api.yaml:7:3"),
        )
    )
    outcome = find_upgrade(contracts)
    assert isinstance(outcome, NoUpgrade)
    assert [str(constraint) for constraint in outcome.conflict.constraints] == [
        "api.yaml:1:1: api has to get to 3.0.0",
        "api.yaml:7:3: api 3.0.0 can only follow 2",
    ]


@pytest.mark.parametrize("budget", [1, 3])
def test_a_search_that_gives_up_does_not_say_that_there_is_no_way(budget: int) -> None:
    """It says how many states it looked at, and how far it came."""
    steps = [
        replace(release(f"{n}.0.0", {"x": str(n)}), upgrades_from=None if n == 1 else str(n - 1)) for n in range(1, 9)
    ]
    contracts = system(component("x", steps[0], steps[-1], alternatives=tuple(steps[1:-1])))
    outcome = find_upgrade(contracts, budget=budget)
    assert isinstance(outcome, GaveUp)
    assert outcome.states == budget
    assert outcome.missing == {"x": (f"{budget + 1}.0.0", "8.0.0")}


def test_a_conflict_is_a_proof_where_the_whole_is_too_large_to_be_searched() -> None:
    """Three that exclude each other in a circle, among many that are free to go: a few states show it."""
    free = [release(f"{n}.0.0") for n in (1, 2, 3)]
    hub = [release(f"{n}.0.0", {"hub": str(n)}) for n in (1, 2, 3)]
    components = [component("hub", hub[0], hub[2], alternatives=(hub[1],))]
    circle = {"a": "b", "b": "c", "c": "a"}
    for name, other in circle.items():
        old, new = release("1.0.0"), release("2.0.0")
        components.append(component(name, old, replace(new, incompatible={other: Incompatibility("<2")})))
    for number in range(9):
        leaf = [replace(r, consumes={"hub": Requirement(f"{n} || {n + 1}")}) for n, r in enumerate(free, 1)]
        leaf[0] = replace(leaf[0], consumes=leaf[0].consumes | {"a-api": Requirement("*", optional=True)})
        components.append(component(f"leaf-{number}", leaf[0], leaf[2], alternatives=(leaf[1],)))
    outcome = find_upgrade(system(*components), budget=100)
    assert isinstance(outcome, NoUpgrade)
    assert {c.kind for c in outcome.conflict.constraints} == {"excludes", "target"}
    assert len(outcome.conflict.constraints) == 4
