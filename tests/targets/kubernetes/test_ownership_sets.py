"""Sets of owned fields: union and restriction keep what they promise, and owners get theirs back."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.targets.kubernetes.fields import Item, Path
from convoy.targets.kubernetes.ownership import given_back, managers_at, owners, restrict, union

sets: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.just({}),
    lambda inner: st.dictionaries(st.sampled_from(["f:a", "f:b", "f:c", "."]), inner, max_size=3),
    max_leaves=8,
)
paths: st.SearchStrategy[Path] = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map(tuple)
IMAGE: Path = ("spec", "containers", Item("main"), "image")
THEIRS = {"f:spec": {"f:replicas": {}, "f:containers": {'k:{"name":"main"}': {".": {}, "f:image": {}, "f:name": {}}}}}


@settings(deadline=None)
@given(sets, sets, sets)
def test_a_union_is_the_same_in_any_order(one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]) -> None:
    assert union(one, two) == union(two, one)
    assert union(union(one, two), three) == union(one, union(two, three))
    assert union(one, one) == one


@settings(deadline=None)
@given(sets, st.lists(paths, max_size=4))
def test_a_restriction_is_a_part_and_restricting_again_changes_nothing(found: dict[str, Any], at: list[Path]) -> None:
    part = restrict(found, at)
    assert union(found, part) == found
    assert restrict(part, at) == part


def entry(manager: str, fields: dict[str, Any], operation: str = "Update", **more: Any) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsV1": fields, **more}


def live(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"managedFields": list(entries)}}


def test_the_owner_of_a_field_gets_it_back_and_keeps_the_rest() -> None:
    before = live(entry("kubectl", THEIRS))
    recorded = owners(before, [IMAGE], "convoy")
    taken = {"f:spec": {"f:replicas": {}, "f:containers": {'k:{"name":"main"}': {".": {}, "f:name": {}}}}}
    after = live(entry("kubectl", taken), entry("convoy", THEIRS, "Apply"), entry("convoy-restore", THEIRS))
    assert given_back(after, recorded, "convoy", "convoy-restore") == before["metadata"]["managedFields"]


def test_an_owner_that_has_nothing_left_is_there_again() -> None:
    only = {"f:spec": {"f:containers": {'k:{"name":"main"}': {"f:image": {}}}}}
    before = live(entry("flux", only, "Apply"))
    after = live(entry("convoy", only, "Apply"))
    assert given_back(after, owners(before, [IMAGE], "convoy"), "convoy", "x") == before["metadata"]["managedFields"]


def test_our_own_fields_come_back_as_a_whole() -> None:
    """What an earlier rollout owned, it owns again, whatever this one touched."""
    before = live(entry("convoy", THEIRS, "Apply"))
    after = live(entry("convoy", {"f:spec": {"f:other": {}}}, "Apply"))
    assert given_back(after, owners(before, [], "convoy"), "convoy", "x") == before["metadata"]["managedFields"]


def test_what_controllers_own_through_a_subresource_is_left_alone() -> None:
    status = entry("kube-controller-manager", {"f:status": {}}, subresource="status")
    assert owners(live(status), [("status",)], "convoy") == []
    assert given_back(live(status), [], "convoy", "x") == [status]


def test_the_managers_of_a_field_are_named() -> None:
    assert managers_at(live(entry("kubectl", THEIRS), entry("hpa", {"f:spec": {"f:replicas": {}}})), IMAGE) == [
        "kubectl"
    ]
