"""Which other versions the same plan would carry."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planning.systems import component, provider_first, release, system, systems

from convoy.planning.alternatives import proven_versions
from convoy.planning.contracts import Contracts
from convoy.planning.errors import PlanError
from convoy.planning.planner import make_plan
from convoy.planning.verify import verify_choice


def offering(*alternatives: tuple[str, str]) -> Contracts:
    contracts = provider_first()
    payment = replace(
        contracts.components["payment"],
        alternatives=tuple(release(version, {"payment-api": offered}) for version, offered in alternatives),
    )
    return replace(contracts, components={**contracts.components, "payment": payment})


def test_versions_that_fit_all_neighbours_are_offered_in_the_order_of_the_manifest() -> None:
    """payment 2.1.0 still offers what the new checkout needs; 1.9.0 does not."""
    assert proven_versions(offering(("2.1.0", "3.1"), ("1.9.0", "2.5"), ("2.0.1", "3")), "payment") == [
        "2.1.0",
        "2.0.1",
    ]


def test_neither_the_live_nor_the_planned_version_is_an_alternative() -> None:
    """Staying is another choice, and the plan's own version is the default."""
    assert proven_versions(offering(("1.8.0", "3"), ("2.0.0", "3")), "payment") == []


def test_a_version_that_would_need_another_order_is_not_offered() -> None:
    """It may be safe, but not with this plan: here the old consumer would have to go first."""
    contracts = system(
        component(
            "p",
            release("1.0.0", {"x": "1"}),
            release("2.0.0", {"x": "1"}),
            alternatives=(release("3.0.0", {"x": "2"}),),
        ),
        component("c", release("1.0.0", needs={"x": "1"}), release("2.0.0", needs={"x": "1 || 2"})),
    )
    assert proven_versions(contracts, "p") == []


def test_a_component_that_does_not_change_has_no_alternatives() -> None:
    """Asking for them is a mistake of the caller."""
    contracts = system(component("a", release("1.0.0")))
    with pytest.raises(KeyError, match="a does not change"):
        proven_versions(contracts, "a")


@settings(max_examples=100, deadline=None)
@given(systems(start_order=True), systems(start_order=True), st.data())
def test_every_version_offered_is_proven_by_the_checker(one: Contracts, other: Contracts, data: st.DataObject) -> None:
    """With it alone in place of the planned one, every state that the plan's batches bring about is safe."""
    try:
        plan = make_plan(one)
    except PlanError:
        return
    name = data.draw(st.sampled_from(one.changing))
    releases = [r for c in other.components.values() for r in (c.current, c.target) if r is not None]
    alternatives = tuple(replace(r, version=f"3.{n}.0") for n, r in enumerate(releases))
    contracts = replace(
        one, components={**one.components, name: replace(one.components[name], alternatives=alternatives)}
    )
    planned = {n: str(contracts.components[n].to_version) for n in contracts.changing}
    for version in proven_versions(contracts, name):
        assert verify_choice(plan, contracts, {**planned, name: version}) == []


def test_a_version_without_a_way_back_is_not_offered_and_not_accepted() -> None:
    """The plan's batches count as reversible: the run would go back past the point."""
    final = replace(release("3"), reversible=False)
    contracts = system(component("a", release("1"), release("2"), alternatives=(final, release("2.5"))))
    assert proven_versions(contracts, "a") == ["2.5"]
    assert verify_choice(make_plan(contracts), contracts, {"a": "3"}) == [
        "there is no way back from a 3, and the plan does not say so"
    ]
