"""What is known of a rollout before it runs: its batches, what they change, and how long they should take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from convoy.planning.plan import Batch, Plan

SNAPSHOT = "snapshot"


@dataclass(frozen=True)
class BatchOutline:
    """One batch. ``changes`` are like ``checkout 1.0.0 -> 1.1.0``; ``expected`` is in seconds.

    ``counts`` says how many measurements each metric wants, by ``component/metric``."""

    name: str
    changes: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    expected: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Outline:
    """The batches in the order of the plan, and the expected seconds of the whole."""

    batches: tuple[BatchOutline, ...]
    expected: float | None = None

    @classmethod
    def of_plan(cls, plan: Plan, components: Mapping[str, Mapping[str, Any]]) -> Outline:
        """The outline of a plan; ``components`` are the resolved settings of a published rollout."""
        return cls(tuple(_batch(batch, components) for batch in plan.batches), plan.makespan)

    @classmethod
    def of_tasks(cls, task_ids: Iterable[str]) -> Outline:
        """What the task ids alone tell, for a rollout whose plan is not at hand: the names of the batches, sorted."""
        names = {
            name for name, dot, step in (task_id.rpartition(".") for task_id in task_ids) if dot and step == SNAPSHOT
        }
        return cls(tuple(BatchOutline(name) for name in sorted(names)))


def _batch(batch: Batch, components: Mapping[str, Mapping[str, Any]]) -> BatchOutline:
    alone = len(batch.changes) == 1 and batch.changes[0].component == batch.name
    changes = []
    for change in batch.changes:
        versions = (
            f"{change.from_version} -> {change.to_version}" if change.from_version else f"new {change.to_version}"
        )
        changes.append(versions if alone else f"{change.component} {versions}")
    counts = {
        f"{name}/{metric['name']}": int(metric["count"])
        for name in batch.components
        for metric in components.get(name, {}).get("gates", {}).get("metrics", [])
    }
    return BatchOutline(batch.name, tuple(changes), batch.requires, batch.expected_seconds, counts)
