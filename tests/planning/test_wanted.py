"""The least change set: against brute force, against the fixpoint of monotone ranges, and in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planning.systems import component, release, system
from tests.planning.test_inputs import CHECKOUT, PAYMENT, catalog, environment
from tests.planning.test_inputs import component as manifest

from convoy.manifest.catalog import load
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
from convoy.planning.inputs import plan_rollout
from convoy.planning.planner import make_plan
from convoy.planning.render_wanted import as_dict, as_text
from convoy.planning.verify import verify
from convoy.planning.wanted import ChangeSet, GaveUp, least_change_set, wanted_contracts
from convoy.planning.wanted_manifest import write_rollout

VERSIONS = ("1.0.0", "2.0.0", "3.0.0")
LIVE = "versions: {checkout: 1.9.0, payment: 1.8.0, mail: 1.0.0}\n"
MAIL = manifest(
    "mail",
    """\
    consumes: {payment-api: "<3"}
    versions:
      1.5.0: {notes: faster}
      2.0.0: {consumes: {payment-api: "*"}}
    """,
)


def versions(change_set: ChangeSet) -> dict[str, str]:
    return {change.component: change.to_version for change in change_set.changes}


def choosing(name: str, live: Release | None, *others: Release, want: str = "", **more: object) -> ComponentContract:
    """A component that may go to any of the other releases, or is wanted at one of them."""
    target = next((r for r in others if r.version == want), None)
    rest = tuple(r for r in others if r is not target)
    return component(name, live, target, alternatives=rest, **more)  # type: ignore[arg-type]


# Examples


def test_what_is_needed_is_found_with_the_reason_and_the_place(tmp_path: Path) -> None:
    """checkout needs the new payment; the old mail does not bear it, and its nearest version does not either."""
    made = catalog(tmp_path, PAYMENT, CHECKOUT, MAIL, environment(LIVE))
    found = least_change_set(wanted_contracts(made, "prod", {"checkout": "2.0.0"}))
    assert versions(found) == {"checkout": "2.0.0", "payment": "2.0.0", "mail": "2.0.0"}
    payment, mail = found.others
    assert payment.reason == (
        "payment has to go to 2.0.0: checkout 2.0.0 needs payment-api >=3, payment 1.8.0 offers 2.4"
    )
    assert mail.reason == (
        "mail has to go to 2.0.0, because of payment: mail 1.0.0 needs payment-api <3, payment 2.0.0 offers 3.10"
    )
    assert (payment.because_of, mail.because_of) == ("checkout", "payment")
    assert mail.nearer == ("mail 1.5.0 would not do: mail 1.5.0 needs payment-api <3, payment 2.0.0 offers 3.10",)
    file, line, _ = payment.location.rsplit(":", 2)
    assert "payment-api" in Path(file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert [batch.name for batch in found.plan.batches] == ["mail", "payment", "checkout"]


def test_nothing_else_changes_where_nothing_has_to(tmp_path: Path) -> None:
    """The new payment is live already."""
    made = catalog(tmp_path, PAYMENT, CHECKOUT, environment("versions: {checkout: 1.9.0, payment: 2.0.0}\n"))
    found = least_change_set(wanted_contracts(made, "prod", {"checkout": "2.0.0"}))
    assert versions(found) == {"checkout": "2.0.0"}
    assert "nothing else has to change" in as_text(found)


def test_live_versions_of_the_caller_count_before_those_of_the_environment(tmp_path: Path) -> None:
    """A rollout, or a look at what runs, may know better."""
    made = catalog(tmp_path, PAYMENT, CHECKOUT, environment("versions: {checkout: 1.9.0, payment: 1.8.0}\n"))
    contracts = wanted_contracts(made, "prod", {"checkout": "2.0.0"}, live={"payment": "2.0.0"})
    assert versions(least_change_set(contracts)) == {"checkout": "2.0.0"}


def test_a_component_of_unknown_version_is_not_moved_and_not_trusted(tmp_path: Path) -> None:
    """Nobody knows what a change would start from; the hint says where to declare it."""
    made = catalog(tmp_path, PAYMENT, CHECKOUT, environment("versions: {checkout: 1.9.0}\n"))
    with pytest.raises(PlanError) as caught:
        least_change_set(wanted_contracts(made, "prod", {"checkout": "2.0.0"}))
    first, second = caught.value.diagnostics
    assert first.message == "no set of changes makes checkout 2.0.0 safe"
    assert "declare which version of payment is live" in second.hint
    assert second.line > 0


def test_a_wanted_component_that_is_not_live_is_new_and_the_plan_says_so(tmp_path: Path) -> None:
    """It may just be missing from the environment's versions."""
    made = catalog(tmp_path, PAYMENT, CHECKOUT, environment("versions: {payment: 2.0.0}\n"))
    found = least_change_set(wanted_contracts(made, "prod", {"checkout": "2.0.0"}))
    assert found.plan.batches[0].changes[0].from_version is None
    assert any("checkout is taken to be new" in warning for warning in found.plan.warnings)


