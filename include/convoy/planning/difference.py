"""What changes between two plans, in the order in which a reviewer asks: what, in which order, how long, how dangerous.

The difference is empty exactly if the plans say the same: the places in files that reasons point to, the order in which
a list is written, and fractions of a millisecond do not count. It therefore also has what the digest leaves out:
sentences, the schedule, who is affected. Equal digests with a difference mean that the same would be done, for other
reasons or with other consequences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from convoy.manifest.models.base import format_duration
from convoy.planning.formats.edges import edges_of
from convoy.planning.plan import Affected, Arc, Batch, Cell, Plan
from convoy.planning.side_by_side import grouped, in_pairs, only_one_has

COMPONENTS, BATCHES, ORDER, ARCS, CERTIFICATE, SCHEDULE, RISK, WARNINGS = SECTIONS = (
    "components",
    "batches",
    "order",
    "arcs",
    "certificate",
    "schedule",
    "risk",
    "warnings",
)


@dataclass(frozen=True)
class Entry:
    """One thing that is not the same. ``old`` is None for what is new, ``new`` is None for what is gone.

    ``why`` has reasons, as sentences, for what depends on reasons."""

    section: str
    subject: str
    old: str | None
    new: str | None
    why: tuple[str, ...] = ()

    @property
    def sign(self) -> str:
        """``+``, ``-`` or ``~``."""
        if self.old is None:
            return "+"
        return "-" if self.new is None else "~"


@dataclass(frozen=True)
class Difference:
    """Everything that differs, by section in the order of ``SECTIONS``."""

    old: Plan
    new: Plan
    entries: tuple[Entry, ...]

    @property
    def empty(self) -> bool:
        """Whether the plans say the same."""
        return not self.entries

    @property
    def same_steps(self) -> bool:
        """Whether the same would be done in the same order: the digests are equal."""
        return self.old.digest == self.new.digest

    def section(self, name: str) -> tuple[Entry, ...]:
        """The entries of one section."""
        return tuple(entry for entry in self.entries if entry.section == name)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: both digests, whether they are equal, and the entries."""
        return {
            "rollout": self.new.rollout,
            "environment": self.new.environment,
            "old_digest": self.old.digest,
            "new_digest": self.new.digest,
            "same": self.empty,
            "same_steps": self.same_steps,
            "entries": [
                {
                    "section": entry.section,
                    "sign": entry.sign,
                    "subject": entry.subject,
                    "old": entry.old,
                    "new": entry.new,
                    "why": list(entry.why),
                }
                for entry in self.entries
            ],
        }


def compare(old: Plan, new: Plan) -> Difference:
    """The difference of two plans. O(size), but for sorting."""
    found = [
        *_components(old, new),
        *_batches(old, new),
        *_order(old, new),
        *_arcs(old, new),
        *_certificate(old, new),
        *_schedule(old, new),
        *_risk(old, new),
        *_warnings(old, new),
    ]
    return Difference(old, new, tuple(sorted(found, key=lambda entry: SECTIONS.index(entry.section))))


def _components(old: Plan, new: Plan) -> Iterator[Entry]:
    yield from _value(COMPONENTS, "rollout", old.rollout, new.rollout)
    yield from _value(COMPONENTS, "environment", old.environment, new.environment)
    before, after = (
        {c.component: f"{c.from_version or 'new'} -> {c.to_version}" for b in plan.batches for c in b.changes}
        for plan in (old, new)
    )
    for name, was, now in in_pairs(before, after):
        if was != now:
            yield Entry(COMPONENTS, name, was, now)


def _batches(old: Plan, new: Plan) -> Iterator[Entry]:
    before, after = ({batch.name: batch for batch in plan.batches} for plan in (old, new))
    for name, was, now in in_pairs(before, after):
        if was is None or now is None:
            yield Entry(BATCHES, name, _members(was) if was else None, _members(now) if now else None)
            continue
        for aspect, one, other in zip(_ASPECTS, _aspects(was), _aspects(now), strict=True):
            if one != other:
                yield Entry(BATCHES, f"{name}: {aspect}", one, other)


_ASPECTS = (
    "components",
    "switches in one moment",
    "on failure",
    "can go back",
    "expected",
    "runbook",
    "acceptance",
)


def _aspects(batch: Batch) -> tuple[str, ...]:
    return (
        _members(batch),
        _yes(batch.lockstep),
        batch.on_failure,
        _yes(batch.reversible),
        _seconds(batch.expected_seconds),
        batch.runbook or "none",
        batch.acceptance or "none",
    )


def _members(batch: Batch) -> str:
    return ", ".join(batch.components)


