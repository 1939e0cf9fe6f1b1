"""The words that text and every other format use for the same things."""

from __future__ import annotations

from convoy.manifest.models.base import format_duration
from convoy.planning.plan import Batch, Plan, PlannedChange

LOCKSTEP = "switches in one moment"
NO_RETURN = "point of no return"
PARKS = "parks on failure"


def headline(plan: Plan) -> str:
    """What the plan is, in one line."""
    components = sum(len(batch.changes) for batch in plan.batches)
    return (
        f"Rollout {plan.rollout} in {plan.environment}: {count(components, 'component')} in "
        f"{count(len(plan.batches), 'batch', 'batches')}, expected {duration(plan.makespan)}"
    )


def change_words(change: PlannedChange) -> str:
    """``1.0.0 -> 2.0.0``, or ``new, 1.0.0``."""
    return f"{change.from_version} -> {change.to_version}" if change.from_version else f"new, {change.to_version}"


def change_lines(batch: Batch) -> list[str]:
    """One line for each component; a component that is the whole batch is not named again."""
    if batch.components == (batch.name,):
        return [change_words(batch.changes[0])]
    return [f"{change.component}  {change_words(change)}" for change in batch.changes]


def marks(batch: Batch) -> list[str]:
    """What is special about a batch."""
    chosen = ((batch.lockstep, LOCKSTEP), (not batch.reversible, NO_RETURN), (batch.on_failure == "park", PARKS))
    return [words for holds, words in chosen if holds]


def duration(seconds: float) -> str:
    """Whole seconds, as manifests spell them; shorter times exactly."""
    return format_duration(round(seconds) if seconds >= 1 else seconds)


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 batch``, ``2 batches``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def certificate_line(plan: Plan) -> str:
    """How much of the certificate is proven."""
    if not plan.certificate:
        return "no contracts are touched; only start order is kept"
    good = sum(cell.ok for cell in plan.certificate)
    return (
        f"{good} of {len(plan.certificate)} combinations of versions that come about are proven, "
        "relative to the declared contracts"
    )


def one_line(text: str) -> str:
    """The text without line breaks and other characters that control something."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def shortened(text: str, most: int) -> str:
    """At most so many characters, with an ellipsis where something is left out."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
