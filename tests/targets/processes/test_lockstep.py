"""What members of a lockstep group may do while they wait for each other."""

from __future__ import annotations

from convoy.targets.processes.lockstep import Member, permissions, waiting_for

GROUP = ("a", "b")
NOW, BEFORE = ("run", 2), ("run", 1)


def member(*, ordered: tuple[str, int] = NOW, beside: bool = True, up: bool = False, cleared: bool = False) -> Member:
    return Member(ordered, GROUP, beside, up, cleared)


def test_nothing_starts_before_every_member_is_known() -> None:
    allowed = permissions(member(), GROUP, {"a": member()}, scale_down=True)
    assert (allowed.start, allowed.stop_old, allowed.switch) == (False, False, False)


def test_nothing_starts_before_every_member_was_ordered_by_this_run() -> None:
    members = {"a": member(), "b": member(ordered=BEFORE, up=True)}
    assert not permissions(members["a"], GROUP, members, scale_down=True).start


def test_an_order_for_another_group_does_not_count() -> None:
    """The other member was ordered by this run too, but to move alone."""
    members = {"a": member(), "b": Member(NOW, (), True, True, True)}
    assert not permissions(members["a"], GROUP, members, scale_down=True).start


def test_on_the_way_back_the_token_is_enough() -> None:
    """Each goes back to what it was, which may have come about in other company."""
    back = Member(NOW, None, True, True, True)
    members = {"a": back, "b": Member(NOW, ("b", "z"), True, True, True)}
    assert permissions(back, GROUP, members, scale_down=True).switch


def test_nobody_switches_before_all_are_up() -> None:
    members = {"a": member(up=True), "b": member()}
    assert not permissions(members["a"], GROUP, members, scale_down=True).switch
    members["b"] = member(up=True)
    assert all(permissions(one, GROUP, members, scale_down=True).switch for one in members.values())


def test_a_downtime_begins_only_when_the_others_are_ready_for_it() -> None:
    members = {"a": member(beside=False), "b": member()}
    assert not permissions(members["a"], GROUP, members, scale_down=True).stop_old
    members["b"] = member(up=True)
    assert permissions(members["a"], GROUP, members, scale_down=True).stop_old


def test_no_recreated_member_starts_before_all_old_ones_are_gone() -> None:
    members = {"a": member(beside=False, cleared=True), "b": member(beside=False)}
    assert not permissions(members["a"], GROUP, members, scale_down=True).start
    members["b"] = member(beside=False, cleared=True)
    assert permissions(members["a"], GROUP, members, scale_down=True).start


def test_the_message_names_the_others_that_hold_up() -> None:
    members = {"a": member(), "b": member(up=True), "c": member()}
    assert waiting_for("a", ("a", "b", "c", "d"), members) == ["c", "d"]