def test_every_mistake_in_what_is_wanted_is_reported_with_the_nearest_word(tmp_path: Path) -> None:
    """All of them at once."""
    made = catalog(tmp_path, PAYMENT, CHECKOUT, MAIL, environment(LIVE))
    wants = {"chekout": "2.0.0", "payment": "2.0.1", "mail": "v1", "checkout": "two"}
    with pytest.raises(PlanError) as caught:
        wanted_contracts(made, "prod", wants, live={"male": "1.0.0"})
    text = str(caught.value)
    assert "chekout is wanted, and there is no component of that name" in text
    assert "did you mean checkout?" in text
    assert "payment 2.0.1 is wanted, and payment has no such version" in text
    assert "did you mean 2.0.0?" in text
    assert "mail v1 is wanted, and it is live already" in text
    assert "'two' is not a version (semver)" in text
    assert "male is said to be live" in text
    assert len(caught.value.diagnostics) == 5


def test_wanting_nothing_is_an_error(tmp_path: Path) -> None:
    """Not a plan without changes."""
    with pytest.raises(PlanError, match="nothing is wanted"):
        wanted_contracts(catalog(tmp_path, PAYMENT, environment()), "prod", {})


def test_another_spelling_of_a_version_is_the_declared_one(tmp_path: Path) -> None:
    """v2 means 2.0.0."""
    made = catalog(tmp_path, PAYMENT, CHECKOUT, MAIL, environment(LIVE))
    assert wanted_contracts(made, "prod", {"payment": "v2"}).components["payment"].to_version == "2.0.0"


def test_a_forward_step_is_preferred_to_a_nearer_backward_one() -> None:
    """Both would do; nobody goes back without need."""
    provider = choosing(
        "p",
        release("2.0.0", {"x": "2"}),
        release("1.0.0", {"x": "1"}),
        release("3.0.0", {"x": "2"}),
        release("4.0.0", {"x": "1"}),
    )
    consumer = choosing("c", release("1.0.0"), release("2.0.0", needs={"x": "1"}), want="2.0.0")
    assert versions(least_change_set(system(provider, consumer))) == {"c": "2.0.0", "p": "4.0.0"}


def test_no_version_goes_back_behind_a_point_of_no_return() -> None:
    """The live version says that there is no way back from it."""
    consumer = choosing("c", release("1.0.0"), release("2.0.0", needs={"x": "1"}), want="2.0.0")
    live, older = release("2.0.0", {"x": "2"}), release("1.0.0", {"x": "1"})
    assert versions(least_change_set(system(choosing("p", live, older), consumer)))["p"] == "1.0.0"
    with pytest.raises(PlanError, match="no set of changes makes c 2.0.0 safe"):
        least_change_set(system(choosing("p", replace(live, reversible=False), older), consumer))


def test_few_components_count_before_near_versions() -> None:
    """p 2 would need q to change too; p 3 is farther and needs nobody."""
    provider = choosing(
        "p",
        release("1.0.0", {"x": "1"}),
        release("2.0.0", {"x": "2"}, {"y": "2"}),
        release("3.0.0", {"x": "2"}),
    )
    other = choosing("q", release("1.0.0", {"y": "1"}), release("2.0.0", {"y": "2"}))
    consumer = choosing("c", release("1.0.0"), release("2.0.0", needs={"x": "2"}), want="2.0.0")
    assert versions(least_change_set(system(provider, other, consumer))) == {"c": "2.0.0", "p": "3.0.0"}


