"""Ranges: one grammar for all schemes, and an algebra that holds for every version."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from convoy.manifest.versions import (
    SCHEMES,
    SEMVER,
    VersionError,
    in_range,
    parse_range,
)

numbers = st.integers(0, 4)
prereleases = st.sampled_from(["", "", "", "-alpha", "-rc.1", "-rc.2"])
full = st.builds("{}.{}.{}".format, numbers, numbers, numbers)
versions = st.builds("{}{}".format, full, prereleases)
partial = st.one_of(st.builds("{}".format, numbers), st.builds("{}.{}".format, numbers, numbers), full)
operators = st.sampled_from(["", "=", "^", "~", ">=", ">", "<=", "<"])
comparators = st.builds("{}{}".format, operators, st.one_of(partial, versions))
alternatives = st.lists(comparators, min_size=1, max_size=3).map(" ".join)
ranges = st.lists(alternatives, min_size=1, max_size=3).map(" || ".join)


def contains(text: str, version: str) -> bool:
    """Whether a version lies in a range; no version lies in one that is refused for being empty."""
    try:
        return parse_range(text).contains(version)
    except VersionError as error:
        assert "no version can lie in" in str(error)
        return False


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("*", "0 1.2.3 99", "1.0.0-rc.1"),
        ("1.2.3", "1.2.3 v1.2.3 1.2.3+build", "1.2.2 1.2.4 1.2.3-rc.1"),
        ("1.2", "1.2 1.2.0 1.2.9", "1.1.9 1.3 1.2.0-rc.1"),
        ("1", "1 1.0 1.9.9", "0.9 2"),
        ("=1.2.3", "1.2.3", "1.2.4"),
        ("1.2.x", "1.2.0 1.2.9", "1.3"),
        ("1.*", "1.0 1.9", "2"),
        ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 2.0.0-rc.1"),
        ("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("^0", "0.0.1 0.9", "1"),
        ("^1", "1.0 1.9", "2 0.9"),
        ("~1.2.3", "1.2.3 1.2.9", "1.3 1.2.2"),
        ("~1", "1 1.9", "2"),
        (">=1.2", "1.2 3", "1.1.9"),
        (">1.2", "1.3 2", "1.2 1.2.9"),
        (">1.2.3", "1.2.4", "1.2.3"),
        ("<=1.2", "1.2.9 0", "1.3"),
        ("<=1.2.3", "1.2.3", "1.2.4"),
        ("<2", "1.9.9", "2 2.0.0-rc.1"),
        (">=2 <4", "2 3.9", "1.9 4"),
        (">= 2, < 4", "2 3.9", "1.9 4"),
        ("1 || 3", "1.5 3.5", "2 4"),
        ("1.0 - 2.0", "1 1.5 2.0 2.0.9", "2.1 0.9"),
        (">=2.0.0-rc.1", "2.0.0-rc.2 2.0.0 2.1.0", "2.0.0-beta 2.1.0-rc.1"),
        ("2.0.0-rc.1 || 1", "2.0.0-rc.1 1.4", "2.0.0-rc.2 2.0.0"),
    ],
)
def test_a_range_means_what_its_line_of_the_table_says(text: str, inside: str, outside: str) -> None:
    """Each form of the grammar, at its borders."""
    found = parse_range(text)
    assert [v for v in inside.split() if not found.contains(v)] == []
    assert [v for v in outside.split() if found.contains(v)] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "||",
        "1 ||",
        "^",
        ">=",
        "^*",
        ">=x",
        "~=1",
        "!=1",
        "==1",
        "abc",
        "1.x.3",
        "1 - ",
        ">4 <2",
        ">2 <3",
        "1 2",
    ],
)
def test_what_is_no_range_is_an_error(text: str) -> None:
    """Fail closed: nothing unreadable means everything, or nothing, silently."""
    with pytest.raises(VersionError):
        parse_range(text)


def test_a_range_has_a_limit() -> None:
    """Comparing stays cheap, whatever a manifest says."""
    with pytest.raises(VersionError, match="at most 512 characters"):
        parse_range(" || ".join(["1.2.3"] * 100))


@given(ranges, versions)
def test_either_side_of_an_alternative_is_enough(text: str, version: str) -> None:
    """A || B holds exactly where A or B does. (With an empty side it is refused as a whole.)"""
    try:
        parse_range(text)
    except VersionError:
        reject()
    assert contains(text, version) == any(contains(part, version) for part in text.split("||"))


@given(comparators, comparators, full)
def test_both_sides_of_a_conjunction_are_needed(first: str, second: str, version: str) -> None:
    """For releases, A B holds exactly where A and B do."""
    assert contains(f"{first} {second}", version) == (contains(first, version) and contains(second, version))


@given(partial, versions)
def test_a_version_is_before_in_or_after_a_range(text: str, version: str) -> None:
    """For one operand, exactly one of <, =, > holds for a release, and none for a prerelease nobody named."""
    holding = [operator for operator in ("<", "=", ">") if contains(f"{operator}{text}", version)]
    assert len(holding) == (0 if "-" in version else 1)


@given(versions, versions)
def test_exact_ranges_agree_with_the_order(text: str, version: str) -> None:
    """>= and <= of a full version are the order of versions, but for prereleases that nobody named."""
    bound, found = SEMVER.parse(text), SEMVER.parse(version)
    assume(not found.prerelease or found.core == bound.core)
    usable = not found.prerelease or bound.prerelease
    assert contains(f">={text}", version) == (usable and found >= bound)
    assert contains(f"<={text}", version) == (usable and found <= bound)


@given(partial, full)
def test_caret_and_tilde_start_at_their_operand_and_tilde_is_narrower(text: str, version: str) -> None:
    """~ never takes what ^ refuses, once the left-most number is not 0; both take the operand itself."""
    assert contains(f"^{text}", text)
    assert contains(f"~{text}", text)
    if not text.startswith("0") and contains(f"~{text}", version):
        assert contains(f"^{text}", version)


@given(ranges)
def test_nobody_gets_a_prerelease_without_asking_for_one(text: str) -> None:
    """A range that names no prerelease contains none."""
    assume("-" not in text)
    assert not any(contains(text, f"{n}.0.0-rc.1") for n in range(5))


@given(st.text(max_size=30))
def test_any_text_is_a_range_or_a_version_error(text: str) -> None:
    """In every scheme, nothing else can happen."""
    for scheme in SCHEMES.values():
        try:
            found = parse_range(text, scheme)
        except VersionError:
            continue
        assert found.contains(scheme.example.split()[0]) in (True, False)


@pytest.mark.parametrize(
    ("scheme", "text", "inside", "outside"),
    [
        ("integer", ">=5 <8", "5 7", "4 8"),
        ("integer", "^5", "5", "6 4"),
        ("calver", "26.04", "26.04 26.04.3", "26.05 26.03"),
        ("calver", "^2026.10", "2026.10 2026.12", "2027.1 2026.9"),
        ("pep440", ">=1.0,<2", "1.0 1.9.post1", "2.0 2.0rc1 0.9 1.5rc1"),
        ("pep440", ">=2.0rc1", "2.0rc2 2.0 3", "2.0b1 3.0rc1"),
        ("pep440", "1!2.0", "1!2.0.3", "2.0 1!2.1"),
    ],
)
def test_ranges_work_in_every_scheme(scheme: str, text: str, inside: str, outside: str) -> None:
    """The same grammar, with each scheme's order."""
    found = parse_range(text, SCHEMES[scheme])
    assert [v for v in inside.split() if not found.contains(v)] == []
    assert [v for v in outside.split() if found.contains(v)] == []


