"""Compiling manifests: every rollout that is without error, resolved and planned, and all errors of the others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convoy.airflow.published import Published
from convoy.manifest.catalog import Catalog, LoadResult, load
from convoy.manifest.resolve import resolve
from convoy.planning.alternatives import proven_versions
from convoy.planning.inputs import PlanError, contracts_for, plan_rollout


@dataclass(frozen=True)
class Compiled:
    """The rollouts that compile, all errors as text, and the first error of each rollout that does not."""

    rollouts: tuple[Published, ...]
    errors: tuple[str, ...]
    broken: dict[str, str]
    broken_files: dict[str, str]

    def why_broken(self, published: Published) -> str:
        """Why a rollout that was published before does not compile now; empty if its manifest is simply gone."""
        known = self.broken.get(published.rollout)
        return known or self.broken_files.get(published.source.rsplit(":", 2)[0], "")


def compile_rollouts(manifests: Path) -> Compiled:
    """Compile every rollout in every environment that it names."""
    loaded = load([manifests])
    errors = [str(diagnostic) for diagnostic in loaded.diagnostics if diagnostic.severity == "error"]
    broken = {name: str(found[0]) for name, found in loaded.broken.items() if found}
    files: dict[str, str] = {}
    for diagnostic in loaded.diagnostics:
        if diagnostic.severity == "error":
            files.setdefault(str(diagnostic.file), str(diagnostic))
    rollouts: list[Published] = []
    for name, rollout in sorted(loaded.catalog.rollouts.items()):
        if name in loaded.broken:
            continue
        for environment in rollout.environment_names:
            try:
                rollouts.append(_compile(loaded, name, environment))
            except PlanError as error:
                found = [str(diagnostic) for diagnostic in error.diagnostics]
                errors += found
                broken.setdefault(name, found[0])
    return Compiled(tuple(rollouts), tuple(dict.fromkeys(errors)), broken, files)
