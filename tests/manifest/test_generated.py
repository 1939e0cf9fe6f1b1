"""What is generated from the models stands in the repository as it would be generated now."""

from __future__ import annotations

import os
from pathlib import Path

import jsonschema
import pytest

from convoy.manifest.documents import MODELS
from convoy.manifest.model_shape import keys_of
from convoy.manifest.reference import reference_pages
from convoy.manifest.schema import SCHEMA_FILE, json_schema, schema_text

PROJECT = Path(__file__).parents[2]
REFERENCE = PROJECT / "docs" / "reference"


def _generated() -> dict[Path, str]:
    pages = {REFERENCE / name: text for name, text in reference_pages().items()}
    return {PROJECT / "include" / "schemas" / SCHEMA_FILE: schema_text(), **pages}


@pytest.mark.parametrize("path", _generated(), ids=lambda path: path.name)
def test_a_generated_file_is_up_to_date(path: Path) -> None:
    """A change of a model shows in the schema and the reference, or this fails."""
    text = _generated()[path]
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), "run again with UPDATE_GOLDEN=1"
    assert path.read_text(encoding="utf-8") == text, "if this is meant, run again with UPDATE_GOLDEN=1"


def test_no_page_is_left_over() -> None:
    """The folder has generated pages only."""
    assert {path.name for path in REFERENCE.iterdir()} == set(reference_pages())


def test_the_schema_is_a_json_schema() -> None:
    """Editors can read it."""
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_every_key_is_described() -> None:
    """Descriptions are the documentation: none is missing."""
    definitions = json_schema()["$defs"]
    missing = [
        f"{name}.{key}"
        for name, schema in definitions.items()
        for key, value in schema.get("properties", {}).items()
        # A description that is the same as that of the definition stands there only.
        if not (value.get("description") or definitions[value["$ref"].rpartition("/")[2]]["description"])
    ]
    assert missing == []


@pytest.mark.parametrize("kind", MODELS)
def test_the_reference_has_every_key_of_every_kind(kind: str) -> None:
    """Each in the row of its own."""
    page = reference_pages()[f"{kind.lower()}.md"]
    assert [key for key in keys_of(MODELS[kind]) if f"| `{key}` |" not in page] == []


def test_the_links_of_the_reference_lead_somewhere() -> None:
    """Each to a heading that exists."""
    import re

    pages = reference_pages()
    headings = {
        (name, line[3:].lower()) for name, text in pages.items() for line in text.splitlines() if line[:3] == "## "
    }
    links = {link for text in pages.values() for link in re.findall(r"\]\(([a-z]+\.md)(?:#([a-z]+))?\)", text)}
    assert [link for link in links if link not in headings and not (link[0] in pages and not link[1])] == []
