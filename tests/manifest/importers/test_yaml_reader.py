"""Reading other tools' YAML: merge keys, tags, several documents, and bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.manifest.importers.base import Finding
from convoy.manifest.importers.yaml_reader import ForeignDocument, read_text, read_yaml, yaml_files

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4),
    max_leaves=20,
)


def read(text: str) -> tuple[list[ForeignDocument], list[str]]:
    """The documents, and the findings as code and place."""
    findings: list[Finding] = []
    documents = read_text(text, "f", findings)
    return documents, [f"{finding.code} {finding.location}" for finding in findings]


@settings(deadline=None)
@given(plain)
def test_what_is_written_is_read(data: Any) -> None:
    """Every value that the YAML library writes, in quotes, comes back as it was."""
    text = yaml.safe_dump({"value": data}, default_style=None, allow_unicode=True)
    documents, found = read(text)
    assert found == []
    expected = yaml.safe_load(text)["value"]
    assert _texts(documents[0].data["value"]) == _texts(expected)


def _texts(value: Any) -> Any:
    """Without the differences between YAML 1.1 and 1.2 in what a word means."""
    if isinstance(value, dict):
        return {key: _texts(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_texts(part) for part in value]
    return str(value)


def test_every_value_knows_its_place() -> None:
    """Keys and list entries alike."""
    documents, _ = read("---\na:\n  b: [x, {c: 1}]\n")
    assert documents[0].locate(("a", "b")) == "f:3:3"
    assert documents[0].locate(("a", "b", 1, "c")) == "f:3:11"
    assert documents[0].locate(("a", "no", "such")) == "f:2:1"


def test_merge_keys_are_resolved_and_own_entries_win() -> None:
    """Of several merged mappings the first one that has a key counts."""
    documents, found = read("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\n")
    assert found == []
    assert documents[0].data["c"] == {"x": 3, "y": 1, "z": 2}
    assert documents[0].locate(("c", "z")) == "f:2:14"


def test_a_quoted_merge_key_is_an_ordinary_key() -> None:
    """Only the plain spelling merges."""
    documents, _ = read('a: {"<<": {x: 1}}\n')
    assert documents[0].data == {"a": {"<<": {"x": 1}}}


def test_tags_are_kept_and_run_nothing() -> None:
    """A tag that would build a Python object elsewhere is only text here."""
    documents, _ = read("a: !reset null\nb: !!python/object/apply:os.getcwd []\n")
    root = documents[0].root
    assert root.mapping["a"].tag == "!reset"
    assert root.data()["b"] == []


def test_a_broken_document_hides_no_other() -> None:
    """Its place is in the file, not in the document."""
    documents, found = read("a: 1\n---\nb: [1\n---\nc: 3\n")
    assert [document.data for document in documents] == [{"a": 1}, {"c": 3}]
    assert found == ["syntax f:3:4"]


def test_directives_comments_and_empty_documents_are_nothing() -> None:
    """A file with nothing but comments is an empty one."""
    documents, found = read("%YAML 1.1\n---\n# only a comment\n---\n...\n---\na: 1\n")
    assert [document.data for document in documents] == [{"a": 1}]
    assert found == []


def test_a_duplicate_key_is_an_error_and_the_first_counts() -> None:
    """Tools differ in which one they take, so nobody can know."""
    documents, found = read("a: 1\na: 2\n")
    assert documents[0].data == {"a": 1}
    assert found == ["duplicate-key f:2:1"]


def test_aliases_cannot_grow_without_bounds() -> None:
    """What they expand to is counted before anything walks through it."""
    lines = ["a0: &a0 [1,1,1,1,1,1,1,1,1]"]
    lines += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    documents, found = read("\n".join(lines))
    assert documents == []
    assert [code.split()[0] for code in found] == ["too-much"]


def test_merge_keys_cannot_grow_without_bounds() -> None:
    """They repeat what they merge, like aliases."""
    lines = ["a0: &a0 {x: [1,1,1,1,1,1,1,1]}"]
    lines += [f"a{i}: &a{i} {{<<: *a{i - 1}, k{i}: [{','.join([f'*a{i - 1}'] * 8)}]}}" for i in range(1, 12)]
    documents, found = read("\n".join(lines))
    assert documents == []
    assert [code.split()[0] for code in found] == ["too-much"]


def test_a_text_with_a_null_character_is_an_error() -> None:
    """No file of that name can be opened."""
    documents, found = read('a: "x\\0y"\n')
    assert documents[0].data == {"a": ""}
    assert found == ["control-character f:1:4"]


def test_deep_nesting_is_a_finding_and_no_crash() -> None:
    """However deep."""
    documents, found = read("[" * 20_000)
    assert documents == []
    assert [code.split()[0] for code in found] == ["too-much"]


def test_an_alias_to_itself_or_to_nothing_is_an_error() -> None:
    """Neither has a value."""
    _, found = read("a: &a [*a]\nb: *none\n")
    assert found == ["alias f:1:8", "alias f:2:4"]


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    """Whatever it is, there are documents or findings or neither, and no exception."""
    read(text)


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A file that is not there, and one that is no text."""
    findings: list[Finding] = []
    (tmp_path / "binary.yaml").write_bytes(b"a: \xff\n")
    assert read_yaml(tmp_path / "none.yaml", findings) == []
    assert read_yaml(tmp_path / "binary.yaml", findings) == []
    assert [finding.code for finding in findings] == ["unreadable", "not-utf8"]


def test_folders_stand_for_their_yaml_files(tmp_path: Path) -> None:
    """In order, hidden ones left out; a folder without any is an error."""
    findings: list[Finding] = []
    for name in ("b.yml", "a.yaml", "notes.txt", ".hidden.yaml", "sub/c.yaml", "empty/x.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert [file.name for file in yaml_files([tmp_path], findings)] == ["a.yaml", "b.yml", "c.yaml"]
    assert yaml_files([tmp_path / "empty"], findings) == []
    assert [finding.code for finding in findings] == ["no-files"]
