"""Versions and ranges: each in the spelling of its scheme, and each version in one spelling only."""

from __future__ import annotations

from convoy.manifest.checks.findings import Findings, Known
from convoy.manifest.checks.spelling import Spelling
from convoy.manifest.definitions import Definition
from convoy.manifest.members import members_of
from convoy.manifest.models import Component, Environment, Interface, Release, Rollout, Verification
from convoy.manifest.models.contract import VersionScheme
from convoy.manifest.versions import SEMVER, Scheme, Version, VersionError, scheme_of
from convoy.manifest.yaml_nodes import Path

VERIFIED = "verified"
"""In the place of a range of an interface: verification records decide."""


def check_versions(known: Known, findings: Findings) -> None:
    """Report every version and range that cannot be read, and every version that is spelled in two ways."""
    check = _Check(known, Spelling(findings))
    for definition in known.catalog.definitions.values():
        model = definition.model
        if isinstance(model, Component):
            check.component(definition, model)
        elif isinstance(model, Rollout):
            check.rollout(definition, model)
        elif isinstance(model, Interface):
            check.scheme(definition, model.version_scheme)
        elif isinstance(model, Environment):
            for name, version in model.versions.items():
                check.version_of(definition, ("versions", name), name, version)
        elif isinstance(model, Verification):
            for index, record in enumerate(model.records):
                place: Path = ("records", index)
                check.version_of(definition, (*place, "consumerVersion"), record.consumer, record.consumer_version)
                check.version_of(definition, (*place, "providerVersion"), record.provider, record.provider_version)


class _Check:
    def __init__(self, known: Known, spelling: Spelling) -> None:
        self.known = known
        self.spelling = spelling

    def scheme(self, definition: Definition, declared: VersionScheme) -> Scheme | None:
        """The scheme that a document declares; reported if it cannot be used."""
        try:
            return scheme_of(declared.spec)
        except VersionError as error:
            self.spelling.report(definition, ("versionScheme",), "bad-version", error)
            return None

    def scheme_of_component(self, name: str) -> Scheme | None:
        """The scheme of a component, SemVer if it has no manifest; None if its own is wrong, or cannot be read."""
        if ("Component", name) in self.known.broken:
            return None
        component = self.known.catalog.components.get(name)
        return _usable(component.version_scheme) if component else SEMVER

    def scheme_of_interface(self, name: str) -> Scheme | None:
        """The scheme of an interface, SemVer if nothing else is said; None if what is said is wrong."""
        if ("Interface", name) in self.known.broken:
            return None
        interface = self.known.catalog.interfaces.get(name)
        return _usable(interface.version_scheme) if interface else SEMVER

    def version_of(self, definition: Definition, path: Path, name: str, version: str) -> None:
        """A version of a component that may have a manifest."""
        component, scheme = self.known.catalog.components.get(name), self.scheme_of_component(name)
        if scheme and self.spelling.version(definition, path, version, scheme) is not None and component is not None:
            self.spelling.declared(definition, path, version, scheme, component.versions)

    def component(self, definition: Definition, model: Component) -> None:
        scheme = self.scheme(definition, model.version_scheme)
        spelled: dict[Version, str] = {}
        self.contracts(definition, (), model)
        for version, release in model.versions.items():
            path: Path = ("versions", version)
            self.contracts(definition, path, release)
            if scheme is None:
                continue
            parsed = self.spelling.version(definition, path, version, scheme, at_key=True)
            if parsed is not None:
                first = spelled.setdefault(parsed, version)
                if first != version:
                    self.spelling.same(definition, path, version, first)
            for key, text in (("coexists", release.coexists), ("upgradesFrom", release.upgrades_from)):
                if isinstance(text, str):
                    self.spelling.range(definition, (*path, key), text, scheme)

    def contracts(self, definition: Definition, prefix: Path, part: Component | Release) -> None:
        """Interfaces, data and exclusions of a component or of one of its versions."""
        self.interfaces(definition, prefix, part)
        for other, excluded in part.incompatible.items():
            scheme = self.scheme_of_component(other)
            if scheme:
                self.spelling.range(definition, (*prefix, "incompatible", other), excluded.range, scheme)

    def interfaces(self, definition: Definition, prefix: Path, part: Component | Release) -> None:
        for interface, version in part.provides.items():
            if scheme := self.scheme_of_interface(interface):
                self.spelling.version(definition, (*prefix, "provides", interface), version, scheme)
        for interface, requirement in part.consumes.items():
            scheme = self.scheme_of_interface(interface)
            if scheme and requirement.range != VERIFIED:
                self.spelling.range(definition, (*prefix, "consumes", interface, "range"), requirement.range, scheme)
        for name, data in part.data.items():
            scheme = self.scheme_of_interface(name)
            place: Path = (*prefix, "data", name)
            if scheme and data.writes is not None:
                self.spelling.version(definition, (*place, "writes"), data.writes, scheme)
            for key, text in (("reads", data.reads), ("migrates", data.migrates)):
                if scheme and text is not None:
                    self.spelling.range(definition, (*place, key), text, scheme)
            if scheme and data.migrates is not None and data.writes is not None:
                self.spelling.outside(definition, (*place, "migrates"), data.migrates, data.writes, scheme)

    def rollout(self, definition: Definition, model: Rollout) -> None:
        for name, member in members_of(self.known.catalog, model.name).items():
            scheme = self.scheme_of_component(name)
            path: Path = ("components", name)
            if member.inline:
                self.interfaces(definition, path, member.component)
            if scheme is None:
                continue
            meanings = []
            for key, version in (("from", member.change.from_version), ("to", member.change.to_version)):
                place = (*path, key)
                parsed = None if version is None else self.spelling.version(definition, place, version, scheme)
                if version is not None and parsed is not None:
                    meanings.append(parsed)
                    self.spelling.declared(definition, place, version, scheme, member.component.versions)
            if len(meanings) == 2 and meanings[0] == meanings[1]:
                self.spelling.nothing_changes(definition, (*path, "to"), [meaning.text for meaning in meanings])


def _usable(declared: VersionScheme) -> Scheme | None:
    try:
        return scheme_of(declared.spec)
    except VersionError:
        return None  # Reported where it is declared.
