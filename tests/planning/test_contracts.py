"""The planner's input: JSON there and back, and choosing versions for a run."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from tests.planning.systems import component, moving, provider_first, release, system, systems

from convoy.planning.contracts import (
    Contracts,
    DataContract,
    DeclaredBatch,
    Effort,
    Incompatibility,
    Release,
    Requirement,
    Use,
    Verification,
    Wish,
)
from convoy.planning.contracts_json import contracts_from_dict, contracts_to_dict


@settings(max_examples=100, deadline=None)
@given(systems(start_order=True))
def test_contracts_survive_json(contracts: Contracts) -> None:
    """Preflight proves from JSON what the planner proved from the manifests."""
    assert contracts_from_dict(json.loads(json.dumps(contracts_to_dict(contracts)))) == contracts


def test_everything_that_can_be_set_survives_json() -> None:
    """Also what random systems do not have: declared batches, wishes, uncertain and absent releases, effort."""
    uncertain = Release(None, uncertain_provides=("x",), uncertain_consumes=("y",))
    current = Release(
        "1",
        {"x": "1"},
        {"y": Requirement("1", "b", True, True, "a.yaml:1:2")},
        "<2",
        data={"orders": DataContract("2", "1 - 2", "1", "a.yaml:2:2")},
        uncertain_data=("carts",),
        incompatible={"c": Incompatibility("<1", "it breaks", "a.yaml:3:3")},
        reversible=False,
        upgrades_from=">=0.9",
        location="a.yaml:1:1",
    )
    batch = DeclaredBatch("both", ("a", "c"), (Wish("a", "r.yaml:2:2"),), "park", "fine", "https://x", "r.yaml:1:1")
    contracts = Contracts(
        "r",
        "e",
        {
            "a": component("a", current, Release("2")),
            "b": component("b", uncertain),
            "c": component("c", None, Release("1")),
        },
        batches=(batch,),
        max_parallel=3,
        on_failure="park",
        warnings=("mind the gap",),
        schemes={"x": "calver", "orders": ("old", "new")},
        verifications=(Verification("a", "1", "b", "2", "accepted", "small", "ann", "v.yaml:1:1"),),
        uses=(Use("z", "a", False),),
        weights={"z": 2.5},
    )
    assert contracts_from_dict(json.loads(json.dumps(contracts_to_dict(contracts)))) == contracts


def test_effort_survives_json() -> None:
    """Seconds, canary weights and metrics decide schedule and task budget."""
    one = moving("a")
    changed = Contracts("r", "e", {"a": type(one)(**{**vars(one), "effort": Effort(5.0, (10, 50), True)})})
    assert contracts_from_dict(contracts_to_dict(changed)).components["a"].effort == Effort(5.0, (10, 50), True)


def test_a_release_without_contracts_is_not_an_absent_one() -> None:
    """A component that exists and declares nothing is not new."""
    back = contracts_from_dict(contracts_to_dict(system(component("a", Release(None), Release("2")))))
    assert back.components["a"].current == Release(None)


def test_choosing_versions_leaves_the_others_where_they_are() -> None:
    """The trigger form's `stay` takes a component out of the change set."""
    chosen = provider_first().choose({"payment": "2.0.0"})
    assert chosen.changing == ("payment",)
    assert chosen.components["checkout"].from_version == "1.9.0"


def test_neighbours_of_known_version_are_what_the_proof_relies_on() -> None:
    """Preflight compares them with what is live; of the others the proof assumes nothing."""
    known, unknown = component("k", release("1.2.3")), component("u", Release(None))
    assert system(moving("a"), known, unknown).unchanged == {"k": "1.2.3"}


def test_choosing_an_undeclared_version_is_refused() -> None:
    """Of a version that nobody declared there is no contract."""
    with pytest.raises(KeyError, match=r"payment has no declared version 9\.9\.9"):
        provider_first().choose({"payment": "9.9.9"})


def test_choosing_for_a_component_outside_the_rollout_is_refused() -> None:
    """A run changes no more than what was reviewed."""
    with pytest.raises(KeyError, match="not part of this rollout: search"):
        provider_first().choose({"search": "1.0.0"})
