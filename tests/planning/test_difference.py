"""The difference of plans: empty for the same, complete for everything else, and readable in three forms."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from tests.planning.formats.plans import final, hostile, large
from tests.planning.shop import shop
from tests.planning.systems import systems

from convoy.manifest.models.base import format_duration
from convoy.planning.contracts import Contracts, Effort
from convoy.planning.difference import Difference, Entry, compare
from convoy.planning.difference_forms import FORMS, as_json, as_markdown, as_text
from convoy.planning.errors import PlanError
from convoy.planning.formats.markdown import MAX_CHARACTERS
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan


def without(contracts: Contracts, name: str) -> Contracts:
    return replace(contracts, components={n: c for n, c in contracts.components.items() if n != name}, batches=())


def entries(difference: Difference, section: str) -> list[tuple[str, str, str | None, str | None]]:
    return [(e.sign, e.subject, e.old, e.new) for e in difference.section(section)]


def said(plan: Plan) -> Any:
    """Everything that a plan says, in no particular order, without places in files, to the millisecond."""
    return (
        (plan.rollout, plan.environment),
        [
            (replace(b, expected_seconds=0.0, requires=()), set(b.requires), format_duration(b.expected_seconds))
            for b in plan.batches
        ],
        sorted((a.dependent, a.requirement, a.kind, a.reason) for a in plan.arcs),
        sorted(map(str, plan.certificate)),
        (plan.rollback_order, plan.critical_path),
        (format_duration(plan.makespan), format_duration(plan.lower_bound)),
        sorted(plan.warnings),
        sorted(map(str, plan.points_of_no_return)),
        (f"{plan.blast_radius.changed:g}", sorted(map(str, plan.blast_radius.affected))),
    )


def plan_of(contracts: Contracts) -> Plan | None:
    try:
        return make_plan(contracts)
    except PlanError:
        return None


@settings(deadline=None, max_examples=30)
@given(systems(), systems())
def test_it_is_empty_exactly_if_the_plans_say_the_same(one: Contracts, other: Contracts) -> None:
    """Of any two plans; and a plan says the same as itself."""
    old, new = plan_of(one), plan_of(other)
    assume(old is not None)
    assert old is not None
    assert compare(old, old).empty
    if new is not None:
        assert compare(old, new).empty == (said(old) == said(new))


CHANGES: list[Callable[[Plan], Plan]] = [
    lambda p: replace(p, rollout="other"),
    lambda p: replace(p, environment="other"),
    lambda p: replace(p, batches=(replace(p.batches[0], expected_seconds=99.0), *p.batches[1:])),
    lambda p: replace(p, batches=(replace(p.batches[0], lockstep=True), *p.batches[1:])),
    lambda p: replace(p, batches=(replace(p.batches[0], on_failure="ask"), *p.batches[1:])),
    lambda p: replace(p, batches=(replace(p.batches[0], reversible=False), *p.batches[1:])),
    lambda p: replace(p, batches=(replace(p.batches[0], runbook="https://r"), *p.batches[1:])),
    lambda p: replace(p, batches=(replace(p.batches[0], acceptance="all is well"), *p.batches[1:])),
    lambda p: replace(p, batches=(*p.batches[:-1], replace(p.batches[-1], requires=()))),
    lambda p: replace(p, batches=(p.batches[1], p.batches[0], *p.batches[2:])),
    lambda p: replace(p, batches=p.batches[:-1]),
    lambda p: replace(p, arcs=p.arcs[1:]),
    lambda p: replace(p, arcs=(replace(p.arcs[0], reason="because"), *p.arcs[1:])),
    lambda p: replace(p, arcs=(*p.arcs, p.arcs[0])),
    lambda p: replace(p, certificate=p.certificate[1:]),
    lambda p: replace(p, certificate=(replace(p.certificate[0], ok=False), *p.certificate[1:])),
    lambda p: replace(p, certificate=(replace(p.certificate[0], evidence="trust me"), *p.certificate[1:])),
    lambda p: replace(p, rollback_order=p.rollback_order[::-1]),
    lambda p: replace(p, critical_path=p.critical_path[1:]),
    lambda p: replace(p, makespan=p.makespan + 1),
    lambda p: replace(p, lower_bound=p.lower_bound + 1),
    lambda p: replace(p, warnings=(*p.warnings, "beware")),
    lambda p: replace(p, warnings=(*p.warnings, p.warnings[0])),
    lambda p: replace(p, points_of_no_return=()),
    lambda p: replace(p, points_of_no_return=(replace(p.points_of_no_return[0], reason="so"),)),
    lambda p: replace(p, blast_radius=replace(p.blast_radius, changed=99.0)),
    lambda p: replace(p, blast_radius=replace(p.blast_radius, affected=())),
    lambda p: replace(
        p, blast_radius=replace(p.blast_radius, affected=(replace(p.blast_radius.affected[0], hard=False),))
    ),
]


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_no_change_of_any_field_goes_unseen(number: int) -> None:
    """Both ways, and in every form."""
    old = final()
    new = CHANGES[number](old)
    assert new != old
    for difference in (compare(old, new), compare(new, old)):
        assert not difference.empty
        for form in FORMS.values():
            assert "no difference" not in form(difference)


def test_places_in_files_are_no_difference() -> None:
    """A manifest that was only moved or reformatted changes no plan."""
    old = make_plan(shop())
    new = replace(old, arcs=tuple(replace(arc, location="elsewhere.yaml:1:1") for arc in old.arcs))
    assert compare(old, new).empty
    assert as_text(compare(old, new)) == "Rollout spring in prod: no difference\n"


def test_components_come_go_and_change_their_versions() -> None:
    """With both versions."""
    contracts = shop()
    cache = contracts.components["cache"]
    assert cache.target is not None
    newer = replace(cache, target=replace(cache.target, version="7.4.0"))
    changed = without(replace(contracts, components={**contracts.components, "cache": newer}), "ads")
    difference = compare(make_plan(contracts), make_plan(changed))
    assert entries(difference, "components") == [
        ("-", "ads", "new -> 1.0.0", None),
        ("~", "cache", "7.0.0 -> 7.2.0", "7.0.0 -> 7.4.0"),
    ]


def test_a_new_order_has_its_reason() -> None:
    """From the side that waits."""
    difference = compare(make_plan(shop()), final())
    waiting = next(e for e in difference.section("order") if e.subject == "payment" and e.new == "waits for edge")
    reason = "edge before payment: there is no way back from payment, so it comes as late as it can"
    assert waiting == Entry("order", "payment", None, "waits for edge", (reason,))


def test_times_and_risks_are_compared() -> None:
    """Expected time, critical path, points of no return, blast radius."""
    difference = compare(make_plan(shop()), final())
    assert ("~", "expected", "4m30s", "5m15s") in entries(difference, "schedule")
    assert any(e.subject == "point of no return: payment (batch payment)" for e in difference.section("risk"))
    assert any(e.subject == "affected: mobile" and e.sign == "+" for e in difference.section("risk"))


def test_the_same_steps_for_other_reasons_are_told_apart() -> None:
    """Equal digests, and still something to read."""
    old = make_plan(shop())
    new = replace(old, warnings=(*old.warnings, "beware"))
    difference = compare(old, new)
    assert difference.same_steps
    assert not difference.empty
    assert "1 difference, and the same steps (equal digests)" in as_text(difference)


def test_the_other_way_round_signs_are_turned() -> None:
    """What was added is removed."""
    old, new = make_plan(shop()), final()
    turned = {"+": "-", "-": "+", "~": "~"}
    there = sorted((e.section, e.sign, e.subject, str(e.old), str(e.new)) for e in compare(old, new).entries)
    back = sorted((e.section, turned[e.sign], e.subject, str(e.new), str(e.old)) for e in compare(new, old).entries)
    assert there == back


def test_json_has_every_entry() -> None:
    """And says whether anything differs at all."""
    difference = compare(make_plan(shop()), final())
    document = json.loads(as_json(difference))
    assert not document["same"]
    assert len(document["entries"]) == len(difference.entries)
    assert {"section", "sign", "subject", "old", "new", "why"} == set(document["entries"][0])


def test_text_fits_into_100_columns_and_says_nothing_twice() -> None:
    """Reasons stand under the order, not a second time as arcs."""
    text = as_text(compare(make_plan(shop()), final()))
    assert max(map(len, text.splitlines())) <= 100
    reason = "edge before payment: there is no way back from payment, so it comes as late as it can"
    assert " ".join(text.split()).count(reason) == 1


def test_a_slower_component_is_seen() -> None:
    """Durations are part of what reviewers agree to."""
    contracts = shop()
    slow = replace(contracts.components["cart"], effort=Effort(50.0))
    found = compare(
        make_plan(contracts), make_plan(replace(contracts, components={**contracts.components, "cart": slow}))
    )
    assert ("~", "cart: expected", "45s", "50s") in entries(found, "batches")


def test_a_large_difference_still_fits_into_a_comment() -> None:
    """What is left out is said."""
    text = as_markdown(compare(large(300), large(301, name="other")))
    assert len(text) <= MAX_CHARACTERS
    assert "more; the JSON form has all" in text


def test_hostile_text_stays_text_in_a_comment() -> None:
    """The same escapes as in the comment of a plan."""
    text = as_markdown(compare(make_plan(shop()), hostile()))
    assert "<b onclick" not in text
    assert "@octocat" not in text
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows
    assert all(row.replace("\\\\", "").replace("\\|", "").count("|") == 5 for row in rows)
