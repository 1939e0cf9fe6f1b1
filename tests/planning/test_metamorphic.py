"""What must not matter does not matter: names, the order of documents, and components without any relation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planning.systems import MAX_COMPONENTS, moving, systems

from convoy.planning.arcs import CONTRACT, WISH
from convoy.planning.contracts import Contracts, Release, Verification
from convoy.planning.errors import PlanError
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan


def outcome(contracts: Contracts) -> Plan | None:
    try:
        return make_plan(contracts)
    except PlanError:
        return None


@settings(max_examples=80, deadline=None)
@given(systems(start_order=True), st.randoms(use_true_random=False))
def test_the_order_of_documents_does_not_matter(contracts: Contracts, random: Any) -> None:
    """The same plan to the last character."""
    names = list(contracts.components)
    random.shuffle(names)
    shuffled = replace(contracts, components={name: contracts.components[name] for name in names})
    assert outcome(shuffled) == outcome(contracts)


@settings(max_examples=80, deadline=None)
@given(systems(start_order=True), st.permutations(range(MAX_COMPONENTS)))
def test_names_do_not_matter(contracts: Contracts, order: list[int]) -> None:
    """Other names give the same batches, arcs and cells under these names."""
    new = {f"c{n}": f"d{order[n]}" for n in range(MAX_COMPONENTS)}

    def renamed_release(release: Release) -> Release:
        return replace(release, incompatible={new[name]: i for name, i in release.incompatible.items()})

    renamed = replace(
        contracts,
        components={
            new[name]: replace(
                component,
                name=new[name],
                current=component.current and renamed_release(component.current),
                target=component.target and renamed_release(component.target),
                depends_on=tuple(replace(d, name=new[d.name]) for d in component.depends_on),
            )
            for name, component in contracts.components.items()
        },
        verifications=tuple(
            replace(r, consumer=new[r.consumer], provider=new[r.provider]) for r in contracts.verifications
        ),
    )
    before, after = outcome(contracts), outcome(renamed)
    assert (before is None) == (after is None)
    if before is None or after is None:
        return
    assert {frozenset(new[c] for c in b.components) for b in before.batches} == {
        frozenset(b.components) for b in after.batches
    }
    # Wishes between batches are written as arcs between one member of each, whichever comes first by name.
    assert {(new[a.dependent], new[a.requirement], a.kind) for a in before.arcs if a.kind != WISH} == {
        (a.dependent, a.requirement, a.kind) for a in after.arcs if a.kind != WISH
    }
    assert {(new[c.consumer], c.consumer_version, new[c.provider], c.provider_version) for c in before.certificate} == {
        (c.consumer, c.consumer_version, c.provider, c.provider_version) for c in after.certificate
    }
    assert before.makespan == after.makespan


@settings(max_examples=80, deadline=None)
@given(systems(start_order=True))
def test_an_unrelated_component_does_not_matter(contracts: Contracts) -> None:
    """It gets a batch of its own, and nothing else is different, but that a point of no return waits for it too."""
    more = replace(contracts, components={**contracts.components, "zz": moving("zz", seconds=0.5)})
    before, after = outcome(contracts), outcome(more)
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        if not before.points_of_no_return:
            assert {b.name: b for b in after.batches if b.name != "zz"} == {b.name: b for b in before.batches}
        assert [a for a in after.arcs if a.kind != WISH] == [a for a in before.arcs if a.kind != WISH]
        assert [c for c in after.certificate if c.consumer != "zz"] == list(before.certificate)


@settings(max_examples=150, deadline=None)
@given(systems(), st.data())
def test_a_verification_never_makes_a_plan_worse(contracts: Contracts, data: st.DataObject) -> None:
    """Whatever is verified more: a plan stays a plan, no arc is added, no batch gets larger."""
    names = sorted(contracts.components)
    versions = st.sampled_from(["1.0.0", "2.0.0"])
    consumer, provider = data.draw(st.sampled_from(names)), data.draw(st.sampled_from(names))
    record = Verification(consumer, data.draw(versions), provider, data.draw(versions), "verified")
    before = outcome(contracts)
    after = outcome(replace(contracts, verifications=(*contracts.verifications, record)))
    if before is None:
        return
    assert after is not None
    assert {(a.dependent, a.requirement) for a in after.arcs if a.kind == CONTRACT} <= {
        (a.dependent, a.requirement) for a in before.arcs if a.kind == CONTRACT
    }
    for batch in after.batches:
        assert any(set(batch.components) <= set(b.components) for b in before.batches)
