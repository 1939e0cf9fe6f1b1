"""From the matrix of a Pact broker to verification records.

A row says that one version of a consumer works, or does not, with one version of a provider. That becomes a record of
a Verification document. The components get the range ``verified``, which means: works with what the records say, and
with nothing else. A pair without a result is unknown, so it is left out and counts as not working.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from convoy.manifest.importers.base import Edge, Finding, Imported, ImportFailed, Options, convoy_name
from convoy.manifest.importers.pact_matrix import Row, read_matrix
from convoy.manifest.schemes import SCHEMES, VersionError, named_scheme

PROVIDED = "1"
"""The version of every imported interface: the range ``verified`` does not look at it."""
VERIFICATION_NAME = "pact-verifications"
BROKER_LIMIT = 100
"""How many rows a broker answers with when it is not asked for more."""

_SCHEMES = ("integer", "semver", "calver", "pep440")


def import_pact(paths: Sequence[Path], options: Options) -> Imported:
    """Components and one Verification from files of a broker's matrix. Raises ImportFailed if no row can be read."""
    findings: list[Finding] = []
    rows: list[Row] = []
    for path in paths:
        read, wrong = read_matrix(path)
        rows += read
        findings += wrong
        if len(read) + len(wrong) == BROKER_LIMIT:
            message = (
                f"exactly {BROKER_LIMIT} rows, the most that a broker answers with by default: some may be missing"
            )
            findings.append(Finding("warning", str(path), "cut-off", message, "ask it with limit=1000"))
    if not rows:
        if not findings:
            findings.append(
                Finding("error", _shown(paths), "empty-matrix", "the matrix has no rows", "name other versions")
            )
        raise ImportFailed(findings)
    names = _names(rows, findings)
    evidence = _decided(rows, findings)
    versions = {name: _ordered(name, _versions(name, rows), rows, findings) for name in sorted(names)}
    documents = [_component(name, names, rows, *found) for name, found in versions.items()]
    records = [
        _record(row, names)
        for row in evidence
        # A version that could not be carried over, which is an error, has no records either.
        if row.consumer_version in versions[row.consumer][1] and row.provider_version in versions[row.provider][1]
    ]
    if records:
        documents.append(
            {"apiVersion": "convoy/v1", "kind": "Verification", "name": VERIFICATION_NAME, "records": records}
        )
    return Imported(
        documents=tuple(documents), nodes=tuple(sorted(names)), edges=_edges(rows), findings=tuple(findings)
    )


def _shown(paths: Sequence[Path]) -> str:
    return ", ".join(map(str, paths))


def _names(rows: Iterable[Row], findings: list[Finding]) -> dict[str, str]:
    """The Convoy name of every participant."""
    first: dict[str, str] = {}
    for row in rows:
        first.setdefault(row.consumer, row.location)
        first.setdefault(row.provider, row.location)
    taken: set[str] = set()
    names: dict[str, str] = {}
    for name in sorted(first):
        names[name] = convoy_name(name, taken)
        taken.add(names[name])
        if names[name] != name:
            message = f"{name!r} is called {names[name]} here, as names have lower-case letters, digits and dashes"
            findings.append(Finding("note", first[name], "renamed", message))
    return names


def _decided(rows: Iterable[Row], findings: list[Finding]) -> list[Row]:
    """One row for every pair of versions that has a result, the pairs sorted by name and in the order of the matrix."""
    by_pair: dict[tuple[str, str, str, str | None], list[Row]] = {}
    for row in rows:
        by_pair.setdefault(row.pair, []).append(row)
    chosen: list[Row] = []
    for found in by_pair.values():
        known = [row for row in found if row.success is not None]
        if known:
            chosen.append(_newest(known, findings))
            continue
        row = found[0]
        by = (
            f"by {row.provider} {row.provider_version}" if row.provider_version else f"by any version of {row.provider}"
        )
        message = (
            f"the pact of {row.consumer} {row.consumer_version} has not been verified {by} here: unknown, left out"
        )
        hint = "let the provider verify it; until then a plan treats the pair as one that does not work"
        findings.append(Finding("warning", row.location, "unverified", message, hint))
    ignored = [row for row in chosen if row.ignored]
    if ignored:
        message = f"{len(ignored)} result(s) are imported although the broker was asked to ignore them"
        findings.append(Finding("note", ignored[0].location, "ignored-row", message))
    return sorted(chosen, key=lambda row: (row.consumer, row.provider))


