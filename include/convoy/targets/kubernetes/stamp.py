"""The annotations that Convoy leaves on an object: who changed it, to which version, and what was set. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from convoy.targets.base import Lock
from convoy.targets.kubernetes.fields import Fields, Path, digest, from_json, to_json, values_at
from convoy.targets.kubernetes.objects import (
    CAUSE,
    CREATED,
    DESIRED,
    INERT,
    OF,
    RUN,
    STANDS,
    TOKEN,
    VERSION,
    generation_of,
    notes_of,
)

OWN = (RUN, OF, VERSION, TOKEN, DESIRED, CREATED, CAUSE)
"""Annotations that are restored with the fields. STANDS and MARK stay: they are about the last write, not the state."""
OWN_PATHS: tuple[Path, ...] = tuple(("metadata", "annotations", key) for key in OWN)


@dataclass(frozen=True)
class Stands:
    """The last write of Convoy, a restore included: its number, and what then stood at ``paths``."""

    generation: int
    live: str
    paths: tuple[Path, ...]

    def in_(self, live: Mapping[str, Any]) -> bool:
        """Whether everything that was written still stands."""
        return digest(values_at(live, self.paths)) == self.live

    def to_text(self) -> str:
        """As the value of an annotation, the same for the same."""
        paths = sorted(map(to_json, self.paths), key=json.dumps)
        return json.dumps({"generation": self.generation, "live": self.live, "paths": paths}, separators=(",", ":"))


@dataclass(frozen=True)
class Stamp:
    """What an apply left: ``desired`` is a digest of what was asked for."""

    run: str
    component: str
    version: str
    desired: str
    created: bool
    stands: Stands

    def intact(self, live: Mapping[str, Any]) -> bool:
        """Whether the object still is what Convoy made it."""
        return self.stands.in_(live)


def read_stands(live: Mapping[str, Any] | None) -> Stands | None:
    """The last write; None where there was none, or what it left cannot be read."""
    try:
        found = json.loads(notes_of(live)[STANDS])
        paths = tuple(from_json(path) for path in found["paths"])
        return Stands(int(found["generation"]), str(found["live"]), paths)
    except (KeyError, TypeError, ValueError):
        return None


def read_stamp(live: Mapping[str, Any] | None) -> Stamp | None:
    """The stamp of an object; None where it has none that can be read, or was made and never used."""
    notes, stands = notes_of(live), read_stands(live)
    if live is None or stands is None or INERT in notes or not {RUN, OF, VERSION, DESIRED} <= set(notes):
        return None
    return Stamp(notes[RUN], notes[OF], notes[VERSION], notes[DESIRED], CREATED in notes, stands)


def is_inert(live: Mapping[str, Any] | None) -> bool:
    """Whether an object was created by Convoy, and never brought to life."""
    return live is not None and INERT in notes_of(live)


def stamped(
    fields: Fields,
    stands: Stands,
    desired: str,
    *,
    component: str,
    version: str,
    lock: Lock,
    created: bool,
    cause: bool,
) -> Fields:
    """The fields with their stamp."""
    marks = {
        RUN: lock.holder,
        OF: component,
        VERSION: version,
        TOKEN: str(lock.token),
        DESIRED: desired,
        STANDS: stands.to_text(),
        **({CREATED: "true"} if created else {}),
        **({CAUSE: f"convoy: {version} by {lock.holder}"} if cause else {}),
    }
    return {**fields, **{("metadata", "annotations", key): value for key, value in marks.items()}}


def stands_after(live: Mapping[str, Any] | None, written: Mapping[str, Any], paths: Iterable[Path]) -> Stands:
    """The next write, when ``written`` is what the object then is."""
    at = tuple(paths)
    return Stands(next_generation(live), digest(values_at(written, at)), at)


def generation_now(live: Mapping[str, Any]) -> int:
    """The number of what is live: that of our last write while it stands, however often it was scaled since; else one
    that no write of ours has had."""
    stands = read_stands(live)
    if stands is None:
        return generation_of(live)
    return stands.generation if stands.in_(live) else max(generation_of(live), stands.generation + 1)


def next_generation(live: Mapping[str, Any] | None) -> int:
    """The number of the next write: what the server will count, or more where it would not count this write."""
    return max(generation_of(live), generation_now(live)) + 1 if live is not None else 1