def test_interfaces_have_lenient_versions() -> None:
    """3 and 2.4 are complete versions of an interface."""
    assert SEMVER.parse("3") == SEMVER.parse("3.0.0")
    assert in_range(">=2.4", "3")
    assert in_range(">=2.4", "2.4")
    assert not in_range("^2.4", "3")


@pytest.mark.parametrize(("text", "version"), [("^^1", "1"), ("1", "latest")])
def test_an_unreadable_interface_version_or_range_raises(text: str, version: str) -> None:
    """The planner counts it as unknown, and unknown as no."""
    with pytest.raises(VersionError):
        in_range(text, version)


def test_a_set_is_one_of_its_versions() -> None:
    """Also beside other alternatives; an empty place in it is an error."""
    assert in_range("{1.2, 2.0.1}", "1.2.7")
    assert in_range("{1.2, 2.0.1} || >=4", "5.0.0")
    assert not in_range("{1.2, 2.0.1}", "2.0.2")
    with pytest.raises(VersionError, match="an alternative is empty"):
        in_range("{1.2, }", "1.2")


def test_ranges_of_names_go_by_their_place_in_the_list() -> None:
    """From one to another, sets, and no carets."""
    names = ("buster", "bullseye", "bookworm", "trixie")
    assert in_range(">=bullseye", "trixie", names)
    assert in_range("bullseye - bookworm", "bookworm", names)
    assert not in_range("bullseye - bookworm", "trixie", names)
    assert in_range("{buster, trixie}", "buster", names)
    assert in_range("*", "buster", names)
    with pytest.raises(VersionError, match="is not a range of names"):
        in_range("^bullseye", "bookworm", names)


def test_an_unknown_scheme_is_an_error() -> None:
    """And not SemVer by silence."""
    with pytest.raises(VersionError, match="no version scheme"):
        in_range("1", "1", "semantic")


def test_a_name_may_look_like_a_wildcard() -> None:
    """In a list of names it is a name."""
    assert not in_range("x", "v", ("v", "w", "x"))
    assert in_range("x", "x", ("v", "w", "x"))


def test_a_wildcard_needs_a_place() -> None:
    """1.2.3.x has more parts than a version."""
    with pytest.raises(VersionError, match="more parts than a version"):
        in_range("1.2.3.x", "1.2.3")
