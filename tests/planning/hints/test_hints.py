"""Hints in examples: what they say, and what is no hint."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.planning.systems import component, lockstep, moving, provider_first, release, system

from convoy.planning.contracts import (
    ComponentContract,
    Contracts,
    DataContract,
    DeclaredBatch,
    Dependency,
    Release,
    Requirement,
    Verification,
    Wish,
)
from convoy.planning.errors import PlanError
from convoy.planning.hints import Hint, hints_for, hints_for_problem
from convoy.planning.hints import parallelism as hints_parallelism
from convoy.planning.hints import verification as hints_verification
from convoy.planning.hints.kinds import NOTE, ORDER, VERIFICATION
from convoy.planning.planner import make_plan

ASKED = Requirement("verified", location="checkout.yaml:9:7")


def hints(contracts: Contracts) -> tuple[Hint, ...]:
    return hints_for(contracts, make_plan(contracts))


def texts(contracts: Contracts) -> list[str]:
    return [hint.text for hint in hints(contracts)]


def asking(*records: tuple[str, str], strategy: str = "blueGreen") -> Contracts:
    """checkout works with what it was verified with: pairs of versions of checkout and payment."""
    return system(
        component("payment", release("1.8.0", {"api": "2"}), release("2.0.0", {"api": "3"}), strategy=strategy),
        component(
            "checkout",
            release("1.9.0", needs={"api": ASKED}),
            release("2.0.0", needs={"api": ASKED}),
            strategy=strategy,
            seconds=30.0,
        ),
        verifications=tuple(Verification("checkout", one, "payment", other, "verified") for one, other in records),
    )


# Verification


def test_a_verification_that_frees_an_order_says_so_and_what_it_saves() -> None:
    """With the place where the requirement is written."""
    contracts = asking(("2.0.0", "2.0.0"), ("1.9.0", "2.0.0"))
    [hint] = hints(contracts)
    assert hint.text == (
        "verifying checkout 2.0.0 with payment 1.8.0 would let payment and checkout move in any order (saves 10s)"
    )
    assert hint.location == "checkout.yaml:9:7"
    assert (hint.kind, hint.about, hint.saves) == (VERIFICATION, ("checkout", "2.0.0", "payment", "1.8.0"), 10.0)


def test_a_verification_that_breaks_up_a_lockstep_batch_says_so() -> None:
    """Each of the two mixed cells alone does; one after the other takes longer than together."""
    found = hints(asking(("2.0.0", "2.0.0")))
    assert [hint.text for hint in found] == [
        f"verifying checkout {one} with payment {other} would break up the lockstep batch checkout-and-1-more "
        "(takes 10s longer)"
        for one, other in (("1.9.0", "2.0.0"), ("2.0.0", "1.8.0"))
    ]


def test_a_verification_that_makes_a_rollout_possible_says_so() -> None:
    """The pair in the end is the one that is missing."""
    contracts = asking(("2.0.0", "1.8.0"), ("1.9.0", "2.0.0"), strategy="rolling")
    with pytest.raises(PlanError):
        make_plan(contracts)
    [hint] = hints_for_problem(contracts)
    assert hint.text == "verifying checkout 2.0.0 with payment 2.0.0 would make the rollout possible"
    assert hint.makes_possible


def test_a_verification_that_is_not_enough_says_how_much_remains() -> None:
    """Two requirements are unknown in the end, and one record is about one pair."""
    contracts = asking(("2.0.0", "1.8.0"), ("1.9.0", "2.0.0"))
    other = component("mail", release("1.0.0", needs={"api": "2"}))
    both = replace(contracts, components={**contracts.components, "mail": other})
    [hint] = hints_for_problem(both)
    assert hint.text.endswith("would take away 1 of 2 problems; the others remain")
    assert not hint.makes_possible


def test_no_verification_is_asked_for_where_the_ranges_decide() -> None:
    """A record does not overrule what is declared."""
    assert [hint for hint in hints(provider_first()) if hint.kind == VERIFICATION] == []
    assert [hint for hint in hints(lockstep()) if hint.kind == VERIFICATION] == []


def test_a_pair_that_decides_nothing_is_no_hint() -> None:
    """What is live today is excused, whether anybody verified it or not."""
    everything = [("2.0.0", "2.0.0"), ("1.9.0", "2.0.0"), ("2.0.0", "1.8.0")]
    assert hints(asking(*everything)) == ()


def test_no_record_can_be_made_for_a_version_that_nobody_knows() -> None:
    """The problem itself says where to declare it."""
    unknown = Release(None, uncertain_provides=("api",))
    contracts = system(
        component("payment", unknown), component("checkout", release("1.9.0"), release("2.0.0", needs={"api": ASKED}))
    )
    assert hints_for_problem(contracts) == ()


def test_where_not_every_pair_was_tried_a_note_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence would read as: there is nothing more."""
    monkeypatch.setattr(hints_verification, "PAIRS", 1)
    monkeypatch.setattr(hints_verification, "LEAST", 1)
    found = hints(asking(("2.0.0", "2.0.0")))
    assert [hint.kind for hint in found] == [VERIFICATION, NOTE]
    assert found[-1].text == "of 2 unknown pairs of versions only the first 1 were tried"


# Parallelism


def chain(*more: ComponentContract, **rest: object) -> Contracts:
    """b waits for a by start order; both take 10 s."""
    return system(moving("a"), moving("b", depends_on=["a"]), *more, **rest)


