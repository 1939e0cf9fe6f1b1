"""The least change set against brute force, and against the fixpoint of monotone ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planning.systems import component, release, system

from convoy.planning.contracts import (
    ComponentContract,
    Contracts,
    DataContract,
    Incompatibility,
    Release,
    Requirement,
    Verification,
)
from convoy.planning.errors import PlanError
from convoy.planning.planner import make_plan
from convoy.planning.verify import verify
from convoy.planning.wanted.change_set import ChangeSet, GaveUp, least_change_set

VERSIONS = ("1.0.0", "2.0.0", "3.0.0")


def versions(change_set: ChangeSet) -> dict[str, str]:
    return {change.component: change.to_version for change in change_set.changes}


@st.composite
def catalogs(draw: st.DrawFn) -> Contracts:
    """Up to five components in up to three versions, with one or two of them wanted."""
    names = [f"c{n}" for n in range(draw(st.integers(2, 5)))]
    wanted = draw(st.lists(st.sampled_from(names), min_size=1, max_size=draw(st.sampled_from([1, 1, 2])), unique=True))
    components = []
    for name in names:
        releases = [
            _release(draw, name, version, names) for version in VERSIONS[: draw(st.sampled_from([1, 2, 3, 3, 3]))]
        ]
        live = draw(st.sampled_from([releases[0], releases[0], *releases]))
        others = [r for r in releases if r is not live]
        current: Release | None = live
        kind = draw(st.integers(0, 29))
        if name in wanted and not others:
            current, others = None, [live]
        elif name not in wanted and kind == 0:
            unclear = tuple(live.provides)
            current = replace(live, version=None, provides={}, uncertain_provides=unclear)
        target = draw(st.sampled_from(others)) if name in wanted else None
        components.append(
            component(
                name,
                current,
                target,
                alternatives=tuple(r for r in others if r is not target),
                strategy=draw(st.sampled_from(["rolling", *["blueGreen", "recreate"] * 3])),
                depends_on=[n for n in names if n != name and draw(st.integers(0, 7)) == 0],
            )
        )
    records = [
        Verification(*pair, draw(st.sampled_from(["verified", "refuted"])))
        for pair in draw(st.lists(st.tuples(*[st.sampled_from(names), st.sampled_from(VERSIONS)] * 2), max_size=2))
        if pair[0] != pair[2]
    ]
    return system(*components, verifications=tuple(records))


def _release(draw: st.DrawFn, name: str, version: str, names: list[str]) -> Release:
    own = version[0]
    offer = draw(st.sampled_from(["1", "3", "", *[own] * 9]))
    needs = {}
    for other in names:
        if draw(st.integers(0, 9)) < (1 if other == name else 5):
            fitting = [own, f">={own}", f"<={own}", f"{own} || 2"]
            text = draw(st.sampled_from(["*", "1 || 2", "2 || 3", *fitting * 4, *["verified"] * (other == names[0])]))
            owner = draw(st.sampled_from([None, None, other]))
            needs[f"i-{other}"] = Requirement(text, owner, optional=draw(st.integers(0, 4)) == 0)
    found = release(version, {f"i-{name}": offer} if offer else {}, dict(needs), coexists=draw(st.integers(0, 19)) > 0)
    data = {}
    if draw(st.integers(0, 5)) == 0:
        writes = draw(st.sampled_from(["1", "2", None]))
        reads = draw(st.sampled_from(["1", "2", "1 || 2"] if writes is None else ["1", "2", "1 || 2", None]))
        data["rows"] = DataContract(writes, reads, draw(st.sampled_from([None, "1"])) if writes == "2" else None)
    excluded = {}
    if draw(st.integers(0, 14)) == 0:
        excluded[draw(st.sampled_from([n for n in names if n != name]))] = Incompatibility(
            draw(st.sampled_from(["1.0.0", ">=2", ">2"]))
        )
    return replace(
        found,
        data=data,
        incompatible=excluded,
        reversible=draw(st.integers(0, 9)) > 0,
        upgrades_from=draw(st.sampled_from([*[None] * 20, ">=2", "<3"])),
    )


def every_choice(contracts: Contracts) -> Iterator[tuple[dict[str, str], Contracts]]:
    """All versions of all subsets of the components that are not wanted, small subsets first."""
    free = [c for c in contracts.components.values() if not c.changes and c.from_version is not None]
    for size in range(len(free) + 1):
        for subset in combinations(free, size):
            for releases in product(*(c.alternatives for c in subset)):
                chosen = {
                    c.name: replace(c, target=r, alternatives=tuple(a for a in c.alternatives if a is not r))
                    for c, r in zip(subset, releases, strict=True)
                }
                yield {name: str(c.to_version) for name, c in chosen.items()}, _of(contracts, chosen)


def _of(contracts: Contracts, chosen: dict[str, ComponentContract]) -> Contracts:
    """As for a rollout from manifests: of unchanged components only that counts which a changing one deals with."""
    components = {**contracts.components, **chosen}
    touched = {s for c in components.values() if c.changes for r in c.releases for s in r.subjects}
    return replace(contracts, components={n: c if c.changes else c.only(touched) for n, c in components.items()})


def cost(contracts: Contracts, chosen: dict[str, str]) -> tuple[int, int, int] | None:
    """Components, steps back, and steps in all; None where a way back is asked for that there is none."""
    back = steps = 0
    for name, version in chosen.items():
        c = contracts.components[name]
        known = sorted(str(r.version) for r in c.releases)
        here, there = known.index(str(c.from_version)), known.index(version)
        assert c.current is not None
        if there < here and not c.current.reversible:
            return None
        back, steps = back + (there < here), steps + abs(there - here)
    return len(chosen), back, steps


def best(contracts: Contracts) -> tuple[int, int, int] | None:
    """The cost of the best choice that can be planned; None where there is none."""
    costs = []
    for chosen, candidate in every_choice(contracts):
        price = cost(contracts, chosen)
        if price is None or (costs and len(chosen) > min(costs)[0]):
            continue
        try:
            make_plan(candidate)
        except PlanError:
            continue
        costs.append(price)
    return min(costs, default=None)


@settings(max_examples=300, deadline=None)
@given(catalogs())
def test_no_smaller_and_no_nearer_set_can_be_planned(contracts: Contracts) -> None:
    """Brute force over all subsets and versions agrees: on the size, on the versions, and on where there is none."""
    expected = best(contracts)
    try:
        found = least_change_set(contracts)
    except GaveUp:
        raise
    except PlanError:
        assert expected is None
        return
    chosen = {change.component: change.to_version for change in found.others}
    assert cost(contracts, chosen) == expected
    assert found.nearest
    assert verify(found.plan, found.contracts) == []


@settings(max_examples=100, deadline=None)
@given(catalogs(), st.randoms(use_true_random=False))
def test_the_order_of_the_documents_does_not_matter(contracts: Contracts, random: st.DrawFn) -> None:
    """Nor does that of the versions in them."""
    shuffled = list(contracts.components.values())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    turned = {c.name: replace(c, alternatives=c.alternatives[::-1]) for c in shuffled}
    try:
        found = versions(least_change_set(contracts))
    except PlanError:
        with pytest.raises(PlanError):
            least_change_set(replace(contracts, components=turned))
        return
    assert versions(least_change_set(replace(contracts, components=turned))) == found


@settings(max_examples=200, deadline=None)
@given(catalogs())
def test_every_change_has_a_reason_that_leads_back_to_what_was_wanted(contracts: Contracts) -> None:
    """Each other change names one that stands before it."""
    try:
        found = least_change_set(contracts)
    except PlanError:
        return
    before: set[str] = set()
    for change in found.changes:
        assert change.asked_for == contracts.components[change.component].changes
        assert change.asked_for or change.because_of in before
        assert change.component in change.reason
        assert change.to_version in change.reason
        before.add(change.component)
    assert before == set(found.contracts.changing)


# Monotone ranges


@st.composite
def monotone(draw: st.DrawFn) -> tuple[Contracts, dict[tuple[str, str], list[tuple[int, int]]]]:
    """Every component is live at its first version and offers its own version; both ends of every range grow with the
    consumer's version. Everybody can switch at once, so only the versions decide."""
    names = [f"c{n}" for n in range(draw(st.integers(2, 5)))]
    count = len(VERSIONS)
    edges: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for consumer, provider in ((c, p) for c in names for p in names if c != p):
        if draw(st.booleans()):
            lows = [0, *sorted(draw(st.lists(st.integers(0, count - 1), min_size=count - 1, max_size=count - 1)))]
            highs = sorted(draw(st.lists(st.integers(0, count - 1), min_size=count, max_size=count)))
            edges[consumer, provider] = [(low, max(low, high)) for low, high in zip(lows, highs, strict=True)]
    components = []
    for name in names:
        releases = [
            release(
                version,
                {f"i-{name}": str(n)},
                {f"i-{p}": f">={edges[c, p][n][0]} <={edges[c, p][n][1]}" for c, p in edges if c == name},
            )
            for n, version in enumerate(VERSIONS)
        ]
        components.append(component(name, releases[0], None, alternatives=tuple(releases[1:]), strategy="blueGreen"))
    wanted = components[0]
    target = draw(st.sampled_from(wanted.alternatives))
    components[0] = replace(
        wanted, target=target, alternatives=tuple(r for r in wanted.alternatives if r is not target)
    )
    return system(*components), edges


