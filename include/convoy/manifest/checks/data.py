"""Formats of data: what is read or migrated is written by somebody."""

from __future__ import annotations

from collections.abc import Iterator

from convoy.manifest.checks.findings import Findings, Known
from convoy.manifest.definitions import Definition
from convoy.manifest.diagnostics import did_you_mean
from convoy.manifest.members import members_of
from convoy.manifest.models import Component, Release, Rollout
from convoy.manifest.models.contract import DataContract
from convoy.manifest.yaml_nodes import Path


def check_data(known: Known, findings: Findings) -> None:
    """Warn of a format that is read or migrated and never written: more often a slip than meant."""
    dealings = list(_all(known))
    written = {name for _, _, name, contract in dealings if contract.writes is not None and contract.migrates is None}
    for definition, path, name, contract in dealings:
        if name not in written and (contract.writes is None or contract.migrates is not None):
            message = f"nothing writes {name}"
            hint = did_you_mean(name, written, otherwise="give `writes` to the component that does")
            findings.add(definition, path, "never-written", message, hint, severity="warning", at_key=True)


def _all(known: Known) -> Iterator[tuple[Definition, Path, str, DataContract]]:
    for definition in known.catalog.definitions.values():
        model = definition.model
        if isinstance(model, Component):
            yield from _part(definition, (), model)
            for version, release in model.versions.items():
                yield from _part(definition, ("versions", version), release)
        elif isinstance(model, Rollout):
            for name, member in members_of(known.catalog, model.name).items():
                if member.inline:
                    yield from _part(definition, ("components", name), member.component)


def _part(
    definition: Definition, prefix: Path, part: Component | Release
) -> Iterator[tuple[Definition, Path, str, DataContract]]:
    for name, contract in part.data.items():
        yield definition, (*prefix, "data", name), name, contract
