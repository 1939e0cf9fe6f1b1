"""One version or range at a place in a manifest: whether it can be read, and what is reported if not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from convoy.manifest.checks.findings import Findings
from convoy.manifest.definitions import Definition
from convoy.manifest.versions import Scheme, Version, VersionError, parse_range
from convoy.manifest.yaml_nodes import Path


@dataclass(frozen=True)
class Spelling:
    """Reports to ``findings``."""

    findings: Findings

    def version(
        self, definition: Definition, path: Path, version: str, scheme: Scheme, *, at_key: bool = False
    ) -> Version | None:
        """The meaning of a version, or a report and None."""
        try:
            return scheme.parse(version)
        except VersionError as error:
            self.report(definition, path, "bad-version", error, at_key=at_key)
            return None

    def range(self, definition: Definition, path: Path, text: str, scheme: Scheme) -> None:
        """Report a range that cannot be read."""
        try:
            parse_range(text, scheme)
        except VersionError as error:
            self.report(definition, path, "bad-range", error)

    def outside(self, definition: Definition, path: Path, text: str, version: str, scheme: Scheme) -> None:
        """Report a migration that would remove what it writes."""
        try:
            inside = parse_range(text, scheme).contains(version)
        except VersionError:
            return  # Reported where it is written.
        if inside:
            message = f"it writes {version}, which lies in {text}: it would remove what it writes"
            self.findings.add(definition, path, "migrates-itself", message, "give the versions that are to go")

    def declared(
        self, definition: Definition, path: Path, version: str, scheme: Scheme, versions: Iterable[str]
    ) -> None:
        """Report a version that the component declares in another spelling: it would not be found there."""
        if version in (versions := list(versions)):
            return
        meaning = scheme.parse(version)
        for other in versions:
            try:
                same = scheme.parse(other) == meaning
            except VersionError:
                continue  # Reported where it is declared.
            if same:
                message = f"{version} is declared as {other} by the component"
                self.findings.add(definition, path, "same-version", message, f"write {other}")

    def same(self, definition: Definition, path: Path, version: str, first: str) -> None:
        """Report a version that a component declares twice."""
        message = f"{version} and {first} are the same version"
        self.findings.add(definition, path, "same-version", message, "keep one of them", at_key=True)

    def nothing_changes(self, definition: Definition, path: Path, versions: Sequence[str]) -> None:
        """Report a change from a version to itself."""
        message = f"{' and '.join(versions)} are the same version: nothing would change"
        self.findings.add(definition, path, "same-version", message, "give the version that is wanted")

    def report(
        self, definition: Definition, path: Path, code: str, error: VersionError, *, at_key: bool = False
    ) -> None:
        """Report what cannot be read; the error says why and, behind a semicolon, what to do."""
        message, _, hint = str(error).partition("; ")
        self.findings.add(definition, path, code, message, hint, at_key=at_key)
