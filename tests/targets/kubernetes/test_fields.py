"""Paths into objects: what is written is read, what is taken back leaves no trace."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.targets.kubernetes.fields import (
    ABSENT,
    Item,
    Path,
    body_of,
    digest,
    dotted,
    from_json,
    leaves,
    read,
    to_json,
    values_at,
    write,
)

keys = st.sampled_from(["spec", "template", "a", "b", "app.kubernetes.io/name"])
names = st.sampled_from(["main", "proxy"])
containers = st.tuples(st.just("spec"), st.just("containers"), names.map(Item), st.sampled_from(["image", "command"]))
variables = st.tuples(st.just("containers"), names.map(Item), st.just("env"), st.sampled_from(["A", "B"]).map(Item))
plain_paths: st.SearchStrategy[Path] = st.lists(keys, min_size=1, max_size=4).map(tuple)
paths: st.SearchStrategy[Path] = st.one_of(containers, plain_paths)
texts = st.text("xyz", max_size=3)
objects: st.SearchStrategy[dict[str, Any]] = st.lists(st.tuples(containers, texts), max_size=4).map(
    lambda pairs: body_of(dict(pairs))
)


@settings(deadline=None)
@given(objects, containers, texts)
def test_what_was_written_is_read(found: dict[str, Any], path: Path, value: str) -> None:
    write(found, path, value)
    assert read(found, path) == value


@settings(deadline=None)
@given(objects, st.lists(containers, max_size=4, unique=True), st.data())
def test_writing_back_what_was_read_before_restores_the_object(
    found: dict[str, Any], touched: list[Path], data: st.DataObject
) -> None:
    """Whatever was written meanwhile, as long as the items were there: absences come back as absences."""
    for name in ("main", "proxy"):
        write(found, ("spec", "containers", Item(name), "name"), name)
    before = deepcopy(found)
    prior = values_at(found, touched)
    for path in touched:
        write(found, path, data.draw(st.one_of(texts, st.just(ABSENT))))
    for path, value in prior.items():
        write(found, path, value)
    assert found == before


@settings(deadline=None)
@given(st.dictionaries(paths, texts, max_size=5))
def test_paths_go_through_json_unchanged(fields: dict[Path, str]) -> None:
    assert {from_json(to_json(path)): value for path, value in fields.items()} == fields


@settings(deadline=None)
@given(st.dictionaries(containers, texts, min_size=1, max_size=5))
def test_leaves_are_what_a_body_is_made_of(fields: dict[Path, str]) -> None:
    found = {path: value for path, value in leaves(body_of(fields)) if path[-1] != "name"}
    assert found == fields


@settings(deadline=None)
@given(st.dictionaries(containers, texts, max_size=4), containers, texts)
def test_a_digest_tells_values_apart_and_not_their_order(fields: dict[Path, str], path: Path, value: str) -> None:
    assert digest(fields) == digest(dict(reversed(fields.items())))
    assert (digest({**fields, path: value}) == digest(fields)) == (fields.get(path, ABSENT) == value)


def test_a_variable_without_a_value_is_an_empty_one() -> None:
    """The API server drops what is empty."""
    path = ("env", Item("A"))
    assert digest({path: {"name": "A", "value": ""}}) == digest({path: {"name": "A"}})
    assert digest({path: {"name": "A"}}) != digest({path: ABSENT})


def test_an_emptied_list_goes_with_its_last_item() -> None:
    found = {"spec": {"containers": [{"name": "main", "image": "x"}]}}
    path = ("spec", "containers", Item("main"), "env", Item("A"))
    before = deepcopy(found)
    write(found, path, {"name": "A", "value": "1"})
    write(found, path, ABSENT)
    assert found == before


def test_a_path_reads_well() -> None:
    assert dotted(("spec", "containers", Item("main"), "image")) == "spec.containers[main].image"
