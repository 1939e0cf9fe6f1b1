"""Versions and ranges: each in the spelling of its scheme, and each version in one spelling only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from convoy.manifest.checks.findings import Findings, Known
from convoy.manifest.definitions import Definition
from convoy.manifest.members import members_of
from convoy.manifest.models import Component, Environment, Rollout
from convoy.manifest.models.component import Requirement
from convoy.manifest.versions import (
    SCHEMES,
    SEMVER,
    Scheme,
    Version,
    VersionError,
    parse_interface_range,
    parse_interface_version,
)
from convoy.manifest.yaml_nodes import Path


def check_versions(known: Known, findings: Findings) -> None:
    """Report every version and range that cannot be read, and every version that is spelled in two ways."""
    for definition in known.catalog.definitions.values():
        model = definition.model
        if isinstance(model, Component):
            _component(findings, definition, model)
        elif isinstance(model, Rollout):
            _rollout(known, findings, definition, model)
        elif isinstance(model, Environment):
            for name, version in model.versions.items():
                component = known.catalog.components.get(name)
                scheme = SCHEMES[component.version_scheme] if component else SEMVER
                path = ("versions", name)
                if _version(findings, definition, path, version, scheme) is not None and component is not None:
                    _spelling(findings, definition, path, version, scheme, component.versions)


def _component(findings: Findings, definition: Definition, model: Component) -> None:
    scheme = SCHEMES[model.version_scheme]
    spelled: dict[Version, str] = {}
    _interfaces(findings, definition, (), model.provides, model.consumes)
    for version, release in model.versions.items():
        path = ("versions", version)
        parsed = _version(findings, definition, path, version, scheme, at_key=True)
        if parsed is not None:
            first = spelled.setdefault(parsed, version)
            if first != version:
                message = f"{version} and {first} are the same version"
                findings.add(definition, path, "same-version", message, "keep one of them", at_key=True)
        _interfaces(findings, definition, path, release.provides, release.consumes)


def _rollout(known: Known, findings: Findings, definition: Definition, model: Rollout) -> None:
    for name, member in members_of(known.catalog, model.name).items():
        scheme = SCHEMES[member.component.version_scheme]
        path: Path = ("components", name)
        meanings = []
        for key, version in (("from", member.change.from_version), ("to", member.change.to_version)):
            if version is None:
                continue
            place = (*path, key)
            parsed = _version(findings, definition, place, version, scheme)
            if parsed is not None:
                meanings.append(parsed)
                _spelling(findings, definition, place, version, scheme, member.component.versions)
        if len(meanings) == 2 and meanings[0] == meanings[1]:
            message = f"{meanings[0].text} and {meanings[1].text} are the same version: nothing would change"
            findings.add(definition, (*path, "to"), "same-version", message, "give the version that is wanted")
        if member.inline:
            _interfaces(findings, definition, path, member.component.provides, member.component.consumes)


def _version(
    findings: Findings, definition: Definition, path: Path, version: str, scheme: Scheme, *, at_key: bool = False
) -> Version | None:
    try:
        return scheme.parse(version)
    except VersionError as error:
        _report(findings, definition, path, "bad-version", error, at_key=at_key)
        return None


def _spelling(
    findings: Findings, definition: Definition, path: Path, version: str, scheme: Scheme, declared: Iterable[str]
) -> None:
    """A version that the component declares in another spelling would not be found there."""
    if version in (declared := list(declared)):
        return
    meaning = scheme.parse(version)
    for other in declared:
        try:
            same = scheme.parse(other) == meaning
        except VersionError:
            continue  # Reported where it is declared.
        if same:
            message = f"{version} is declared as {other} by the component"
            findings.add(definition, path, "same-version", message, f"write {other}")


def _interfaces(
    findings: Findings,
    definition: Definition,
    prefix: Path,
    provides: Mapping[str, str],
    consumes: Mapping[str, Requirement],
) -> None:
    for interface, version in provides.items():
        try:
            parse_interface_version(version)
        except VersionError as error:
            _report(findings, definition, (*prefix, "provides", interface), "bad-version", error)
    for interface, requirement in consumes.items():
        try:
            parse_interface_range(requirement.range)
        except VersionError as error:
            _report(findings, definition, (*prefix, "consumes", interface, "range"), "bad-range", error)


def _report(
    findings: Findings, definition: Definition, path: Path, code: str, error: VersionError, *, at_key: bool = False
) -> None:
    message, _, hint = str(error).partition("; ")
    findings.add(definition, path, code, message, hint, at_key=at_key)