def fixpoint(contracts: Contracts, edges: dict[tuple[str, str], list[tuple[int, int]]]) -> dict[str, int] | None:
    """Raise a provider to the least that its consumer needs, and a consumer until it bears its provider."""
    at = {name: VERSIONS.index(str(c.to_version or c.from_version)) for name, c in contracts.components.items()}
    fixed = set(contracts.changing)
    changed = True
    while changed:
        changed = False
        for (consumer, provider), ranges in edges.items():
            low, high = ranges[at[consumer]]
            raised, to = (provider, low) if at[provider] < low else (consumer, at[consumer] + 1)
            if low <= at[provider] <= high:
                continue
            if raised in fixed or to >= len(VERSIONS):
                return None
            at[raised], changed = to, True
    return at


@settings(max_examples=300, deadline=None)
@given(monotone())
def test_for_monotone_ranges_the_result_is_the_least_fixpoint(
    made: tuple[Contracts, dict[tuple[str, str], list[tuple[int, int]]]],
) -> None:
    """The unique least upgrade, as the theory says."""
    contracts, edges = made
    expected = fixpoint(contracts, edges)
    try:
        found = versions(least_change_set(contracts))
    except PlanError:
        assert expected is None
        return
    assert expected is not None
    assert found == {name: VERSIONS[n] for name, n in expected.items() if n or contracts.components[name].changes}
