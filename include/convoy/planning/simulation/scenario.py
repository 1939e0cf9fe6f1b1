"""What is supposed to happen: scripted faults, chances, and how long people take."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from convoy.manifest.diagnostics import did_you_mean
from convoy.manifest.models.base import format_duration, parse_duration
from convoy.planning.plan import Plan

SPREADS = ("lognormal", "triangular")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")


@dataclass(frozen=True)
class ScriptedFault:
    """Something that goes wrong for certain, in one batch.

    ``at`` is the share of the batch's duration after which a gate says no. ``hangs``: instead the batch never comes to
    its end, and a deadline says no; that does no damage. ``components`` are the faulty members."""

    batch: str
    components: tuple[str, ...]
    at: float = 1.0
    hangs: bool = False


@dataclass(frozen=True)
class Scenario:
    """Chances are between 0 and 1, times in seconds.

    ``fault_rate``: of each batch, to be faulty. ``detection``: of each gate, to catch a fault that it sees. ``jitter``:
    spread of durations, sigma of the log-normal factor with median 1, or half the width of the triangular one.
    ``undo_seconds``: for each batch; None: half of what the change takes. ``hang_timeout``: from the expected end of a
    batch that hangs to the deadline. ``noticed_after``: from the end of the run until people notice a fault that no
    gate has caught. ``answered_after``: from parking until a person has stopped the damage."""

    faults: tuple[ScriptedFault, ...] = ()
    fault_rate: float = 0.0
    detection: float = 1.0
    jitter: float = 0.0
    spread: str = "lognormal"
    undo_seconds: float | None = None
    hang_timeout: float = 120.0
    noticed_after: float = 3600.0
    answered_after: float = 900.0
    seed: int = 0

    def __post_init__(self) -> None:
        wrong = []
        for name in ("fault_rate", "detection"):
            if not 0 <= getattr(self, name) <= 1:
                wrong.append(f"{name} is a chance between 0 and 1, not {getattr(self, name)}")
        if self.spread not in SPREADS:
            wrong.append(f"there is no spread {self.spread!r}, only {' and '.join(SPREADS)}")
        most = 1.0 if self.spread == "triangular" else 3.0
        if not 0 <= self.jitter <= most:
            wrong.append(f"jitter is between 0 and {most:g} for a {self.spread} spread, not {self.jitter}")
        for name in ("undo_seconds", "hang_timeout", "noticed_after", "answered_after"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                wrong.append(f"{name} is a number of seconds, not {value}")
        for fault in self.faults:
            if not 0 <= fault.at <= 1:
                wrong.append(f"a fault in {fault.batch} happens within its duration, not at {fault.at} of it")
        twice = sorted({f.batch for f in self.faults if sum(o.batch == f.batch for o in self.faults) > 1})
        wrong += [f"two scripted faults are in batch {name}: the first that happens ends the run" for name in twice]
        if wrong:
            raise ValueError("\n".join(wrong))


def scripted(text: str, plan: Plan, *, hangs: bool = False) -> ScriptedFault:
    """The fault in ``checkout`` (at its last gate) or ``checkout@30s`` (30 seconds after its batch has started, as long
    as durations are the expected ones). The name is that of a component, or of a batch: then all of it is faulty.

    Raises ValueError with what is wrong and what to write."""
    name, at, when = text.partition("@")
    homes = {component: batch for batch in plan.batches for component in batch.components}
    batches = {batch.name: batch for batch in plan.batches}
    if name not in homes and name not in batches:
        hint = did_you_mean(name, {*homes, *batches}, otherwise=f"there are {', '.join(sorted({*homes, *batches}))}")
        raise ValueError(f"{text!r}: the plan has no component or batch {name!r}; {hint}")
    batch = homes.get(name) or batches[name]
    components = (name,) if name in homes else batch.components
    if not at:
        return ScriptedFault(batch.name, components, hangs=hangs)
    if hangs:
        raise ValueError(f"{text!r}: what hangs ends at its deadline; write {name} alone")
    try:
        seconds = parse_duration(when)
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from error
    if seconds > batch.expected_seconds:
        raise ValueError(
            f"{text!r}: batch {batch.name} takes {format_duration(batch.expected_seconds)}; "
            f"name a time within it, or write {name} alone for its last gate"
        )
    return ScriptedFault(batch.name, components, seconds / batch.expected_seconds if batch.expected_seconds else 1.0)


def fraction_of(text: str) -> float:
    """0.05 for ``5%``. Raises ValueError for anything that is not a percentage."""
    match = _PERCENT.fullmatch(text)
    if match is None:
        raise ValueError(f"not a percentage: {text!r}; write it like 5% or 0.5%")
    return float(match.group(1)) / 100
