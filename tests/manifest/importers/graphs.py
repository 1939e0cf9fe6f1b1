"""For the tests of importers: the shape of what was imported, and whether Convoy accepts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from convoy.manifest.catalog import load
from convoy.manifest.importers.base import Imported
from convoy.manifest.importers.writer import manifest_files

INPUTS = Path(__file__).parents[4] / "shared" / "inputs"


def real(name: str) -> Path:
    """A folder of real data; the test is skipped where it is absent."""
    if not (INPUTS / name).is_dir():
        pytest.skip(f"needs the real data in {INPUTS / name}, which is no part of the project")
    return INPUTS / name


def shape(imported: Imported) -> tuple[int, int, int]:
    """Nodes, dependencies, and the longest path in dependencies."""
    nodes = set(imported.nodes)
    below: dict[str, list[str]] = {node: [] for node in nodes}
    for dependent, dependency in imported.pairs:
        if dependency in nodes:
            below[dependent].append(dependency)
    depths: dict[str, int] = {}

    def depth(node: str) -> int:
        if node not in depths:
            depths[node] = max((1 + depth(other) for other in below[node]), default=0)
        return depths[node]

    return len(nodes), len(imported.pairs), max(map(depth, nodes), default=0)


def found(imported: Imported, *codes: str) -> list[str]:
    """The findings with one of these codes, as severity, place in its file, and message."""
    return [
        f"{finding.severity} {finding.location.rpartition('/')[2]} {finding.message}"
        for finding in imported.findings
        if finding.code in codes
    ]


def assert_accepted(imported: Imported, folder: Path) -> None:
    """Write the documents, and expect that Convoy loads them all without an error."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in manifest_files(imported.documents, "../convoy.schema.json").items():
        (folder / name).write_text(text)
    loaded = load([folder])
    assert [str(error) for error in loaded.errors] == []
    expected = {document["name"] for document in imported.documents if document["kind"] == "Component"}
    assert set(loaded.catalog.components) == expected
