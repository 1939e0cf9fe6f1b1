"""Persisted data: who can still read what, while versions of the format change.

Network edges are symmetric in time, data edges are not. What was once written stays, until somebody migrates it: a
reader has to cope with what its peers write now, and with what they wrote before.
"""

from __future__ import annotations

from collections.abc import Iterable

from convoy.planning.compatibility import Answer, title, undeclared
from convoy.planning.facts import Facts
from convoy.planning.releases import DataContract, Release

NONE = DataContract()


def can_read(
    reader: str, reading: Release | None, writer: str, writing: Release | None, name: str, facts: Facts
) -> Answer:
    """Whether the reader's release reads what the writer's release writes."""
    whom = title(writer, writing)
    unknown = uncertain(reader, reading, name) or uncertain(writer, writing, name)
    if reading is None or writing is None:
        return Answer(True, f"{reader if reading is None else writer} does not exist")
    if unknown:
        return Answer(None, f"unknown: {unknown}", unknown)
    reads, writes = reading.data.get(name, NONE).reads, writing.data.get(name, NONE).writes
    if reads is None or writes is None:
        who = title(reader, reading) if reads is None else whom
        return Answer(True, f"{who} {'reads' if reads is None else 'writes'} no {name}")
    answer = facts.inside(name, reads, writes)
    need, offer = f"{title(reader, reading)} reads {name} {reads}", f"{whom} writes {writes}"
    return Answer(answer, f"{'unknown' if answer is None else 'declared'}: {need}, {offer}", need, offer)


def reads_what_is_left(
    reader: str, reading: Release | None, left: Iterable[tuple[str, str]], name: str, facts: Facts
) -> Answer:
    """Whether a release reads what is still stored. ``left`` has pairs of a version of the format and who wrote it."""
    if reading is None:
        return Answer(True, f"{reader} does not exist")
    if name in reading.uncertain_data:
        unknown = uncertain(reader, reading, name)
        return Answer(None, f"unknown: {unknown}", unknown)
    reads, who = reading.data.get(name, NONE).reads, title(reader, reading)
    if reads is None:
        return Answer(True, f"{who} reads no {name}")
    for version, writer in left:
        answer = facts.inside(name, reads, version)
        if answer is not True:
            need, offer = f"{who} reads {name} {reads}", f"what {writer} wrote in {version} is still there"
            return Answer(answer, f"{'unknown' if answer is None else 'declared'}: {need}, {offer}", need, offer)
    return Answer(True, f"declared: {who} reads {name} {reads}")


def would_write_again(
    writer: str, writing: Release | None, migration: str, migrating: Release | None, name: str, facts: Facts
) -> Answer:
    """Whether a writer writes nothing that the migration has just removed; the answer is no if it would."""
    if writing is None or migrating is None:
        return Answer(True, f"{writer if writing is None else migration} does not exist")
    unknown = uncertain(writer, writing, name)
    if unknown:
        return Answer(None, f"unknown: {unknown}", unknown)
    writes, removes = writing.data.get(name, NONE).writes, migrating.data.get(name, NONE).migrates
    if writes is None or removes is None:
        return Answer(True, f"{title(writer, writing)} writes no {name} that {migration} removes")
    removed = facts.inside(name, removes, writes, forbidden=True)
    answer = None if removed is None else not removed
    need = f"{title(migration, migrating)} leaves no {name} {removes}"
    offer = f"{title(writer, writing)} writes {writes}"
    return Answer(answer, f"{'unknown' if answer is None else 'declared'}: {need}, {offer}", need, offer)


def uncertain(component: str, release: Release | None, name: str) -> str:
    """Why nothing is known of a component's dealings with a format; empty where it is known."""
    if release is None or name not in release.uncertain_data:
        return ""
    return f"how {component} deals with {name} is unknown, because {undeclared(release)}"
