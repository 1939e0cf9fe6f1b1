"""Hops of small systems: data over several of them, lockstep, detours, wishes, other targets, and notes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.planning.systems import component, release, system

from convoy.planning.contracts import Contracts, DataContract, DeclaredBatch, Release, Wish
from convoy.planning.errors import PlanError
from convoy.planning.upgrade import NoUpgrade, Upgrade, find_upgrade
from convoy.planning.upgrade.targets import toward
from convoy.planning.verify import verify


def found(contracts: Contracts) -> Upgrade:
    outcome = find_upgrade(contracts)
    assert isinstance(outcome, Upgrade)
    for hop in outcome.hops:
        assert verify(hop.plan, hop.contracts) == []
    return outcome


def changes(outcome: Upgrade) -> list[dict[str, tuple[str | None, str | None]]]:
    return [hop.changes for hop in outcome.hops]


def data(version: str, writes: str | None = None, reads: str | None = None, migrates: str | None = None) -> Release:
    return Release(version, data={"orders": DataContract(writes, reads, migrates)})


def test_one_hop_is_tried_first() -> None:
    """A plan that can be proven directly is the upgrade, though there are versions in between."""
    steps = [release(f"{n}.0.0") for n in (1, 2, 3)]
    outcome = found(system(component("a", steps[0], steps[2], alternatives=(steps[1],))))
    assert changes(outcome) == [{"a": ("1.0.0", "3.0.0")}]
    assert outcome.direct == ()
    assert outcome.hops[0].plan.rollout == "spring"


def test_what_an_early_hop_stored_is_remembered_in_late_ones() -> None:
    """A reader of the new format alone waits for the migration, though nobody has written the old one for a hop."""
    shop = component(
        "shop",
        data("1.0.0", writes="1", reads="1"),
        replace(data("3.0.0", writes="2", reads="2"), upgrades_from="2"),
        alternatives=(replace(data("2.0.0", writes="2", reads="1 || 2"), upgrades_from="1"),),
        strategy="recreate",
    )
    migration = component("migrate", None, data("1.0.0", writes="2", migrates="1"))
    outcome = found(system(shop, migration))
    assert changes(outcome) == [
        {"migrate": (None, "1.0.0"), "shop": ("1.0.0", "2.0.0")},
        {"shop": ("2.0.0", "3.0.0")},
    ]
    assert [batch.name for batch in outcome.hops[0].plan.batches] == ["shop", "migrate"]
    assert [hop.stored for hop in outcome.hops] == [(("orders", ("2",)),), (("orders", ("2",)),)]


def test_without_the_migration_the_late_reader_is_refused() -> None:
    """What version 1 wrote is still there when version 3 comes, two hops later."""
    shop = component(
        "shop",
        data("1.0.0", writes="1", reads="1"),
        replace(data("3.0.0", writes="2", reads="2"), upgrades_from="2"),
        alternatives=(replace(data("2.0.0", writes="2", reads="1 || 2"), upgrades_from="1"),),
        strategy="recreate",
    )
    outcome = find_upgrade(system(shop))
    assert isinstance(outcome, NoUpgrade)
    assert [(c.kind, c.version) for c in outcome.conflict.constraints] == [("reads", "3.0.0"), ("target", "3.0.0")]


def test_a_component_with_switches_can_expand_and_contract_on_the_way() -> None:
    """a and b fit only in equal versions, and roll: a version of a that speaks both is taken in between."""
    a = component(
        "a",
        release("1.0.0", {"x": "1"}),
        release("2.0.0", {"x": "3"}),
        alternatives=(release("1.5.0", {"x": "2"}),),
    )
    b = component("b", release("1.0.0", needs={"x": "1 || 2"}), release("2.0.0", needs={"x": "2 || 3"}))
    outcome = found(system(a, b))
    assert changes(outcome) == [{"a": ("1.0.0", "1.5.0"), "b": ("1.0.0", "2.0.0")}, {"a": ("1.5.0", "2.0.0")}]


def test_lockstep_in_a_hop_is_only_for_those_that_switch_at_once() -> None:
    """Two that fit only in equal versions move together, version by version, if their strategy allows it."""
    a = [replace(release(f"{n}.0.0", {"x": str(n)}), upgrades_from=None if n == 1 else str(n - 1)) for n in (1, 2, 3)]
    b = [release(f"{n}.0.0", needs={"x": str(n)}) for n in (1, 2, 3)]

    def both(strategy: str) -> Contracts:
        return system(
            component("a", a[0], a[2], alternatives=(a[1],), strategy=strategy),
            component("b", b[0], b[2], alternatives=(b[1],), strategy=strategy),
        )

    outcome = found(both("blueGreen"))
    assert [[batch.lockstep for batch in hop.plan.batches] for hop in outcome.hops] == [[True], [True]]
    assert isinstance(find_upgrade(both("rolling")), NoUpgrade)


def test_a_detour_is_taken_only_if_there_is_no_straight_way_and_is_told() -> None:
    """The target can only follow a version beyond it."""
    steps = [release("1.0.0"), replace(release("2.0.0"), upgrades_from="3"), release("3.0.0")]
    outcome = found(system(component("a", steps[0], steps[1], alternatives=(steps[2],))))
    assert changes(outcome) == [{"a": ("1.0.0", "3.0.0")}, {"a": ("3.0.0", "2.0.0")}]
    assert outcome.detours == (
        "a goes from 1.0.0 to 3.0.0, which is not straight to its target",
        "a goes from 3.0.0 to 2.0.0, which is not straight to its target",
    )


def test_a_detour_does_not_lead_back_from_a_version_without_return() -> None:
    """Else what is declared as a point of no return would be none."""
    steps = [
        release("1.0.0"),
        replace(release("2.0.0"), upgrades_from="3"),
        replace(release("3.0.0"), reversible=False),
    ]
    outcome = find_upgrade(system(component("a", steps[0], steps[1], alternatives=(steps[2],))))
    assert isinstance(outcome, NoUpgrade)
    kinds = [c.kind for c in outcome.conflict.constraints]
    assert sorted(kinds) == ["follows", "returns", "target"]


def test_parts_that_have_nothing_in_common_share_their_hops() -> None:
    """Two chains of two steps take two hops, not four."""
    steps = [release("1.0.0"), release("2.0.0"), replace(release("3.0.0"), upgrades_from="2")]
    one, other = (component(name, steps[0], steps[2], alternatives=(steps[1],)) for name in ("one", "other"))
    assert [len(hop) for hop in changes(found(system(one, other)))] == [2, 2]


def test_a_wish_holds_over_the_hops_and_batches_stay_together() -> None:
    """`after` waits for the whole upgrade of the other; a declared batch is one in every hop that moves it."""
    steps = [release("1.0.0"), release("2.0.0"), replace(release("3.0.0"), upgrades_from="2")]
    late = replace(component("late", release("1.0.0"), release("2.0.0")), after=(Wish("one"),))
    ones = [component(name, steps[0], steps[2], alternatives=(steps[1],)) for name in ("one", "two")]
    outcome = found(system(*ones, late, batches=(DeclaredBatch("pair", ("one", "two")),)))
    assert ["late" in hop.changes for hop in outcome.hops] == [False, True]
    assert [hop.plan.batches[0].components for hop in outcome.hops] == [("one", "two"), ("one", "two")]
    assert outcome.hops[1].plan.batch("late").requires == ("pair",)


def test_wrong_wishes_are_wrong_input_and_not_a_missing_way() -> None:
    """No number of hops mends a batch of components that do not change."""
    steps = [release("1.0.0"), release("2.0.0"), replace(release("3.0.0"), upgrades_from="2")]
    contracts = system(
        component("a", steps[0], steps[2], alternatives=(steps[1],)), batches=(DeclaredBatch("odd", ("b",)),)
    )
    with pytest.raises(PlanError, match="b, in batch odd, is not part of this rollout"):
        find_upgrade(contracts)


def test_the_live_versions_between_hops_are_known() -> None:
    """Before the first, between them, and after the last; unchanged neighbours too."""
    steps = [release("1.0.0"), release("2.0.0"), replace(release("3.0.0"), upgrades_from="2")]
    beside = component("beside", release("7.0.0"))
    outcome = found(system(component("a", steps[0], steps[2], alternatives=(steps[1],)), beside))
    assert [outcome.before(number)["a"] for number in range(3)] == ["1.0.0", "2.0.0", "3.0.0"]
    assert {outcome.before(number)["beside"] for number in range(3)} == {"7.0.0"}
    assert [hop.plan.rollout for hop in outcome.hops] == ["spring-hop-1", "spring-hop-2"]


def test_a_neighbour_of_unknown_version_is_in_the_way() -> None:
    """What nobody declared counts as no, on every version of the way; the conflict says whose version is unknown."""
    steps = [release(f"{n}.0.0", {"x": str(n)}) for n in (1, 2, 3)]
    unknown = component("neighbour", Release(None, uncertain_consumes=("x",)))
    outcome = find_upgrade(system(component("a", steps[0], steps[2], alternatives=(steps[1],)), unknown))
    assert isinstance(outcome, NoUpgrade)
    assert [(c.kind, c.component) for c in outcome.conflict.constraints] == [("target", "a"), ("range", "neighbour")]


def test_other_targets_can_be_wanted() -> None:
    """For one component, or for all that have declared the version; what has not is an error with close matches."""
    steps = [release(f"{n}.0.0") for n in (1, 2, 3)]
    contracts = system(
        component("one", steps[0], steps[1], alternatives=(steps[2],)), component("other", steps[0], steps[1])
    )
    assert {c.name: c.to_version for c in toward(contracts, ["3.0.0"]).components.values()} == {
        "one": "3.0.0",
        "other": "2.0.0",
    }
    assert toward(contracts, ["one=1.0.0"]).changing == ("other",)
    with pytest.raises(ValueError, match=r"'onee' does not change in spring\. did you mean one\?"):
        toward(contracts, ["onee=3.0.0"])
    with pytest.raises(ValueError, match="nothing changes in spring"):
        toward(contracts, ["1.0.0"])
    with pytest.raises(ValueError, match=r"other has not declared 3\.0\.0"):
        toward(contracts, ["other=3.0.0"])
    with pytest.raises(ValueError, match=r"no changing component has declared 9\.0\.0"):
        toward(contracts, ["9.0.0"])


@pytest.mark.parametrize(
    ("earlier", "later", "noted"),
    [("1 || 2", "2 || 3", False), (">=1", ">=2", False), ("2", "1 || 2", True), (">=1", "1", True), ("*", "*", False)],
)
def test_a_range_that_does_not_grow_is_noted(earlier: str, later: str, noted: bool) -> None:
    """Both ends of a later version's range are at least those of an earlier one; else a note says so, and no more."""
    contracts = system(
        component("p", release("1.0.0", {"x": "1"})),
        component("c", release("1.0.0", needs={"x": earlier}), release("2.0.0", needs={"x": later})),
    )
    outcome = find_upgrade(contracts)
    assert [note.code for note in outcome.notes] == ["not-monotone"] * noted
