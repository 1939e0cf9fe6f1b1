"""The least change set in examples, its reasons, its manifest, and what is said where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.planning.systems import component, release, system
from tests.planning.test_inputs import CHECKOUT, PAYMENT, catalog, environment
from tests.planning.test_inputs import component as manifest

from convoy.manifest.catalog import load
from convoy.planning.contracts import (
    ComponentContract,
    DataContract,
    Incompatibility,
    Release,
    Requirement,
)
from convoy.planning.errors import PlanError
from convoy.planning.inputs import plan_rollout
from convoy.planning.wanted.change_set import ChangeSet, GaveUp, least_change_set, wanted_contracts
from convoy.planning.wanted.manifest import write_rollout
from convoy.planning.wanted.render import as_dict, as_text

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
    with pytest.raises(PlanError, match=r"no set of changes makes c 2\.0\.0 safe"):
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


def test_the_nearest_versions_are_those_of_all_components_together() -> None:
    """The nearer p asks for a far q; the farther p asks for a near one, and that is less in all."""
    offers = [release(f"{n}.0.0", {"y": str(n)}) for n in range(1, 5)]
    provider = choosing(
        "p",
        release("1.0.0", {"x": "1"}),
        release("2.0.0", {"x": "2"}, {"y": ">=4"}),
        release("3.0.0", {"x": "2"}, {"y": ">=2"}),
    )
    consumer = choosing("c", release("1.0.0"), release("2.0.0", needs={"x": "2"}), want="2.0.0")
    found = least_change_set(system(provider, choosing("q", *offers), consumer))
    assert versions(found) == {"c": "2.0.0", "p": "3.0.0", "q": "2.0.0"}


def test_versions_that_only_a_forbidden_lockstep_could_reach_are_passed_over() -> None:
    """With p 2 everything fits in the end, but neither mix does, and nobody can switch at once."""
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
    assert "no set with at most 2 others is safe; a larger set may be" in str(caught.value)
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
    assert next(line for line in lines if "second" in line).startswith("  # guard has to go to 1.10")
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
