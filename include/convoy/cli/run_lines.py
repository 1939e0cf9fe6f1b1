"""A run as plain lines: one line per change of state, no escape codes. For logs, pipes and CI."""

from __future__ import annotations

from convoy.cli.run_view import (
    ASKING,
    HALTED,
    PROMOTED,
    ROLLED_BACK,
    STARTED,
    UNTOUCHED,
    BatchView,
    GateCount,
    RunView,
    StepView,
)


def span(seconds: float | None) -> str:
    """Seconds for people: ``4 s``, ``1:05``, ``1:02:03``; empty for None."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def took(seconds: float | None, expected: float | None) -> str:
    """``12 s of about 20 s``, or what is known of it."""
    if seconds is None or expected is None:
        return span(seconds)
    return f"{span(seconds)} of about {span(expected)}"


def count_text(count: GateCount, *, named: bool) -> str:
    """``error-rate 2 of 3, latest 0.01``; ``named`` puts the component before it."""
    who = f"{count.component} {count.metric}" if named else count.metric
    text = f"{who} {count.judged} of {count.wanted}" if count.wanted else f"{who} {count.judged}"
    for number, word in ((count.failed, "failed"), (count.inconclusive, "without data"), (count.errors, "errors")):
        if number:
            text += f", {number} {word}"
    return text if count.value is None else f"{text}, latest {count.value:.3g}"


def several_components(step: StepView) -> bool:
    """Whether the counts of a step need the names of their components."""
    return len({count.component for count in step.counts}) > 1


def lines(before: RunView | None, after: RunView) -> list[str]:
    """What happened between two views, in words. ``before`` None: everything that has happened so far."""
    found: list[tuple[str, str]] = []
    if before is None:
        expected = f", expected to take about {span(after.expected)}" if after.expected else ""
        found.append((after.dag_id, f"following run {after.run_id}{expected}"))
    if after.trouble != (before.trouble if before else ""):
        found.append((after.dag_id, after.trouble or "Airflow answers again"))
    old = {step.task_id: step for step in _steps(before)} if before else {}
    earlier = {batch.name: batch for batch in before.batches} if before else {}
    found += _step_lines(old.get("preflight"), after.preflight)
    for batch in after.batches:
        for step in batch.steps:
            found += _step_lines(old.get(step.task_id), step)
        found += _batch_lines(earlier.get(batch.name), batch, after)
    if after.cause and not (before and before.cause):
        undone = [batch.name for batch in reversed(after.batches) if batch.undone]
        what = f"going back: {', then '.join(undone)}" if undone else "nothing has to go back"
        found.append(("rollback", f"because {after.cause}; {what}"))
    for batch in reversed(after.batches):
        if batch.undo is not None and batch.undone:
            found += _step_lines(old.get(batch.undo.task_id), batch.undo)
            was = earlier.get(batch.name)
            if batch.state == ROLLED_BACK and (was is None or was.state != ROLLED_BACK):
                found.append((batch.name, "is back as it was"))
    found += _step_lines(old.get("outcome"), after.conclusion, quiet=True)
    if after.outcome and not (before and before.outcome):
        found.append((after.dag_id, f"{after.outcome} after {span(after.seconds)}: {after.message}"))
    elif after.finished and not (before and before.finished) and not after.outcome:
        found.append((after.dag_id, f"ended as {after.state} after {span(after.seconds)}, without an outcome"))
    clock = _clock(after.seconds)
    return [f"{clock}  {subject}: {' '.join(text.split())}" for subject, text in found]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:02}:{rest:02}"


def _steps(view: RunView) -> list[StepView]:
    steps = [view.preflight, view.decide, view.conclusion]
    for batch in view.batches:
        steps += [*batch.steps, *([batch.undo] if batch.undo is not None else [])]
    return steps


def _step_lines(before: StepView | None, after: StepView, *, quiet: bool = False) -> list[tuple[str, str]]:
    """``quiet`` leaves out a failure: the outcome of a run that was rolled back always is one."""
    found: list[tuple[str, str]] = []
    was = before.state if before else "none"
    again = before is not None and before.tries != after.tries and after.tries > 1
    if after.state in STARTED and (was not in STARTED or again):
        found.append((after.task_id, f"started, try {after.tries}" if after.tries > 1 else "started"))
    if after.state == "up_for_retry" and was != "up_for_retry":
        found.append((after.task_id, "did not succeed, and will be tried again"))
    if after.state == ASKING and was != ASKING:
        found.append((after.task_id, f"A PERSON HAS TO DECIDE in Airflow's UI: {after.note}"))
    elif after.note and after.state in STARTED and after.note != (before.note if before else ""):
        found.append((after.task_id, after.note))
    named = several_components(after)
    known = {(count.component, count.metric): count for count in before.counts} if before else {}
    for count in after.counts:
        was_count = known.get((count.component, count.metric))
        if (count.judged or count.errors) and (
            was_count is None or (was_count.judged, was_count.errors) != (count.judged, count.errors)
        ):
            found.append((after.task_id, count_text(count, named=named)))
    if after.state != was and after.state == "success":
        found.append(
            (after.task_id, f"done, {span(after.seconds(after.end))}" if after.start and after.end else "done")
        )
    if after.state != was and after.state == "failed" and not quiet:
        found.append((after.task_id, f"FAILED: {after.note or 'ended from outside: aborted by a person, or killed'}"))
    return found


def _batch_lines(before: BatchView | None, after: BatchView, view: RunView) -> list[tuple[str, str]]:
    state = after.state
    if before is not None and before.state == state:
        return []
    if state == PROMOTED:
        return [(after.name, f"promoted, {took(after.seconds(view.now), after.expected)}")]
    if state == HALTED:
        return [(after.name, "halted in mid-way")]
    if state == UNTOUCHED and view.finished:
        return [(after.name, "was not touched")]
    return []
