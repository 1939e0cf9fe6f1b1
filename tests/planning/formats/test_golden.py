"""Every format against golden files. UPDATE_GOLDEN=1 rewrites them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.planning.formats.plans import EVERYDAY, empty, hostile

from convoy.planning.formats import FORMATS

GOLDEN = Path(__file__).parents[2] / "golden" / "formats"
SUFFIXES = {"mermaid": "mmd", "dot": "dot", "svg": "svg", "markdown": "md"}
EXAMPLES = {**EVERYDAY, "empty": empty, "hostile": hostile}


@pytest.mark.parametrize("form", sorted(FORMATS))
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_pictures_and_comments_look_as_before(name: str, form: str) -> None:
    """What reviewers see of a plan changes only on purpose."""
    path = GOLDEN / f"{name}.{SUFFIXES[form]}"
    found = FORMATS[form](EXAMPLES[name]())
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found, encoding="utf-8")
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    assert found == expected, f"{path.name} differs; if the new text is right, run this test with UPDATE_GOLDEN=1"


def test_every_format_has_a_name() -> None:
    """The registry is what ``--format`` offers."""
    assert sorted(FORMATS) == sorted(SUFFIXES)