def _order(old: Plan, new: Plan) -> Iterator[Entry]:
    """Who waits for whom, with the reasons of the side that says so; and the order where nothing else tells it."""
    before, after = ({(e.dependent, e.requirement): e.reasons for e in edges_of(plan)} for plan in (old, new))
    for (name, required), was, now in in_pairs(before, after):
        if was is None or now is None:
            waits = f"waits for {required}"
            yield Entry(ORDER, name, None if was is None else waits, None if now is None else waits, was or now or ())
    names = [[batch.name for batch in plan.batches] for plan in (old, new)]
    if sorted(names[0]) == sorted(names[1]):
        yield from _value(ORDER, "forward", _chain(names[0]), _chain(names[1]))
        yield from _value(ORDER, "rollback", _chain(old.rollback_order), _chain(new.rollback_order))


def _arcs(old: Plan, new: Plan) -> Iterator[Entry]:
    """The reasons themselves: every arc with its sentence."""
    before, after = (grouped(plan.arcs, _arc_key, lambda arc: arc.reason) for plan in (old, new))
    for (dependent, requirement, kind), was, now in in_pairs(before, after):
        subject = f"{requirement} before {dependent} ({kind})"
        for reason_was, reason_now in only_one_has(was or (), now or ()):
            yield Entry(ARCS, subject, reason_was, reason_now)


def _arc_key(arc: Arc) -> tuple[str, str, str]:
    return arc.dependent, arc.requirement, arc.kind


def _certificate(old: Plan, new: Plan) -> Iterator[Entry]:
    before, after = (grouped(plan.certificate, _cell_key, _verdict) for plan in (old, new))
    for subject, was, now in in_pairs(before, after):
        for verdict_was, verdict_now in only_one_has(was or (), now or ()):
            yield Entry(CERTIFICATE, subject, verdict_was, verdict_now)


def _cell_key(cell: Cell) -> str:
    return (
        f"{cell.when}: {cell.consumer} {cell.consumer_version or '(absent)'} with {cell.provider} "
        f"{cell.provider_version or '(absent)'} on {cell.interface}"
    )


def _verdict(cell: Cell) -> str:
    return f"{'proven' if cell.ok else 'NOT PROVEN'}: {cell.evidence}"


def _schedule(old: Plan, new: Plan) -> Iterator[Entry]:
    yield from _value(SCHEDULE, "expected", _seconds(old.makespan), _seconds(new.makespan))
    yield from _value(SCHEDULE, "critical path takes", _seconds(old.lower_bound), _seconds(new.lower_bound))
    yield from _value(SCHEDULE, "critical path", _chain(old.critical_path), _chain(new.critical_path))


def _risk(old: Plan, new: Plan) -> Iterator[Entry]:
    before, after = (
        grouped(plan.points_of_no_return, lambda p: (p.batch, p.component), lambda p: p.reason) for plan in (old, new)
    )
    for (batch, component), was, now in in_pairs(before, after):
        for reason_was, reason_now in only_one_has(was or (), now or ()):
            yield Entry(RISK, f"point of no return: {component} (batch {batch})", reason_was, reason_now)
    radius, then = old.blast_radius, new.blast_radius
    yield from _value(RISK, "weight that changes", f"{radius.changed:g}", f"{then.changed:g}")
    yield from _value(RISK, "weight that changes or is affected", f"{radius.weight:g}", f"{then.weight:g}")
    affected, affected_then = (grouped(r.affected, lambda a: a.component, _affected) for r in (radius, then))
    for name, hit, hit_then in in_pairs(affected, affected_then):
        for words, words_then in only_one_has(hit or (), hit_then or ()):
            yield Entry(RISK, f"affected: {name}", words, words_then)


def _affected(one: Affected) -> str:
    effect = "fails too" if one.hard else "serves less"
    return f"{effect}, through {one.through}, distance {one.distance}, weight {one.weight:g}"


def _warnings(old: Plan, new: Plan) -> Iterator[Entry]:
    """A sentence that changed is one gone and one new."""
    for gone, added in only_one_has(old.warnings, new.warnings):
        if gone is not None:
            yield Entry(WARNINGS, "warning", gone, None)
        if added is not None:
            yield Entry(WARNINGS, "warning", None, added)


def _value(section: str, subject: str, old: str, new: str) -> Iterator[Entry]:
    if old != new:
        yield Entry(section, subject, old, new)


def _chain(names: Iterable[str]) -> str:
    return " -> ".join(names) or "none"


def _seconds(seconds: float) -> str:
    return format_duration(seconds)


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
