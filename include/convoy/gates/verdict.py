"""The four verdicts, and the one rule that orders them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Verdict(str, Enum):
    """What a gate says. Only ``SUCCESSFUL`` lets a rollout go on."""

    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    INCONCLUSIVE = "Inconclusive"
    ERROR = "Error"

    @property
    def passes(self) -> bool:
        """Whether the rollout may go on."""
        return self is Verdict.SUCCESSFUL


_SEVERITY = (Verdict.SUCCESSFUL, Verdict.INCONCLUSIVE, Verdict.ERROR, Verdict.FAILED)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of several gates together: Failed before Error before Inconclusive before Successful.

    No verdict at all is Inconclusive: nothing was judged, so nothing passed."""
    found = sorted(verdicts, key=_SEVERITY.index)
    return found[-1] if found else Verdict.INCONCLUSIVE
