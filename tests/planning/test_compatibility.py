"""Three answers for a pair of releases: yes, no, unknown; and the words for each."""

from __future__ import annotations

import pytest
from tests.planning.systems import release

from convoy.planning.compatibility import ok
from convoy.planning.contracts import Release, Requirement

NEEDS_3 = release("2.0.0", needs={"api": ">=3"})


def answer(consuming: Release | None, providing: Release | None) -> tuple[bool | None, str]:
    found = ok("shop", consuming, "pay", providing, "api")
    return found.ok, found.evidence


def test_an_offer_inside_the_range_is_ok() -> None:
    """The plainest case: declared on both sides."""
    assert answer(NEEDS_3, release("5", {"api": "3.1"})) == (
        True,
        "declared: shop 2.0.0 needs api >=3, pay 5 offers 3.1",
    )


def test_an_offer_outside_the_range_is_not_ok() -> None:
    """And the evidence says both numbers."""
    assert answer(NEEDS_3, release("5", {"api": "2.4"})) == (
        False,
        "declared: shop 2.0.0 needs api >=3, pay 5 offers 2.4",
    )


def test_a_consumer_that_requires_nothing_is_ok() -> None:
    """No requirement cannot be violated."""
    assert answer(release("1.0.0"), release("5", {"api": "9"})) == (True, "shop 1.0.0 requires no api")


def test_a_provider_that_does_not_provide_it_is_not_ok() -> None:
    """An interface that is required and not there is a no, not an unknown."""
    assert answer(NEEDS_3, release("5")) == (False, "declared: shop 2.0.0 needs api >=3, pay 5 does not provide it")


def test_a_component_that_does_not_exist_yet_provides_nothing() -> None:
    """What needs a new component has to come after it."""
    assert answer(NEEDS_3, None) == (False, "declared: shop 2.0.0 needs api >=3, pay does not exist yet")


def test_a_component_that_does_not_exist_yet_consumes_nothing() -> None:
    """It cannot be hurt by anything."""
    assert answer(None, release("5")) == (True, "shop does not exist yet")


@pytest.mark.parametrize(("offered", "expected"), [(None, True), ("3", True), ("2", False)])
def test_an_optional_interface_may_be_absent_but_not_wrong(offered: str | None, expected: bool) -> None:
    """optional: works without the interface, but not with a version outside the range."""
    optional = release("2.0.0", needs={"api": Requirement(">=3", optional=True)})
    assert answer(optional, release("5", {"api": offered} if offered else {}))[0] is expected
    assert answer(optional, None)[0] is True


def test_an_undeclared_live_provider_is_unknown() -> None:
    """Where the versions of a provider do not agree and nobody said which one is live, nothing is known."""
    found, evidence = answer(NEEDS_3, Release(None, uncertain_provides=("api",)))
    assert found is None
    assert evidence.startswith("unknown: ")


def test_an_undeclared_live_consumer_is_unknown() -> None:
    """The same for what a consumer needs."""
    found, evidence = answer(Release(None, uncertain_consumes=("api",)), release("5", {"api": "1"}))
    assert found is None
    assert evidence.startswith("unknown: ")


def test_unknown_does_not_hold() -> None:
    """Fail closed: unknown counts as no."""
    found = ok("shop", NEEDS_3, "pay", Release(None, uncertain_provides=("api",)), "api")
    assert not found.holds
    assert found.complaint.endswith("(unknown counts as no)")


def test_what_cannot_be_read_is_unknown() -> None:
    """A range or version that nobody can read says nothing."""
    assert answer(release("1", needs={"api": "what?"}), release("5", {"api": "1"}))[0] is None
    assert answer(NEEDS_3, release("5", {"api": "newest"}))[0] is None


def test_a_requirement_on_another_provider_does_not_touch_this_one() -> None:
    """`from` names the one provider that is meant."""
    elsewhere = release("2.0.0", needs={"api": Requirement(">=3", provider="bank")})
    assert answer(elsewhere, release("5", {"api": "1"})) == (True, "shop 2.0.0 takes api from bank")
