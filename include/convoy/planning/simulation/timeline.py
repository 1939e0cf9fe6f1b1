"""One run as a timeline: a bar for each batch, and what happened when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from convoy.planning.simulation.course import PROMOTED, ROLLED_BACK, Course
from convoy.planning.simulation.model import Model
from convoy.planning.simulation.scenario import Scenario
from convoy.planning.words import duration, one_line, shortened

WIDTH = 100
LONGEST_NAME = 28
MOST_BARS = 200
CANARY, ROLLING, SERVING, FAILED, UNDOING = "▒", "█", "·", "✗", "◄"
KEY = (
    (CANARY, "canary"),
    (ROLLING, "in transit"),
    (SERVING, "new version serves"),
    (FAILED, "gate says no"),
    (UNDOING, "goes back"),
)


@dataclass(frozen=True)
class Event:
    """Something that happened to a batch, or to the run where ``batch`` is empty."""

    time: float
    kind: str
    batch: str
    text: str


def events_of(model: Model, scenario: Scenario, course: Course) -> tuple[Event, ...]:
    """Everything that happened, by time; at the same moment ends come before starts."""
    order = ("finished", "failed", "halted", "parked", "undone", "started", "undoing", "noticed", "over")
    found = sorted(_events(model, scenario, course), key=lambda e: (e.time, order.index(e.kind)))
    return tuple(found)


def as_text(model: Model, scenario: Scenario, course: Course, width: int = WIDTH) -> str:
    """The bars, the events and the sum, in lines of ``width`` columns as far as names allow."""
    lines = [f"Rollout {model.plan.rollout} in {model.plan.environment}: {_outcome(model, course)}", ""]
    lines += [*_bars(model, course, width), ""]
    lines += [f"{duration(event.time):>10}  {event.text}" for event in events_of(model, scenario, course)]
    if course.faults:
        lines += [
            "",
            f"Damage before it was {'caught' if course.catch else 'noticed'}: {_amount(course.damage_before_caught)}",
            f"Damage until it was {_until(course)}: {_amount(course.damage)}",
            "A weight-second is one second during which something of weight 1 does not work.",
        ]
    return "\n".join(lines) + "\n"


def as_dict(model: Model, scenario: Scenario, course: Course) -> dict[str, Any]:
    """As JSON: the outcome, the sums, the batches with their times, the events. Times in seconds."""
    return {
        "rollout": model.plan.rollout,
        "environment": model.plan.environment,
        "digest": model.plan.digest,
        "seed": scenario.seed,
        "outcome": course.outcome,
        "unnoticed_fault": course.unnoticed,
        "reason": course.reason,
        "end_seconds": course.end,
        "caught_by": course.catch.gate if course.catch else None,
        "caught_seconds": course.catch.time if course.catch else None,
        "damage_before_caught_weight_seconds": course.damage_before_caught,
        "damage_weight_seconds": course.damage,
        "faults": [
            {"batch": model.batches[f.batch].name, "components": list(f.components), "hangs": f.hangs}
            for f in course.faults
        ],
        "batches": [_batch(model, course, index) for index in range(len(model.batches))],
        "events": [
            {"seconds": e.time, "kind": e.kind, "batch": e.batch, "text": e.text}
            for e in events_of(model, scenario, course)
        ],
    }


def as_json(model: Model, scenario: Scenario, course: Course) -> str:
    """The same as text."""
    return json.dumps(as_dict(model, scenario, course), indent=2) + "\n"


def _batch(model: Model, course: Course, index: int) -> dict[str, Any]:
    start, finish = course.forward[index]
    undo = course.undo.get(index)
    return {
        "name": model.batches[index].name,
        "touched": index in course.touched,
        "done": index in course.done,
        "start_seconds": start if index in course.touched else None,
        "finish_seconds": finish if index in course.done else None,
        "undo_start_seconds": undo[0] if undo else None,
        "undo_finish_seconds": undo[1] if undo else None,
    }


def _events(model: Model, scenario: Scenario, course: Course) -> Iterator[Event]:
    names = [batch.name for batch in model.batches]
    for index in sorted(course.touched):
        start, finish = course.forward[index]
        yield Event(start, "started", names[index], f"{names[index]} starts")
        if index in course.done:
            yield Event(finish, "finished", names[index], f"{names[index]} is through")
    if course.catch is not None:
        time, gate = course.catch.time, course.catch.gate
        origin = names[course.catch.fault.batch]
        about = "it hangs" if course.catch.fault.hangs else f"{', '.join(course.catch.fault.components)} is faulty"
        where = "" if origin == names[course.catch.batch] else f", in batch {origin}"
        yield Event(time, "failed", names[course.catch.batch], f"{gate} says no: {about}{where}")
        moving = [names[i] for i in sorted(course.touched - course.done) if i != course.catch.batch]
        if moving:
            yield Event(time, "halted", "", f"halted on the way: {', '.join(moving)}")
        if course.outcome != ROLLED_BACK:
            yield Event(time, "parked", "", f"parked, and a person is asked: {course.reason}")
            text = f"a person has answered; damage is counted until here ({duration(scenario.answered_after)} later)"
            yield Event(time + scenario.answered_after, "over", "", text)
    for index, (start, finish) in course.undo.items():
        yield Event(start, "undoing", names[index], f"{names[index]} goes back")
        yield Event(finish, "undone", names[index], f"{names[index]} is back")
    if course.unnoticed:
        broken = ", ".join(component for fault in course.faults for component in fault.components)
        noticed = course.end + scenario.noticed_after
        yield Event(noticed, "noticed", "", f"people notice that {broken} is faulty; no gate has")
    elif course.outcome == PROMOTED:
        yield Event(course.end, "over", "", "promoted")
    elif course.outcome == ROLLED_BACK:
        yield Event(course.end, "over", "", "rolled back")


def _outcome(model: Model, course: Course) -> str:
    if course.outcome == PROMOTED:
        fault = ", with a fault that no gate has caught" if course.unnoticed else ""
        return f"{course.outcome} after {duration(course.end)}{fault}"
    number = f"{len(course.touched)} of {len(model.batches)} batches touched"
    return f"{course.outcome} after {duration(course.end)}, {number}"


def _until(course: Course) -> str:
    if course.outcome == ROLLED_BACK or course.unnoticed:
        return "undone"
    return "answered by a person"


def _amount(weight_seconds: float) -> str:
    return f"{weight_seconds:,.1f} weight-seconds"


def _bars(model: Model, course: Course, width: int) -> list[str]:
    shown = sorted(course.touched, key=lambda index: (course.forward[index], index))
    untouched = [batch.name for index, batch in enumerate(model.batches) if index not in course.touched]
    label = min(max([len(model.batches[index].name) for index in shown], default=1), LONGEST_NAME)
    room = max(width - label - 4, 20)
    last = max([course.end, *(finish for _, finish in course.undo.values())], default=0.0)
    lines = [
        f"{shortened(one_line(model.batches[index].name), label):<{label}} │{_bar(model, course, index, room, last)}│"
        for index in shown[:MOST_BARS]
    ]
    if len(shown) > MOST_BARS:
        lines.append(f"and {len(shown) - MOST_BARS} more")
    right = duration(last)
    lines.append(f"{'':<{label}} 0s{right:>{room}}")
    used = "".join(lines)
    lines.append("  ".join(f"{sign} {words}" for sign, words in KEY if sign in used))
    if untouched:
        names = ", ".join(untouched[:10]) + (f" and {len(untouched) - 10} more" if len(untouched) > 10 else "")
        lines.append(f"never touched: {names}")
    return lines


def _bar(model: Model, course: Course, index: int, room: int, last: float) -> str:
    """One character for each part of the time; what is at its middle, and the failure wherever it falls."""
    cells = []
    for number in range(room):
        cells.append(_state(model, course, index, (number + 0.5) / room * last))
    if course.catch is not None and course.catch.batch == index and last > 0:
        cells[min(int(course.catch.time / last * room), room - 1)] = FAILED
    return "".join(cells)


def _state(model: Model, course: Course, index: int, moment: float) -> str:
    start, finish = course.forward[index]
    if moment < start:
        return " "
    undo = course.undo.get(index)
    if undo is not None and moment >= undo[0]:
        return UNDOING if moment < undo[1] else " "
    halted = course.catch is not None and index not in course.done
    if moment >= finish and not halted:
        return SERVING
    if finish > start and model.weights[index]:
        steps = len(model.weights[index]) / len(model.gates[index])
        if (moment - start) / (finish - start) < steps:
            return CANARY
    return ROLLING