def test_a_start_order_on_the_critical_path_is_named_with_the_way_out() -> None:
    """It is there only because there is no contract."""
    [hint] = hints(chain())
    assert hint.text == (
        "no dependsOn from b to a, or a contract between the two that fits in every mix of versions, would save 10s"
    )
    assert (hint.kind, hint.about, hint.location) == (ORDER, ("b", "a"), "b.yaml:3:5")


def test_a_contract_on_the_critical_path_asks_for_a_release_in_between() -> None:
    """With the cell that does not fit."""
    assert texts(provider_first()) == [
        "a release in between that makes this fit (expand, then contract): "
        "checkout 2.0.0 needs payment-api >=3, payment 1.8.0 offers 2.4, would save 10s"
    ]


def test_a_wish_can_be_deleted() -> None:
    """Where it is written."""
    late = replace(moving("b"), after=(Wish("a", "r.yaml:7:3"),))
    [hint] = hints(system(moving("a"), late))
    assert str(hint) == "r.yaml:7:3: deleting the wish that a comes before b (after) would save 10s"


def test_an_optional_start_order_is_named_as_such() -> None:
    """Its `required: false` does not keep it from costing time."""
    contracts = system(moving("a"), moving("b", depends_on=[Dependency("a", required=False)]))
    assert texts(contracts) == [
        "no dependsOn from b to a (required: false), or a contract between the two that fits in every mix of versions, "
        "would save 10s"
    ]


def test_of_several_bounds_the_least_that_saves_the_most_is_named() -> None:
    """Five of 10 s: three at once take 20 s, as four do; all five take 10 s."""
    contracts = system(*(moving(f"c{n}") for n in range(5)), max_parallel=2)
    assert texts(contracts) == ["raising maxParallel from 2 to 5 would save 20s"]
    few = system(*(moving(f"c{n}") for n in range(4)), moving("long", seconds=20.0), max_parallel=2)
    assert texts(few) == ["raising maxParallel from 2 to 3 would save 10s"]


def test_a_declared_batch_that_makes_others_wait_can_be_taken_apart() -> None:
    """b waits for the slow one only because a is in one batch with it."""
    batch = DeclaredBatch("pair", ("a", "slow"), location="r.yaml:9:5")
    found = hints(chain(moving("slow", seconds=50.0), batches=(batch,)))
    assert "taking the declared batch pair apart would save 10s" in [hint.text for hint in found]


def test_a_point_of_no_return_that_comes_last_is_named() -> None:
    """It waits for everything else."""
    final = component("final", release("1.0.0"), replace(release("2.0.0"), reversible=False))
    assert texts(system(moving("a"), final)) == [
        "a way back from final, so that it need not come last (final 2.0.0 is declared as `reversible: false`), "
        "would save 10s"
    ]


def test_an_old_reader_that_bears_the_new_format_frees_the_order_and_gives_a_way_back() -> None:
    """The writer then need not come last either, behind a third component."""
    contracts = system(
        component("reader", _stores(release("1.0.0"), reads="1"), _stores(release("2.0.0"), reads="1 || 2")),
        component("writer", _stores(release("1.0.0"), writes="1"), _stores(release("2.0.0"), writes="2")),
        moving("other", seconds=5.0),
    )
    [hint] = [hint for hint in hints(contracts) if hint.kind == ORDER]
    assert hint.text == (
        "a release in between that makes this fit (expand, then contract): "
        "reader 1.0.0 reads rows 1, writer 2.0.0 writes 2, would save 10s"
    )


def _stores(one: Release, writes: str | None = None, reads: str | None = None) -> Release:
    return replace(one, data={"rows": DataContract(writes, reads)})


def test_an_order_with_two_reasons_asks_for_both() -> None:
    """One alone would change nothing."""
    late = replace(moving("b", depends_on=["a"]), after=(Wish("a"),))
    [text] = texts(system(moving("a"), late))
    assert text.startswith("all of this: ")
    assert "deleting the wish" in text
    assert "no dependsOn" in text


def test_what_costs_nothing_is_no_hint() -> None:
    """Two chains of the same length: neither alone is worth anything."""
    assert hints(system(*(moving(n) for n in "ac"), moving("b", depends_on=["a"]), moving("d", depends_on=["c"]))) == ()


def test_the_best_five_are_named_best_first() -> None:
    """Ten steps that take ever longer."""
    steps = [moving("s0", seconds=1.0)]
    steps += [moving(f"s{n}", depends_on=[f"s{n - 1}"], seconds=float(n + 1)) for n in range(1, 10)]
    found = hints(system(*steps))
    assert len(found) == 5
    saved = [hint.saves for hint in found]
    assert saved == sorted(saved, reverse=True)
    # Cut in the middle of the chain, where the two halves take about the same time.
    assert saved[0] == 27.0
    assert found[0].about == ("s7", "s6")


def test_where_not_every_change_was_tried_a_note_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for verifications."""
    monkeypatch.setattr(hints_parallelism, "TRIALS", 1)
    monkeypatch.setattr(hints_parallelism, "LEAST", 1)
    contracts = system(moving("a"), moving("b", depends_on=["a"]), moving("c", depends_on=["b"]))
    assert hints(contracts)[-1].text == "of 2 changes that may allow more parallelism 1 were tried"


def test_an_order_that_a_verification_would_free_is_named_once() -> None:
    """The verification is the better hint."""
    found = hints(asking(("2.0.0", "2.0.0"), ("1.9.0", "2.0.0")))
    assert [hint.kind for hint in found] == [VERIFICATION]


def test_hints_go_to_json() -> None:
    """With what they are about as a list."""
    [hint] = hints(chain())
    assert hint.to_dict()["about"] == ["b", "a"]
    assert hint.to_dict()["saves"] == 10.0
