"""Persisted data: readers before writers, migrations between, and no way back once the old version cannot read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.planning.systems import component, system

from convoy.planning.contracts import Contracts, DataContract, Release, Requirement
from convoy.planning.errors import PlanError
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan
from convoy.planning.verify import verify


def dealing(version: str | None, writes: str | None = None, reads: str | None = None, **more: object) -> Release:
    """A release that writes and reads the format called orders."""
    return Release(version, data={"orders": DataContract(writes, reads, location="orders.yaml:7:3")}, **more)  # type: ignore[arg-type]


def migration(version: str = "1", **contract: str) -> Release:
    return Release(version, data={"orders": DataContract(**contract)})


def proven(contracts: Contracts) -> Plan:
    plan = make_plan(contracts)
    assert verify(plan, contracts) == []
    return plan


def order_of(plan: Plan) -> list[str]:
    return [batch.name for batch in plan.batches]


def refused(contracts: Contracts) -> str:
    with pytest.raises(PlanError) as caught:
        make_plan(contracts)
    return str(caught.value)


def test_readers_move_before_writers() -> None:
    """The old reader does not know the new format, so whoever reads both has to be there first."""
    reader = component("report", dealing("1", reads="1"), dealing("2", reads="1 - 2"))
    writer = component("shop", dealing("1", writes="1"), dealing("2", writes="2"))
    plan = proven(system(reader, writer))
    assert order_of(plan) == ["report", "shop"]
    assert plan.arcs[0].reason == "report before shop: report 1 reads orders 1, shop 2 writes 2"
    assert plan.arcs[0].location == "orders.yaml:7:3"


def test_what_was_written_before_has_to_be_read_after() -> None:
    """Also if the writer goes first: its old data is still there."""
    reader = component("report", dealing("1", reads="1"), dealing("2", reads="2"))
    writer = component("shop", dealing("1", writes="1"), dealing("2", writes="2"))
    message = refused(system(reader, writer))
    assert "report 2 could not read what is stored: report 2 reads orders 2, what shop 1 wrote in 1 is still" in message
    assert "let it read both versions of orders for one rollout, or add a migration" in message


def test_a_migration_stands_between_the_new_writer_and_the_new_reader() -> None:
    """It removes the old format when nobody writes it any more, and only then may a reader forget it."""
    reader = component("report", dealing("2", reads="1 - 2"), dealing("3", reads="2"))
    writer = component("shop", dealing("1", writes="1"), dealing("2", writes="2"))
    contracts = system(reader, writer, component("migrate", None, migration(migrates="1", writes="2")))
    plan = proven(contracts)
    assert order_of(plan) == ["shop", "migrate", "report"]
    reasons = [arc.reason for arc in plan.arcs]
    assert "shop before migrate: migrate 1 leaves no orders 1, shop 1 writes 1" in reasons
    assert "migrate before report: report 3 reads orders 2, what shop 1 wrote in 1 is still there" in reasons


def test_a_migration_is_refused_while_somebody_goes_on_writing_the_old_format() -> None:
    """An unchanged writer would undo it."""
    writer = component("shop", dealing("1", writes="1"))
    message = refused(system(writer, component("migrate", None, migration(migrates="1", writes="2"))))
    assert "migrate cannot change alone: migrate 1 leaves no orders 1, shop 1 writes 1" in message


def test_a_new_format_that_the_old_version_cannot_read_is_a_point_of_no_return() -> None:
    """Once it is written, the reader cannot go back; so it comes as late as it can."""
    reader = component("report", dealing("1", reads="1"), dealing("2", reads="1 - 2"))
    writer = component("shop", dealing("1", writes="1"), dealing("2", writes="2"))
    plan = proven(system(reader, writer, component("zebra", Release("1"), Release("2"))))
    assert order_of(plan) == ["report", "zebra", "shop"]
    [point] = plan.points_of_no_return
    assert (point.batch, point.component) == ("shop", "shop")
    assert point.reason.startswith("report 1 reads orders 1, shop 2 writes 2")
    assert [batch.reversible for batch in plan.batches] == [True, True, False]


def test_prepare_and_activate_in_two_rollouts_keep_the_way_back() -> None:
    """Where the old version reads both already, writing the new format can be undone."""
    reader = component("report", dealing("2", reads="1 - 2"))
    writer = component("shop", dealing("1", writes="1", reads="1 - 2"), dealing("2", writes="2", reads="1 - 2"))
    plan = proven(system(reader, writer))
    assert plan.points_of_no_return == ()


def test_a_component_that_reads_what_it_writes_cannot_roll_into_a_format_that_it_does_not_know() -> None:
    """Old replicas would meet what new ones write; at once it works, and without a way back."""
    shop = component("shop", dealing("1", "1", "1"), dealing("2", "2", "1 - 2"))
    assert "old and new replicas of shop cannot serve together" in refused(system(shop))
    plan = proven(system(replace(shop, strategy="recreate")))
    assert [point.component for point in plan.points_of_no_return] == ["shop"]


def test_a_version_without_a_way_back_is_declared() -> None:
    """`reversible: false` is enough."""
    gone = component("schema", Release("1"), Release("2", reversible=False))
    plan = proven(system(gone, component("zebra", Release("1"), Release("2"))))
    assert order_of(plan) == ["zebra", "schema"]
    assert plan.points_of_no_return[0].reason == "schema 2 is declared as `reversible: false`"


def test_what_needs_a_point_of_no_return_stays_behind_it() -> None:
    """As late as the arcs allow, and not later."""
    schema = component("schema", Release("1", {"tables": "1"}), Release("2", {"tables": "2"}, reversible=False))
    user = component("user", Release("1"), Release("2", consumes={"tables": Requirement("2")}))
    plan = proven(system(schema, user, component("zebra", Release("1"), Release("2"))))
    assert order_of(plan) == ["zebra", "schema", "user"]


def test_an_unchanged_component_whose_dealings_are_unknown_is_no_pass() -> None:
    """Unknown counts as no."""
    reader = component("report", Release(None, uncertain_data=("orders",)))
    writer = component("shop", dealing("1", writes="1"), dealing("2", writes="2"))
    message = refused(system(reader, writer))
    assert "how report deals with orders is unknown, because its live version is not declared" in message


def test_who_migrates_while_it_serves_reads_what_it_migrates() -> None:
    """Its first replica reads before the last one has migrated; while it is down it may."""
    writer = component("shop", dealing("1", "1", "1 - 2"), dealing("2", "2", "1 - 2"))
    new = Release("2", data={"orders": DataContract("2", "2", "1")})
    index = component("index", dealing("1", reads="1 - 2"), new, strategy="canary")
    assert "index 2 could not read what is stored" in refused(system(writer, index))
    plan = proven(system(writer, replace(index, strategy="recreate")))
    assert order_of(plan) == ["shop", "index"]


def test_a_migration_in_a_lockstep_batch_needs_a_downtime() -> None:
    """It takes time, in which neither the old nor the new version could serve."""
    shop = component("shop", dealing("1", "1", "1"), dealing("2", "2", "2"), strategy="blueGreen")
    migrate = component("migrate", None, migration(migrates="1", writes="2"))
    assert "the migration migrate takes time, in which they must be down" in refused(system(shop, migrate))
    plan = proven(system(replace(shop, strategy="recreate"), migrate))
    assert [batch.lockstep for batch in plan.batches] == [True]


def test_what_a_migration_removes_includes_prereleases() -> None:
    """A writer of 1.0.0-beta would write again what `<2` has removed."""
    writer = component("shop", dealing("1", writes="1.0.0-beta"))
    message = refused(system(writer, component("migrate", None, migration(migrates="<2", writes="2"))))
    assert "migrate 1 leaves no orders <2, shop 1 writes 1.0.0-beta" in message


def test_what_earlier_versions_wrote_is_a_warning_once_nobody_reads_it() -> None:
    """The planner knows what is live, not what was."""
    shop = replace(
        component("shop", dealing("2", "2", "1 - 2"), dealing("3", "2", "2")),
        alternatives=(dealing("1", "1", "1 - 2"),),
    )
    assert proven(system(shop)).warnings == (
        "shop 3 no longer reads orders 1, which shop 1 wrote: make sure that nothing in it is left",
    )


def test_a_point_of_no_return_is_not_merged_with_what_can_go_back() -> None:
    """Also when the plan is made coarser to fit the task budget."""
    many = [component(f"x{n:02}", Release("1"), Release("2")) for n in range(12)]
    final = component("schema", Release("1"), Release("2", reversible=False))
    contracts = system(*many, final)
    plan = make_plan(contracts, task_budget=30)
    assert verify(plan, contracts) == []
    assert len(plan.batches) < 13
    assert plan.batches[-1].components == ("schema",)
