"""What the tests of several importers need: real inputs, and a lint of what was imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from convoy.manifest.catalog import LoadResult, load
from convoy.manifest.importers.base import Imported
from convoy.manifest.importers.writer import manifest_files

INPUTS = Path(__file__).parents[4] / "shared" / "inputs"
needs_inputs = pytest.mark.skipif(not INPUTS.is_dir(), reason="the folder shared/inputs is not beside the repository")


def lint(result: Imported, folder: Path) -> LoadResult:
    """What is read from the manifests that were imported, written to a folder; without an error."""
    folder.mkdir(exist_ok=True)
    for name, text in manifest_files(result.documents, "schema.json").items():
        (folder / name).write_text(text)
    loaded = load([folder])
    assert loaded.errors == ()
    return loaded