def _newest(rows: list[Row], findings: list[Finding]) -> Row:
    """The row that counts for a pair of versions: the latest result. Without times a failure counts."""
    if len({row.success for row in rows}) == 1:
        return max(rows, key=lambda row: row.verified.timestamp() if row.verified else float("-inf"))
    pair = f"{rows[0].consumer} {rows[0].consumer_version} with {rows[0].provider} {rows[0].provider_version}"
    times = [row.verified for row in rows]
    latest = max((time for time in times if time is not None), default=None)
    at_last = [row for row in rows if row.verified == latest]
    if None in times or len({row.success for row in at_last}) > 1:
        winner = next(row for row in rows if row.success is False)
        why = "the times do not tell which is the latest, so the failure counts"
    else:
        winner = at_last[0]
        why = f"the latest counts: {'verified' if winner.success else 'refuted'}"
    others = ", ".join(row.location for row in rows if row is not winner)
    message = f"contradicting results for {pair} (also {others}); {why}"
    findings.append(Finding("warning", winner.location, "contradiction", message, "check the latest verification"))
    return winner


def _versions(name: str, rows: Iterable[Row]) -> dict[str, datetime | None]:
    """Every version of a participant with the time at which it was first seen; None where that is not known."""
    seen: dict[str, datetime | None] = {}
    for row in rows:
        if row.consumer == name:
            _earliest(seen, row.consumer_version, row.published)
        if row.provider == name and row.provider_version is not None:
            _earliest(seen, row.provider_version, row.verified)
    return seen


def _component(name: str, names: dict[str, str], rows: list[Row], scheme: Any, versions: list[str]) -> dict[str, Any]:
    document: dict[str, Any] = {"apiVersion": "convoy/v1", "kind": "Component", "name": names[name]}
    if scheme != "semver":
        document["versionScheme"] = scheme
    if any(row.provider == name for row in rows):
        document["provides"] = {_interface(names[name]): PROVIDED}
    providers = sorted({names[row.provider] for row in rows if row.consumer == name})
    if providers:
        document["consumes"] = {_interface(provider): "verified" for provider in providers}
    if versions:
        document["versions"] = {version: {} for version in versions}
    return document


def _interface(provider: str) -> str:
    return f"{provider}-pact"


def _earliest(seen: dict[str, datetime | None], version: str, time: datetime | None) -> None:
    """Note a version; its time is the first of all, and unknown where one is."""
    known = seen.get(version, time)
    seen[version] = min(known, time) if known is not None and time is not None else None


def _ordered(
    name: str, seen: dict[str, datetime | None], rows: Iterable[Row], findings: list[Finding]
) -> tuple[Any, list[str]]:
    """The scheme that every version fits, and the versions from the oldest to the newest."""
    if not seen:
        return "semver", []
    location = next(row.location for row in rows if name in (row.consumer, row.provider))
    for scheme in _SCHEMES:
        keys = _keys(scheme, seen)
        if keys is not None:
            return scheme, sorted(seen, key=keys.__getitem__)
    if None not in seen.values():
        versions = sorted(seen, key=lambda version: (seen[version], version))
        by = "the times of their first pact or verification"
    else:
        versions = list(reversed(seen))
        by = "the matrix, read as the newest first, as not all of them have a time"
    try:
        named_scheme(tuple(versions))
    except VersionError as error:
        findings.append(Finding("error", location, "bad-version", f"{name}: {error}", "rename it in the broker"))
        return "semver", []
    message = f"the versions of {name} fit no version scheme; they are kept as names in the order of {by}"
    hint = "check the order in versionScheme.names: the oldest comes first"
    findings.append(Finding("warning", location, "versions-by-name", message, hint))
    return {"names": versions}, versions


def _keys(scheme: str, versions: Iterable[str]) -> dict[str, Any] | None:
    """What versions are sorted by; None where one is no version of the scheme, or two mean the same."""
    keys: dict[str, Any] = {}
    for version in versions:
        # PEP 440 takes part of the commit hashes: 12a3456 would be an alpha of 12, and 1.0+12a3456 later than 1.0+0b1.
        if scheme == "pep440" and ("." not in version or "+" in version):
            return None
        try:
            keys[version] = SCHEMES[scheme].parse(version).key
        except VersionError:
            return None
    return keys if len(set(keys.values())) == len(keys) else None


def _record(row: Row, names: dict[str, str]) -> dict[str, Any]:
    record = {
        "consumer": names[row.consumer],
        "consumerVersion": row.consumer_version,
        "provider": names[row.provider],
        "providerVersion": row.provider_version,
        "result": "verified" if row.success else "refuted",
    }
    return record | ({"evidence": row.evidence} if row.evidence else {})


def _edges(rows: Iterable[Row]) -> tuple[Edge, ...]:
    edges: dict[tuple[str, str], Edge] = {}
    for row in rows:
        edges.setdefault((row.consumer, row.provider), Edge(row.consumer, row.provider, row.location, detail="pact"))
    return tuple(edges.values())
