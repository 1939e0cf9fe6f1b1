"""One run on the virtual clock: when each batch started and ended, what was caught, and what was undone.

The clock jumps from event to event. Until the first gate says no nothing depends on any gate, so the times of the way
forward are the longest paths to each batch; from the gate that speaks first on, the way back is computed in the same
manner, against the arcs. What happens at the very moment of that gate and does not lead to it has not happened: a
failure halts the run before anything else starts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from convoy.planning.simulation.chance import Draw, Fault
from convoy.planning.simulation.damage import Source, damage
from convoy.planning.simulation.model import Model
from convoy.planning.simulation.scenario import Scenario

PROMOTED, ROLLED_BACK, PARKED = "Promoted", "RolledBack", "Parked"


@dataclass(frozen=True)
class Catch:
    """A gate that said no: when, which, in which batch (by number), because of which fault."""

    time: float
    batch: int
    gate: str
    fault: Fault


@dataclass(frozen=True)
class Course:
    """What came of a run. Times are seconds since its start, by the number of the batch.

    ``forward`` are the times that the way forward would have had without a failure. ``touched`` are the batches that
    were started; of these ``done`` were through when the run ended or was halted. ``undo`` are the times of the way
    back. ``end`` is when nothing moves any more.

    Damage in weight-seconds: ``damage_before_caught`` until a gate caught a fault, or until people noticed one that no
    gate caught; ``damage`` until every fault was undone, or until a person answered."""

    outcome: str
    forward: tuple[tuple[float, float], ...]
    touched: frozenset[int]
    done: frozenset[int]
    undo: dict[int, tuple[float, float]]
    end: float
    catch: Catch | None
    faults: tuple[Fault, ...]
    reason: str
    damage_before_caught: float
    damage: float

    @property
    def unnoticed(self) -> bool:
        """Whether it went through with a fault that no gate has caught."""
        return self.outcome == PROMOTED and bool(self.faults)


def play(model: Model, scenario: Scenario, drawn: Draw, *, barriers: bool = False) -> Course:
    """The course of a run under these draws. ``barriers``: every level waits for all of the level before it."""
    lengths = [seconds * factor for seconds, factor in zip(model.seconds, drawn.factors, strict=True)]
    for fault in drawn.faults:
        if fault.hangs:
            lengths[fault.batch] += scenario.hang_timeout
    forward = forward_times(model, lengths, barriers=barriers)
    catch = _first_catch(model, scenario, drawn, forward)
    undoing = [
        scenario.undo_seconds if scenario.undo_seconds is not None else seconds * factor / 2
        for seconds, factor in zip(model.seconds, drawn.factors, strict=True)
    ]
    end = max((finish for _, finish in forward), default=0.0)
    if catch is None:
        return _promoted(model, scenario, drawn.faults, forward, undoing, end)
    touched = _touched(model, forward, catch)
    done = frozenset(b for b in touched if forward[b][1] <= catch.time and b != catch.batch)
    struck = tuple(fault for fault in drawn.faults if fault.batch in touched)
    reason = _why_parked(model, touched, catch)
    if reason:
        undo: dict[int, tuple[float, float]] = {}
        answered = catch.time + scenario.answered_after
        stops = dict.fromkeys(touched, answered)
        outcome, end = PARKED, catch.time
    else:
        undo = undo_times(model, touched, undoing, catch.time)
        stops = {batch: finish for batch, (_, finish) in undo.items()}
        outcome, end = ROLLED_BACK, max(finish for _, finish in undo.values())
    sources = _sources(model, struck, forward, catch.time)
    return Course(
        outcome,
        forward,
        touched,
        done,
        undo,
        end,
        catch,
        struck,
        reason,
        damage(sources, dict.fromkeys(touched, catch.time)),
        damage(sources, stops),
    )


def forward_times(model: Model, lengths: list[float], *, barriers: bool = False) -> tuple[tuple[float, float], ...]:
    """When each batch would start and end if nothing failed."""
    if barriers:
        times = [(0.0, 0.0)] * len(lengths)
        at = 0.0
        for level in model.levels:
            for batch in level:
                times[batch] = (at, at + lengths[batch])
            at = max(times[batch][1] for batch in level)
        return tuple(times)
    found: list[tuple[float, float]] = []
    for required, length in zip(model.requires, lengths, strict=True):
        start = max([found[other][1] for other in required], default=0.0)
        found.append((start, start + length))
    return tuple(found)


def undo_times(
    model: Model, touched: frozenset[int], lengths: list[float], halted: float
) -> dict[int, tuple[float, float]]:
    """When each touched batch goes back: after everything touched that requires it has gone back."""
    found: dict[int, tuple[float, float]] = {}
    for batch in sorted(touched, reverse=True):
        start = max([found[other][1] for other in model.dependents[batch] if other in touched], default=halted)
        found[batch] = (start, start + lengths[batch])
    return found


def _first_catch(
    model: Model, scenario: Scenario, drawn: Draw, forward: tuple[tuple[float, float], ...]
) -> Catch | None:
    """The gate that speaks first; of several at one moment that of the batch which comes first in the plan."""
    hanging = {fault.batch for fault in drawn.faults if fault.hangs}
    first: tuple[float, int, int] | None = None
    found: Catch | None = None
    for fault in drawn.faults:
        start, finish = forward[fault.batch]
        spoken: list[tuple[float, int, int, str]] = []
        if fault.hangs:
            spoken.append((finish, fault.batch, 0, f"{model.batches[fault.batch].name}.deadline"))
        elif fault.at is not None:
            gate = next(g for g in model.gates[fault.batch] if g.at >= fault.at - 1e-12)
            spoken.append((start + fault.at * (finish - start), fault.batch, 0, gate.name))
        for (batch, number), luck in (fault.luck or {}).items():
            # What hangs never gets to its gates.
            if luck < scenario.detection and batch not in hanging:
                begun, over = forward[batch]
                time = begun + model.gates[batch][number].at * (over - begun)
                if batch == fault.batch or start < time:
                    spoken.append((time, batch, number, model.gates[batch][number].name))
        for time, batch, number, name in spoken:
            if first is None or (time, batch, number) < first:
                first = (time, batch, number)
                found = Catch(time, batch, name, fault)
    return found


def _touched(model: Model, forward: tuple[tuple[float, float], ...], catch: Catch) -> frozenset[int]:
    """What had started before the gate spoke, and what led to it at the same moment."""
    started = {batch for batch, (start, _) in enumerate(forward) if start < catch.time}
    led = {catch.batch, catch.fault.batch}
    return frozenset(started | led | model.before[catch.batch] | model.before[catch.fault.batch])


def _why_parked(model: Model, touched: frozenset[int], catch: Catch) -> str:
    failed = model.batches[catch.batch]
    if failed.on_failure == "park":
        return f"batch {failed.name} parks on failure"
    final = [model.batches[batch].name for batch in sorted(touched) if not model.batches[batch].reversible]
    return f"there is no way back from {', '.join(final)}" if final else ""


def _promoted(
    model: Model,
    scenario: Scenario,
    faults: tuple[Fault, ...],
    forward: tuple[tuple[float, float], ...],
    undoing: list[float],
    end: float,
) -> Course:
    """It went through. A fault that nobody caught is noticed some time later, and everything is then undone."""
    everything = frozenset(range(len(forward)))
    sources = _sources(model, faults, forward)
    noticed = end + scenario.noticed_after
    stops = {batch: finish for batch, (_, finish) in undo_times(model, everything, undoing, noticed).items()}
    before = damage(sources, dict.fromkeys(everything, noticed))
    after = damage(sources, stops)
    return Course(PROMOTED, forward, everything, everything, {}, end, None, faults, "", before, after)


def _sources(
    model: Model, faults: tuple[Fault, ...], forward: tuple[tuple[float, float], ...], halted: float = math.inf
) -> list[Source]:
    """Where damage comes from. What hangs does none: it does not serve. A canary that is halted stays at its share."""
    found = []
    for fault in faults:
        start, finish = forward[fault.batch]
        for component in () if fault.hangs else fault.components:
            steps = ((start + at * (finish - start), share) for at, share in model.exposure(component))
            begun = tuple(step for step in steps if step[0] <= halted)
            if begun:
                found.append(Source(fault.batch, begun, model.harms(component)))
    return found
