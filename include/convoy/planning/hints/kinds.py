"""What a hint is: one change, and what it would bring. Every effect was found by trying the change."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from convoy.manifest.models.base import format_duration

VERIFICATION, ORDER, MAX_PARALLEL, BATCH, NO_RETURN, NOTE = (
    "verification",
    "order",
    "max-parallel",
    "batch",
    "no-return",
    "note",
)


@dataclass(frozen=True)
class Hint:
    """One hint. ``text`` is a sentence, ``location`` is ``file:line:col`` of what it is about.

    ``kind`` and ``about`` say what to change:

    ================  ==============================================================================
    kind              about
    ================  ==============================================================================
    ``verification``  consumer, its version, provider, its version: record this pair as verified
    ``order``         two batches of the plan: let the first one no longer wait for the second
    ``max-parallel``  the new bound
    ``batch``         a declared batch: delete it
    ``no-return``     a component: let its change have a way back
    ``note``          empty: not a hint itself, but what was not tried
    ================  ==============================================================================

    ``saves`` are seconds of the expected makespan, negative if it becomes longer. ``makes_possible``: there is no plan
    without it, and with it there is one."""

    kind: str
    about: tuple[str, ...]
    text: str
    location: str = ""
    saves: float = 0.0
    makes_possible: bool = False

    def __str__(self) -> str:
        """The place and the sentence."""
        return f"{self.location}: {self.text}" if self.location else self.text

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "about": list(self.about)}


def duration(seconds: float) -> str:
    """A number of seconds as plans show them: whole ones, unless it is less than one."""
    return format_duration(round(seconds) if seconds >= 1 else seconds)
