"""Specs, revisions and amounts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from convoy.targets.base import Desired, Refused
from convoy.targets.processes.spec import Spec, amount, spec_of

DESIRED = Desired("x", "1.0.0", {"command": ["run"], "env": {"A": "1"}, "replicas": 3}, {"type": "rolling"})


def changed(**workload: Any) -> Spec:
    return spec_of(replace(DESIRED, workload={**DESIRED.workload, **workload}))


def test_version_and_workload_make_the_revision() -> None:
    revisions = {
        spec_of(DESIRED).revision,
        spec_of(replace(DESIRED, version="1.0.1")).revision,
        changed(env={"A": "2"}).revision,
        changed(command=["run", "fast"]).revision,
    }
    assert len(revisions) == 4


def test_neither_number_nor_strategy_nor_weight_change_the_revision() -> None:
    """More replicas are more of the same."""
    others = [changed(replicas=5), spec_of(replace(DESIRED, strategy={"type": "recreate"}))]
    assert {spec.revision for spec in others} == {spec_of(DESIRED).revision}


def test_a_spec_survives_json() -> None:
    spec = spec_of(replace(DESIRED, group=("x", "y")))
    assert Spec.from_dict(spec.to_dict()) == spec


def test_a_group_of_one_is_none() -> None:
    assert spec_of(replace(DESIRED, group=("x",))).group == ()


def test_durations_may_be_seconds_or_text() -> None:
    """A plan that travels as JSON spells them."""
    as_text = replace(DESIRED, strategy={"type": "blueGreen", "scale_down_delay": "5s"})
    as_seconds = replace(DESIRED, strategy={"type": "blueGreen", "scale_down_delay": 5.0})
    assert spec_of(as_text) == spec_of(as_seconds)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = replace(DESIRED, workload={"command": []}, strategy={"type": "rolling", "max_surge": "x"}, weight=0)
    with pytest.raises(Refused) as caught:
        spec_of(wrong)
    assert all(part in str(caught.value) for part in ("workload.command", "max_surge", "weight is 0"))


@pytest.mark.parametrize("directory", ["relative/folder", "/no/such/folder/anywhere"])
def test_a_folder_that_is_not_there_is_refused(directory: str) -> None:
    with pytest.raises(Refused, match="directory"):
        changed(directory=directory)


@pytest.mark.parametrize(
    ("text", "of", "up", "expected"),
    [("2", 10, True, 2), ("25%", 10, True, 3), ("25%", 10, False, 2), ("0%", 10, True, 0), ("100%", 3, False, 3)],
)
def test_amounts_round_towards_caution(text: str, of: int, up: bool, expected: int) -> None:
    """A surge is rounded up, what may be missing is rounded down."""
    assert amount(text, of, up=up) == expected
