"""What Airflow's UI shows of a rollout: the plan as the DAG's document, and what each task will do."""

from __future__ import annotations

from convoy.airflow.published import CURRENT, Published
from convoy.manifest.models.base import format_duration
from convoy.planning.plan import Batch, PlannedChange

_TASKS = {
    "preflight": "Proves the plan again with what is live, locks the components, and pins the run. Touches nothing.",
    "snapshot": "Keeps the state of {components} as it is now. A rollback restores exactly this.",
    "deploy": "Orders {changes}. Returns at once; the next task waits.",
    "ready": "Waits, without a worker, until every replica of the new revision of {components} is up and healthy.",
    "metrics": "Watches the metrics of {components} while it bakes, without a worker.",
    "canary": "Moves {weight} % of the replicas of {components}.",
    "analysis": "Waits until the {weight} % canary of {components} is healthy, pauses, and judges it.",
    "decide": "Finds out what failed first, fences the run off, and says which batches go back. "
    "Skips every undo that is not needed.",
    "undo": "Restores {components} to the snapshot and verifies it, after everything that depends on it went back.",
    "outcome": "Concludes: ledger, record, locks. Red unless every change was promoted.",
}


def _change(change: PlannedChange) -> str:
    if change.from_version is None:
        return f"{change.component} {change.to_version} (new)"
    return f"{change.component} {change.from_version} -> {change.to_version}"


def task_document(task: str, batch: Batch | None = None) -> str:
    """What a task will do, in a sentence or two, and where the runbook is."""
    kind, _, weight = task.partition("-")
    text = _TASKS[kind].format(
        components=", ".join(batch.components) if batch else "",
        changes=", ".join(_change(change) for change in batch.changes) if batch else "",
        weight=weight,
    )
    if batch and batch.acceptance:
        text += f"\n\n**Accepted when:** {batch.acceptance}"
    if batch and batch.runbook:
        text += f"\n\n[Runbook]({batch.runbook})"
    return text


def dag_document(published: Published) -> str:
    """The plan in Markdown."""
    plan = published.plan
    lines = [f"# {published.rollout} in {published.environment}", ""]
    if published.status != CURRENT:
        lines += [f"> **{published.status.upper()}**: {published.status_reason}. New runs are refused.", ""]
    if published.description:
        lines += [published.description, ""]
    lines += [
        f"Expected: **{format_duration(round(plan.makespan))}**. "
        f"Critical path: {' -> '.join(plan.critical_path)}. On failure of a gate: see `rollback`.",
        "",
        "| batch | changes | after | why |",
        "|---|---|---|---|",
    ]
    for batch in plan.batches:
        changes = "<br>".join(_change(change) for change in batch.changes)
        reasons = "<br>".join(arc.reason for arc in plan.arcs if arc.dependent in batch.components)
        lines.append(f"| **{batch.name}** | {changes} | {', '.join(batch.requires) or '-'} | {reasons or '-'} |")
    lines += ["", f"Rollback order: {' -> '.join(plan.rollback_order)}.", ""]
    for warning in (*plan.warnings, *published.warnings):
        lines.append(f"- Warning: {warning}")
    lines += ["", f"Manifest: `{published.source}`. Digest: `{published.digest}`."]
    return "\n".join(lines)
