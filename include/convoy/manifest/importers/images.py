"""What an image reference, or the version of a chart, tells of a component's version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from convoy.manifest.importers.base import Finding
from convoy.manifest.schemes import SCHEMES, VersionError

_HINT = "write the versions by hand where contracts between versions matter"
_PRERELEASE = re.compile(r"(alpha|beta|rc|pre|preview|dev|snapshot|nightly|canary|m)[.-]?\d*([.-].*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Image:
    """An image reference in its parts."""

    name: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def of(cls, reference: str) -> Image:
        """``registry:5000/team/name:tag@sha256:...`` in its parts."""
        rest, _, digest = reference.partition("@")
        head, colon, tag = rest.rpartition(":")
        if not colon or "/" in tag:
            head, tag = rest, ""
        return cls(head, tag or None, digest or None)


def version_fields(who: str, reference: str, at: str, findings: list[Finding]) -> Mapping[str, Any]:
    """``labels``, ``versions`` and ``versionScheme`` of a component that runs an image.

    The reference itself becomes the label ``image``. A tag becomes a version only where it is one of a version scheme;
    a suffix that is no prerelease, as in ``7.2-alpine``, is taken for a flavour. Both guesses are reported."""
    fields: dict[str, Any] = {"labels": {"image": reference}}
    image = Image.of(reference)
    if image.tag is None:
        what = "is pinned by digest only" if image.digest else "has no tag"
        findings.append(Finding("note", at, "no-version", f"the image of {who} {what}; no version is written", _HINT))
        return fields
    text, _, suffix = image.tag.partition("-")
    flavour = suffix if suffix and not _PRERELEASE.fullmatch(suffix) else ""
    candidates = [image.tag] if not flavour else [text]
    for scheme in ("semver", "calver", "pep440") if any(c.isdigit() for c in text) else ():
        for candidate in candidates:
            try:
                SCHEMES[scheme].parse(candidate)
            except VersionError:
                continue
            fields["versions"] = {candidate: {}}
            if scheme != "semver":
                fields["versionScheme"] = scheme
                message = f"the versions of {who} were taken for {scheme}, because of the tag {image.tag}"
                findings.append(
                    Finding("warning", at, "guessed-scheme", message, "correct versionScheme if it is wrong")
                )
            if flavour:
                message = f"the tag {image.tag} of {who} was taken for version {candidate}, and {flavour} for a flavour"
                findings.append(
                    Finding("warning", at, "guessed-version", message, "correct the version if it is wrong")
                )
            return fields
    message = f"the tag {image.tag} of {who} is a version of no scheme; no version is written"
    findings.append(Finding("note", at, "no-version", message, _HINT))
    return fields


def chart_version_fields(who: str, version: str | None, at: str, findings: list[Finding]) -> Mapping[str, Any]:
    """``versions`` of a component that is installed from a chart of this version."""
    if version is not None:
        try:
            SCHEMES["semver"].parse(version)
        except VersionError:
            message = f"{version} is a range, or no version, of the chart of {who}; no version is written"
        else:
            return {"versions": {version: {}}}
    else:
        message = f"the chart of {who} has no version; no version is written"
    findings.append(Finding("note", at, "no-version", message, _HINT))
    return {}
