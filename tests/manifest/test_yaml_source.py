"""Reading YAML: every value with its place, every problem with a diagnostic, nothing without bounds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from convoy.manifest.yaml_nodes import Position, find
from convoy.manifest.yaml_source import MAX_BYTES, MAX_DOCUMENTS, Document, read_bytes, read_file


def one(text: str) -> Document:
    """The only document of a text."""
    (document,) = read_bytes(text.encode(), "f.yaml")
    return document


def data(text: str) -> object:
    """The plain value of the only document of a text without problems."""
    document = one(text)
    assert document.diagnostics == ()
    assert document.root is not None
    return document.root.data()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("2026-11-21", "2026-11-21"),
        ("12:30:00", "12:30:00"),
        ("1_000", "1_000"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("9" * 60, "9" * 60),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(written: str, value: object) -> None:
    """Countries, switches, dates and times stay text; numbers are numbers."""
    found = data(f"key: {written}\n")
    assert found == {"key": value}
    assert isinstance(found, dict)
    assert isinstance(found["key"], type(value))


def test_numbers_keep_their_spelling() -> None:
    """A version written 1.10 must not become 1.1, as a value or as a key."""
    found = data("to: 1.10\nversions: {1.10: {}, 1.1: {}, 010: {}}\n")
    assert isinstance(found, dict)
    assert found["to"].raw == "1.10"
    assert list(found["versions"]) == ["1.10", "1.1", "010"]


def test_every_value_and_key_has_its_place() -> None:
    """Lines and columns count from 1, also behind other documents, comments and wide characters."""
    text = "# ä\na: 1\n---\n# éé\nkey: {é: [x, {deep: y}]}\n"
    document = list(read_bytes(text.encode(), "f.yaml"))[1]
    assert document.root is not None
    found = find(document.root, ("key", "é", 1, "deep"))
    assert (found.key, found.node.position, found.depth) == (Position(5, 15), Position(5, 21), 4)


def test_a_path_is_followed_as_far_as_it_exists() -> None:
    """The nearest place is better than none."""
    root = one("a:\n  b: [1]\n").root
    assert root is not None
    assert find(root, ("a", "c")).node.position == Position(2, 3)
    assert find(root, ("a", "b", 7)).depth == 2
    assert find(root, ("a", "b", 0, "x")).depth == 3


def test_what_an_alias_repeats_has_the_place_of_its_anchor() -> None:
    """There it can be corrected."""
    root = one("a: &x {deep: 1}\nb: *x\n").root
    assert root is not None
    assert find(root, ("b", "deep")).node.position == Position(1, 14)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_count_as_one(ends: str) -> None:
    """Positions are those of the editor."""
    text = ends.join(["---", "a: 1", "---", "b: [", "---", "c: 3", ""])
    documents = list(read_bytes(text.encode(), "f.yaml"))
    if ends == "\r":
        assert documents[-1].diagnostics[0].line in (5, 6)
        return
    assert [d.root.data() for d in documents if d.root] == [{"a": 1}, {"c": 3}]
    assert documents[-1].position == Position(6, 1)


def test_a_syntax_error_hides_no_other_document() -> None:
    """Every document is read for itself, and every error is found at once."""
    text = "kind: A\n---\nkind: Rollout\nname: spring\nx: [\n---\nkind: B\n---\ny: }\n---\nkind: C\n"
    documents = list(read_bytes(text.encode(), "f.yaml"))
    assert [d.kind for d in documents] == ["A", "Rollout", "B", None, "C"]
    assert [bool(d.diagnostics) for d in documents] == [False, True, False, True, False]
    assert documents[1].name == "spring"


def test_empty_documents_are_none() -> None:
    """Comments and markers alone define nothing, and are no mistake."""
    assert list(read_bytes(b"", "f.yaml")) == []
    assert list(read_bytes(b"# nothing\n---\n---\n# more\n...\n---\n", "f.yaml")) == []


def test_a_byte_order_mark_is_skipped() -> None:
    """Some editors write one."""
    assert data("\ufeffa: 1\n") == {"a": 1}


def test_a_file_that_is_not_utf8_still_tells_its_names() -> None:
    """The place of the byte is said, and what the file defines is known to be broken, not unknown."""
    documents = list(read_bytes(b"kind: Component\nname: cart\n---\nkind: Component\nname: \xff\n", "f.yaml"))
    assert [d.diagnostics[0].location for d in documents] == ["f.yaml:5:7"] * len(documents)
    assert ("Component", "cart") in {(d.kind, d.name) for d in documents}
    assert all(d.root is None for d in documents)


def test_a_file_over_the_limit_is_refused_and_still_tells_its_names() -> None:
    """Not read, but not unknown either."""
    content = b"kind: Component\nname: cart\n---\na: " + b"x" * MAX_BYTES
    documents = list(read_bytes(content, "f.yaml"))
    assert {d.diagnostics[0].code for d in documents} == {"too-large"}
    assert ("Component", "cart") in {(d.kind, d.name) for d in documents}


def test_a_file_at_the_limit_is_read() -> None:
    """The limit is what may be, not what may not."""
    content = b"a: 1\n#"
    (document,) = read_bytes(content + b"x" * (MAX_BYTES - len(content)), "f.yaml")
    assert document.diagnostics == ()


def test_too_many_documents_end_in_one_error() -> None:
    """What was read before counts; the rest is said to be missing."""
    documents = list(read_bytes(b"---\na: 1\n" * (MAX_DOCUMENTS + 5), "f.yaml"))
    assert len(documents) == MAX_DOCUMENTS + 1
    assert documents[-1].diagnostics[0].code == "too-much"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "- " * 100_000,
        "{a: " * 10_000,
        "? " * 1000,
        "a:\n" + "".join(" " * n + "a:\n" for n in range(1, 200)),
    ],
)
def test_depth_ends_in_an_error(text: str) -> None:
    """However it is written, and before anything recurses."""
    (document,) = read_bytes(text.encode(), "f.yaml")
    assert "too-much" in {diagnostic.code for diagnostic in document.diagnostics}


def test_a_bomb_of_aliases_ends_in_an_error() -> None:
    """What aliases would expand to is counted, not expanded."""
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 30))
    document = one("l0: &l0 [x]\n" + levels)
    assert "aliases included" in document.diagnostics[0].message


def test_aliases_within_bounds_may_be_used() -> None:
    """They are a part of YAML, and save typing."""
    assert data("a: &x [1, 2]\nb: *x\nc: &y z\n*y : 1\n") == {"a": [1, 2], "b": [1, 2], "c": "z", "z": 1}


def test_a_key_that_an_alias_repeats_is_a_duplicate_too() -> None:
    """However the second one is written."""
    assert one("c: &y z\nz: 1\n*y : 1\n").diagnostics[0].code == "duplicate-key"


def test_nothing_after_a_duplicate_key_is_lost() -> None:
    """Every duplicate is reported, each with the place of the first."""
    document = one("a: 1\nb: {c: 1, c: 2}\na: 3\na: 4\n")
    assert [d.location for d in document.diagnostics] == ["f.yaml:2:11", "f.yaml:3:1", "f.yaml:4:1"]
    assert all("line 1, column 1" in d.message for d in document.diagnostics[1:])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_an_error(tmp_path: Path) -> None:
    """With the reason that the system gives."""
    path = tmp_path / "f.yaml"
    path.write_text("a: 1\n")
    path.chmod(0)
    (document,) = read_file(path, "f.yaml")
    assert document.diagnostics[0].code == "unreadable"


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A folder in place of a file, for example."""
    (document,) = read_file(tmp_path, "f.yaml")
    assert document.diagnostics[0].code == "unreadable"
    assert document.diagnostics[0].location == "f.yaml"
