"""Version schemes: what is a version, and which one is later."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convoy.manifest.schemes import SCHEMES, SEMVER, VersionError, named_scheme

ASCENDING = {
    "semver": "0.0.1 0.1 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1 1.9 1.10",
    "pep440": "1.0.dev1 1.0a1 1.0rc1 1.0 1.0+local 1.0.post1.dev1 1.0.post1 1.0.1 1.10 1!0.1",
    "calver": "24.04-rc1 24.04-rc2 24.04-rc10 24.04 24.04.1 24.10 2026-11-03 2026.11.4",
    "integer": "0 1 9 10 100",
}
EQUAL = {
    "semver": "1 1.0 1.0.0 v1.0.0 1.0.0+build.7",
    "pep440": "1.0 1.0.0 v1 1",
    "calver": "24.04 24.4 v24.04 24.04.0",
    "integer": "7 07 v7",
}
WRONG = {
    "semver": ["", "latest", "1.2.3.4", "01.2", "1.2.3-", "1.2.3-01", "1..2", "1.x", "1.2 ", "\u0661.2", "-1"],
    "pep440": ["", "latest", "1.2.x", "1.0-foo"],
    "calver": ["", "2026", "4.1", "build-7", "2026.11.", "20261103"],
    "integer": ["", "1.0", "-1", "seven", "\u0667"],
}


@pytest.mark.parametrize("name", SCHEMES)
def test_later_versions_are_greater(name: str) -> None:
    """Each of a list of versions is greater than the one before."""
    parsed = [SCHEMES[name].parse(text) for text in ASCENDING[name].split()]
    assert [(a.text, b.text) for a, b in pairwise(parsed) if not a < b] == []


@pytest.mark.parametrize("name", SCHEMES)
def test_one_version_may_have_several_spellings(name: str) -> None:
    """They are equal, and have equal hashes."""
    assert len({SCHEMES[name].parse(text) for text in EQUAL[name].split()}) == 1


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_what_is_no_version_is_an_error_with_an_example(name: str, text: str) -> None:
    """The message says what a version of the scheme looks like."""
    with pytest.raises(VersionError, match="write it like"):
        SCHEMES[name].parse(text)


def test_a_version_has_a_limit() -> None:
    """A megabyte of digits is refused before anything is computed from it."""
    with pytest.raises(VersionError):
        SEMVER.parse("9" * 1_000_000)


@given(st.text(max_size=20), st.sampled_from(sorted(SCHEMES)))
def test_any_text_is_a_version_or_a_version_error(text: str, name: str) -> None:
    """Nothing else can happen, and what is a version equals itself."""
    try:
        version = SCHEMES[name].parse(text)
    except VersionError:
        return
    assert version == SCHEMES[name].parse(text)


@given(st.lists(st.sampled_from(ASCENDING["semver"].split()), min_size=3, max_size=3))
def test_the_order_is_total_and_transitive(texts: list[str]) -> None:
    """Sorting makes sense."""
    a, b, c = sorted(SEMVER.parse(text) for text in texts)
    assert a <= b <= c
    assert a <= c


def test_names_are_ordered_as_they_are_listed() -> None:
    """Not by the alphabet."""
    debian = named_scheme(("buster", "bullseye", "bookworm"))
    assert debian.parse("bullseye") < debian.parse("bookworm")
    with pytest.raises(VersionError, match="none of the names buster, bullseye, bookworm"):
        debian.parse("trixie")


@pytest.mark.parametrize(
    ("names", "complaint"),
    [((), "empty"), (("a", "a"), "twice"), (("a b",), "cannot name"), (("x" * 200,), "cannot name")],
)
def test_names_that_cannot_be_used_are_refused(names: tuple[str, ...], complaint: str) -> None:
    """Before anything is compared with them."""
    with pytest.raises(VersionError, match=complaint):
        named_scheme(names)
