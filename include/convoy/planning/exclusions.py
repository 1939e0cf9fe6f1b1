"""Versions that must never run beside each other: declared incompatibilities, and pairs that a test has refuted."""

from __future__ import annotations

from convoy.planning.compatibility import Answer, record_of, title
from convoy.planning.facts import Facts
from convoy.planning.releases import Release


def may_meet(one: str, release: Release | None, other: str, met: Release | None, facts: Facts) -> Answer:
    """Whether a release's declared incompatibilities let it run beside another component's release."""
    if release is None or met is None:
        return Answer(True, f"{one if release is None else other} does not exist")
    declared = release.incompatible.get(other)
    who, whom = title(one, release), title(other, met)
    if declared is None:
        return Answer(True, f"{who} runs beside any {other}")
    excluded = facts.one_of(other, declared.range, met.version, forbidden=True)
    need = f"{who} must not run beside {other} {declared.range}"
    if declared.reason:
        need += f" ({declared.reason})"
    if excluded is None:
        unknown = (
            f"which version of {other} is live is unknown" if met.version is None else f"{whom} cannot be compared"
        )
        return Answer(None, f"unknown: {need}, {unknown}", need, unknown)
    found = "is one" if excluded else "is none"
    return Answer(not excluded, f"declared: {need}, {whom} {found}", need, f"and {whom} {found}")


def not_refuted(one: str, release: Release | None, other: str, met: Release | None, facts: Facts) -> Answer:
    """Whether no test has refuted this pair of versions."""
    who, whom = title(one, release), title(other, met)
    if release is not None and met is not None and None in (release.version, met.version):
        unknown = one if release.version is None else other
        if facts.may_be_refuted(one, release.version, other, met.version):
            need = f"some pairs of {one} and {other} were refuted, and which version of {unknown} is live is unknown"
            return Answer(None, f"unknown: {need}", need)
    record = record_of(facts, one, release, other, met)
    if record is None or record.result != "refuted":
        return Answer(True, f"no record refutes {who} with {whom}")
    return Answer(False, f"record: {who} with {whom} {record.words}", f"{who} with {whom} was {record.words}")
