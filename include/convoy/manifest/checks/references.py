"""Names that one document uses and another defines: components, systems, environments, batches."""

from __future__ import annotations

from collections.abc import Iterable

from convoy.manifest.checks.findings import Findings, Known
from convoy.manifest.definitions import Definition
from convoy.manifest.diagnostics import did_you_mean
from convoy.manifest.members import inline_fields
from convoy.manifest.models import Change, Component, Environment, Release, Rollout, Verification
from convoy.manifest.models.contract import Dependency, Requirement
from convoy.manifest.yaml_nodes import Path


def check_references(known: Known, findings: Findings) -> None:
    """Report every name that nothing has."""
    inline = {name for rollout in known.catalog.rollouts.values() for name in rollout.components}
    for definition in known.catalog.definitions.values():
        model = definition.model
        if isinstance(model, Component):
            _component(known, findings, definition, model, inline)
        elif isinstance(model, Environment):
            for name in model.versions:
                _component_name(known, findings, definition, ("versions", name), name, inline)
        elif isinstance(model, Rollout):
            _rollout(known, findings, definition, model, inline)
        elif isinstance(model, Verification):
            for index, record in enumerate(model.records):
                for key, name in (("consumer", record.consumer), ("provider", record.provider)):
                    _component_name(known, findings, definition, ("records", index, key), name, inline, at_key=False)


def _component(known: Known, findings: Findings, definition: Definition, model: Component, inline: set[str]) -> None:
    if model.system is not None and ("System", model.system) not in known.broken:
        findings.reference(known, definition, ("system",), "System", model.system)
    _needs(known, findings, definition, (), model.depends_on, inline)
    _contracts(known, findings, definition, (), model, inline)
    for version, release in model.versions.items():
        _contracts(known, findings, definition, ("versions", version), release, inline)


def _contracts(
    known: Known, findings: Findings, definition: Definition, prefix: Path, part: Component | Release, inline: set[str]
) -> None:
    _provider_names(known, findings, definition, (*prefix, "consumes"), part.consumes, inline)
    for name in part.incompatible:
        place: Path = (*prefix, "incompatible", name)
        if name == definition.name:
            hint = "say which versions of itself it serves beside with coexists"
            findings.add(definition, place, "with-itself", f"{name} excludes itself", hint, at_key=True)
        else:
            _component_name(known, findings, definition, place, name, inline)


def _needs(
    known: Known,
    findings: Findings,
    definition: Definition,
    prefix: Path,
    depends_on: Iterable[Dependency],
    inline: set[str],
) -> None:
    seen: set[str] = set()
    for index, dependency in enumerate(depends_on):
        path = (*prefix, "dependsOn", index)
        _component_name(known, findings, definition, path, dependency.name, inline)
        if dependency.name in seen:
            findings.add(definition, path, "twice", f"{dependency.name} stands here a second time", "keep one of them")
        seen.add(dependency.name)


def _provider_names(
    known: Known,
    findings: Findings,
    definition: Definition,
    path: Path,
    consumes: dict[str, Requirement],
    inline: set[str],
) -> None:
    for interface, requirement in consumes.items():
        if requirement.component is not None:
            place = (*path, interface, "from")
            _component_name(known, findings, definition, place, requirement.component, inline)


def _component_name(
    known: Known,
    findings: Findings,
    definition: Definition,
    path: Path,
    name: str,
    inline: set[str],
    *,
    at_key: bool = True,
) -> None:
    """Only that it exists somewhere: what has errors is said where it is defined, and where a rollout changes it."""
    if name not in inline and name not in known.names("Component"):
        hint = known.hint("Component", name, inline)
        findings.add(definition, path, "unknown-reference", f"unknown component {name}", hint, at_key=at_key)


def _rollout(known: Known, findings: Findings, definition: Definition, model: Rollout, inline: set[str]) -> None:
    if model.environment is not None:
        findings.reference(known, definition, ("environment",), "Environment", model.environment)
    for index, name in enumerate(model.environments):
        findings.reference(known, definition, ("environments", index), "Environment", name)
    for name, change in model.components.items():
        _change(known, findings, definition, name, change, inline)
        for index, other in enumerate(change.after):
            place: Path = ("components", name, "after", index)
            if other == name:
                findings.add(definition, place, "after-itself", f"{name} cannot come after itself", "delete it")
            else:
                _in_rollout(findings, definition, place, other, model.components)
    _batches(findings, definition, model)


def _change(
    known: Known, findings: Findings, definition: Definition, name: str, change: Change, inline: set[str]
) -> None:
    path = ("components", name)
    given = inline_fields(change)
    if ("Component", name) in known.catalog.definitions:
        for field in given:
            alias = Change.model_fields[field].alias or field
            where = known.catalog.where("Component", name)
            message = f"{name} has a Component manifest ({where}), so {alias} cannot be given here"
            hint = f"move {alias} there, or delete that manifest"
            findings.add(definition, (*path, alias), "two-definitions", message, hint, at_key=True)
    elif ("Component", name) in known.broken:
        findings.reference(known, definition, path, "Component", name, at_key=True)
    elif not given and (hint := did_you_mean(name, known.names("Component"))):
        # Without a definition it may be one that needs none; but then it has no namesake that is so close.
        hint += " To define it here, give it a workload"
        findings.add(definition, path, "unknown-reference", f"unknown component {name}", hint, at_key=True)
    if any(dependency.name == name for dependency in change.depends_on):
        place = (*path, "dependsOn")
        findings.add(definition, place, "depends-on-itself", f"{name} depends on itself", "delete it", at_key=True)
    _needs(known, findings, definition, path, change.depends_on, inline)
    _provider_names(known, findings, definition, (*path, "consumes"), change.consumes, inline)


def _in_rollout(findings: Findings, definition: Definition, path: Path, name: str, members: Iterable[str]) -> None:
    members = set(members)
    if name not in members:
        hint = did_you_mean(name, members, otherwise="name something that this rollout changes")
        findings.add(definition, path, "unknown-reference", f"{name} is not in this rollout", hint)


def _batches(findings: Findings, definition: Definition, model: Rollout) -> None:
    names: set[str] = set()
    batch_of: dict[str, str] = {}
    known = {*model.components, *(batch.name for batch in model.batches)}
    for index, batch in enumerate(model.batches):
        path: Path = ("batches", index)
        if batch.name in names:
            message = f"a second batch with the name {batch.name}"
            findings.add(definition, (*path, "name"), "duplicate-name", message, "give it another name")
        names.add(batch.name)
        for position, component in enumerate(batch.components):
            place = (*path, "components", position)
            _in_rollout(findings, definition, place, component, model.components)
            if component in batch_of:
                message = f"{component} is in batch {batch_of[component]} already"
                findings.add(definition, place, "two-batches", message, "a component advances in one batch only")
            batch_of.setdefault(component, batch.name)
        for position, other in enumerate(batch.after):
            place = (*path, "after", position)
            _in_rollout(findings, definition, place, other, known)
            if other == batch.name or other in batch.components:
                message = f"batch {batch.name} cannot come after itself"
                findings.add(definition, place, "after-itself", message, "delete it")
