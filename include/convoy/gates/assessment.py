"""What a gate says so far."""

from __future__ import annotations

from dataclasses import dataclass

from convoy.gates.verdict import Verdict


@dataclass(frozen=True)
class Assessment:
    """``verdict`` is None while the gate still looks; ``message`` is one sentence for people."""

    verdict: Verdict | None
    message: str
