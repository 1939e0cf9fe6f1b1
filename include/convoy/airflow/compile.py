"""Compiling manifests: every rollout that is without error, resolved and planned, and all errors of the others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convoy.airflow.published import Published
from convoy.manifest.catalog import Catalog, LoadResult, load
from convoy.manifest.resolve import resolve
from convoy.planning.alternatives import proven_versions
from convoy.planning.contracts import Contracts
from convoy.planning.contracts_json import contracts_to_dict
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
        return known or self.broken_files.get(_file(published.source), "")


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


def _compile(loaded: LoadResult, name: str, environment: str) -> Published:
    catalog: Catalog = loaded.catalog
    resolved = resolve(catalog, name, environment)
    contracts = contracts_for(catalog, name, environment)
    return Published(
        rollout=name,
        environment=environment,
        source=resolved.source,
        plan=plan_rollout(catalog, name, environment),
        contracts=contracts_to_dict(contracts),
        unchanged=_unchanged(contracts),
        target=resolved.target,
        signals=resolved.signals,
        components={component: _settings(settings) for component, settings in resolved.components.items()},
        alternatives={component: proven_versions(contracts, component) for component in resolved.components},
        rollback_scope=resolved.rollback_scope,
        description=resolved.description or "",
        owner=resolved.owner or "",
        warnings=tuple(
            str(d) for d in loaded.diagnostics if d.severity == "warning" and d.file == _file(resolved.source)
        ),
    )


def _unchanged(contracts: Contracts) -> dict[str, str]:
    """The versions of neighbours that the proof relies on, and that preflight compares with what is live."""
    return {
        name: component.current.version
        for name, component in contracts.components.items()
        if not component.changes and component.current is not None and component.current.version is not None
    }


def _settings(settings: dict[str, Any]) -> dict[str, Any]:
    """What a run needs of a component's settings: the workloads of all versions, and no second copy of two of them."""
    return {key: value for key, value in settings.items() if key not in ("workload", "from_workload")}


def _file(source: str) -> str:
    return source.rsplit(":", 2)[0]