def test_versions_that_only_a_forbidden_lockstep_could_reach_are_passed_over() -> None:
    """p 2 fits in the end, but neither mix does, and nobody can switch at once; p 3 still offers the old interface to
    nobody else, and the old consumer bears it."""
    consumer = choosing(
        "c", release("1.0.0", needs={"x": "1 || 3"}), release("2.0.0", needs={"x": "2 || 3"}), want="2.0.0"
    )
    provider = choosing("p", release("1.0.0", {"x": "1"}), release("2.0.0", {"x": "2"}), release("3.0.0", {"x": "3"}))
    assert versions(least_change_set(system(consumer, provider))) == {"c": "2.0.0", "p": "3.0.0"}


def test_a_missing_interface_is_provided_by_a_version_that_begins_to() -> None:
    """No link leads there, because nobody provides it today."""
    consumer = choosing("c", release("1.0.0"), release("2.0.0", needs={"x": ">=1"}), want="2.0.0")
    provider = choosing("p", release("1.0.0"), release("2.0.0", {"x": "1"}))
    [needed] = least_change_set(system(consumer, provider)).others
    assert needed.reason == "p has to go to 2.0.0: c 2.0.0 needs x >=1, and nobody provides it"


def test_stored_data_that_cannot_be_read_asks_for_a_migration() -> None:
    """Neither of the two ends can put that right: a third component does."""
    one, two = DataContract("1", "1"), DataContract("2", "2")
    store = component(
        "store",
        replace(release("1.0.0"), data={"rows": one}),
        replace(release("2.0.0"), data={"rows": two}),
        strategy="recreate",
    )
    mover = choosing(
        "mover",
        release("1.0.0"),
        replace(release("2.0.0"), data={"rows": DataContract("2", None, "1")}),
        strategy="recreate",
    )
    [needed] = least_change_set(system(store, mover)).others
    assert (needed.component, needed.to_version, needed.because_of) == ("mover", "2.0.0", "store")
    assert "wrote in 1 is still there" in needed.reason


def test_where_nothing_helps_every_requirement_in_the_way_is_named() -> None:
    """With its place."""
    consumer = choosing(
        "c",
        release("1.0.0"),
        release("2.0.0", needs={"x": Requirement("3", location="c.yaml:9:7"), "y": "1"}),
        want="2.0.0",
    )
    provider = choosing("p", release("1.0.0", {"x": "1", "y": "2"}), release("2.0.0", {"x": "2", "y": "1"}))
    with pytest.raises(PlanError) as caught:
        least_change_set(system(consumer, provider))
    text = str(caught.value)
    assert "no set of changes makes c 2.0.0 safe" in text
    assert "c.yaml:9:7: error: c cannot change alone: c 2.0.0 needs x 3, p 1.0.0 offers 1" in text


def test_a_search_that_is_too_long_says_how_far_it_came() -> None:
    """A chain of five with a budget of three choices."""
    chain = [choosing("c0", release("1.0.0"), release("2.0.0", needs={"i1": "2"}), want="2.0.0")]
    for n in range(1, 5):
        needs = {f"i{n + 1}": "2"} if n < 4 else {}
        chain.append(choosing(f"c{n}", release("1.0.0", {f"i{n}": "1"}), release("2.0.0", {f"i{n}": "2"}, needs)))
    with pytest.raises(GaveUp) as caught:
        least_change_set(system(*chain), budget=3)
    assert (caught.value.looked_at, caught.value.at_most) == (3, 2)
    assert "no set with at most 2 others is" in str(caught.value)
    assert len(least_change_set(system(*chain), budget=5).changes) == 5


def test_the_manifest_of_a_change_set_is_accepted_and_leads_to_the_same_plan(tmp_path: Path) -> None:
    """Saved beside the others, it lints without a finding."""
    made = catalog(tmp_path, PAYMENT, CHECKOUT, MAIL, environment(LIVE))
    found = least_change_set(wanted_contracts(made, "prod", {"checkout": "2.0.0"}, rollout="autumn"))
    (tmp_path / "autumn.yaml").write_text(write_rollout(found, "autumn", "prod"), encoding="utf-8")
    loaded = load([tmp_path])
    assert loaded.diagnostics == ()
    plan = plan_rollout(loaded.catalog, "autumn", "prod")
    assert plan.digest == found.plan.digest
    assert plan.to_dict() == found.plan.to_dict()


