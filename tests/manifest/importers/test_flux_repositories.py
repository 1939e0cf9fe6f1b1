"""Flux: real repositories, against what was counted in them and what their owners document."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.manifest.importers.gitops import INPUTS, lint, needs_inputs

from convoy.manifest.importers.base import Imported, Options
from convoy.manifest.importers.flux import import_flux


def levels(result: Imported) -> dict[str, int]:
    """How long the longest chain of dependencies below each node is."""
    needs: dict[str, set[str]] = {node: set() for node in result.nodes}
    for dependent, dependency in result.pairs:
        if dependent != dependency:
            needs[dependent].add(dependency)
    found: dict[str, int] = {}
    while len(found) < len(needs):
        ready = {node for node, below in needs.items() if node not in found and below <= found.keys()}
        assert ready, "a cycle"
        found |= {node: max((found[below] + 1 for below in needs[node]), default=0) for node in ready}
    return found


@needs_inputs
@pytest.mark.parametrize(
    ("folder", "nodes", "edges", "depth"),
    [
        ("flux-example-official/clusters/production", 3, 2, 2),
        ("flux-example-official/clusters/staging", 3, 2, 2),
        ("flux-rafaribe", 195, 289, 5),
        ("flux-selfloop-joryirving/after", 29, 8, None),
        ("flux-qnimbus/f9fd31f", 39, 26, 4),
        ("flux-qnimbus/932dcf3", 37, 25, 4),
    ],
)
def test_real_repositories_have_as_many_nodes_and_edges_as_were_counted(
    tmp_path: Path, folder: str, nodes: int, edges: int, depth: int | None
) -> None:
    """Without an error, without a guessed namespace, and what is written passes the lint."""
    result = import_flux([INPUTS / folder], Options())
    assert (len(result.nodes), len(result.pairs)) == (nodes, edges)
    assert depth is None or max(levels(result).values()) == depth
    assert result.errors == ()
    assert "namespace-guessed" not in {finding.code for finding in result.findings}
    assert len(lint(result, tmp_path / "out").catalog.components) == nodes


@needs_inputs
def test_the_duplicates_and_the_shape_of_a_large_repository_are_found() -> None:
    """297 references are 289 edges and 8 duplicates; most depend on one of two, and 58 on nothing."""
    result = import_flux([INPUTS / "flux-rafaribe"], Options())
    assert [finding.code for finding in result.findings].count("duplicate-reference") == 8
    dependencies = [dependency for _, dependency in result.pairs]
    assert max(map(dependencies.count, set(dependencies))) == 84
    assert len(set(result.nodes) - {dependent for dependent, _ in result.pairs}) == 58


@needs_inputs
def test_a_real_accident_is_found_with_file_and_line(tmp_path: Path) -> None:
    """A Kustomization that depended on itself; the commit after it has no error."""
    folder = INPUTS / "flux-selfloop-joryirving" / "before"
    result = import_flux([folder], Options())
    assert (len(result.nodes), len(result.pairs)) == (29, 8)
    (finding,) = result.errors
    assert finding.message == "flux-system/external-secrets-bitwarden depends on itself"
    file = folder / "kubernetes/test/apps/external-secrets/external-secrets/ks.yaml"
    assert finding.location == f"{file}:35:7"
    assert len(lint(result, tmp_path / "out").catalog.components) == 29


@needs_inputs
@pytest.mark.parametrize(
    "page", ["f9fd31f/flux-kustomization-dependencies.md", "932dcf3/docs/flux-kustomization-dependencies.md"]
)
def test_the_levels_are_those_that_the_owner_of_a_repository_documents(page: str) -> None:
    """Level for level, name for name, with the dependencies of each."""
    text = (INPUTS / "flux-qnimbus" / page).read_text()
    hierarchy = text.split("## Deployment Order")[-1].split("\n## ")[0]
    documented: dict[str, int] = {}
    needs: set[tuple[str, str]] = set()
    for line in hierarchy.splitlines():
        if heading := re.fullmatch(r"### Level (\d+)", line):
            level = int(heading[1])
        elif entry := re.fullmatch(r"- \*\*(\S+)\*\*", line):
            name = entry[1]
            documented[name] = level
        elif line.strip().startswith("- *Dependencies:*"):
            needs |= {(name, other) for other in re.findall(r"`([^`]+)`", line)}
    result = import_flux([INPUTS / "flux-qnimbus" / page.split("/")[0]], Options())
    assert len(documented) > 30
    assert levels(result) == documented
    assert result.pairs == needs