def test_what_a_manifest_quotes_cannot_break_out_of_its_comment() -> None:
    """A reason of several lines, and versions that YAML would take for numbers or dates."""
    guard = replace(
        release("1.0.0"), incompatible={"a": Incompatibility("2.0.0", "first\nsecond: {x: 1}\u2028third \u0007")}
    )
    contracts = system(
        choosing("a", release("1.0.0"), release("2.0.0"), want="2.0.0"),
        choosing("guard", guard, release("1.10")),
    )
    lines = write_rollout(least_change_set(contracts), "true", "prod").splitlines()
    assert [line for line in lines if "second" in line][0].startswith("  # guard has to go to 1.10")
    assert lines[2] == 'name: "true"'
    assert '  guard: {from: 1.0.0, to: "1.10"}' in lines


def test_text_and_json_say_the_same(tmp_path: Path) -> None:
    """Reasons and places are in both."""
    made = catalog(tmp_path, PAYMENT, CHECKOUT, MAIL, environment(LIVE))
    found = least_change_set(wanted_contracts(made, "prod", {"checkout": "2.0.0"}))
    text, document = as_text(found, width=10_000), as_dict(found)
    assert [change["wanted"] for change in document["changes"]] == [True, False, False]
    for change in document["changes"]:
        assert f"{change['reason']} ({change['location']})" in text
        assert all(sentence in text for sentence in change["nearer"])
    assert document["plan"]["digest"] == found.plan.digest


# Against brute force


@st.composite
def catalogs(draw: st.DrawFn) -> Contracts:
    """Up to five components in up to three versions, with one or two of them wanted."""
    names = [f"c{n}" for n in range(draw(st.integers(2, 5)))]
    wanted = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    components = []
    for name in names:
        releases = [_release(draw, name, version, names) for version in VERSIONS[: draw(st.integers(1, 3))]]
        live = draw(st.sampled_from(releases))
        others = [r for r in releases if r is not live]
        current: Release | None = live
        kind = draw(st.integers(0, 19))
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
                strategy=draw(st.sampled_from(["rolling", "canary", "blueGreen", "blueGreen", "recreate"])),
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
    offer = draw(st.sampled_from(["1", "2", "3", version[0], version[0], version[0], ""]))
    needs = {}
    for other in names:
        if draw(st.integers(0, 9)) < (1 if other == name else 4):
            text = draw(st.sampled_from(["*", "1 || 2", "2 || 3", "1", "2", "3", ">=2", "verified"]))
            owner = draw(st.sampled_from([None, None, other]))
            needs[f"i-{other}"] = Requirement(text, owner, optional=draw(st.integers(0, 4)) == 0)
    found = release(version, {f"i-{name}": offer} if offer else {}, dict(needs), coexists=draw(st.integers(0, 9)) > 0)
    data = {}
    if draw(st.integers(0, 3)) == 0:
        writes = draw(st.sampled_from(["1", "2", None]))
        reads = draw(st.sampled_from(["1", "2", "1 || 2"] if writes is None else ["1", "2", "1 || 2", None]))
        data["rows"] = DataContract(writes, reads, draw(st.sampled_from([None, "1"])) if writes == "2" else None)
    excluded = {}
    if draw(st.integers(0, 7)) == 0:
        excluded[draw(st.sampled_from([n for n in names if n != name]))] = Incompatibility(
            draw(st.sampled_from(["1.0.0", ">=2", ">2"]))
        )
    return replace(
        found,
        data=data,
        incompatible=excluded,
        reversible=draw(st.integers(0, 9)) > 0,
        upgrades_from=draw(st.sampled_from([None, None, None, ">=2", "<3"])),
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
                yield (
                    {name: str(c.to_version) for name, c in chosen.items()},
                    replace(contracts, components={**contracts.components, **chosen}),
                )


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
