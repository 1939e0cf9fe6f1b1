"""Scripted moments of runs, for the tests of what follows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from convoy.cli.run_view import BatchView, GateCount, RunView, StepView

BEGIN = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


def at(seconds: float) -> datetime:
    """A moment of the run."""
    return BEGIN + timedelta(seconds=seconds)


def done(task_id: str, start: float, end: float) -> StepView:
    return StepView(task_id, "success", at(start), at(end), tries=1)


def running(task_id: str, start: float, **more: object) -> StepView:
    return StepView(task_id, "running", at(start), tries=1, **more)  # type: ignore[arg-type]


def skipped(*task_ids: str) -> tuple[StepView, ...]:
    return tuple(StepView(task_id, "skipped") for task_id in task_ids)


def none(*task_ids: str) -> tuple[StepView, ...]:
    return tuple(StepView(task_id) for task_id in task_ids)


CATALOG = BatchView("catalog", ("1.0.0 -> 1.1.0",), (), 18.0)
RECOMMENDATION = BatchView("recommendation", ("1.1.0 -> 1.2.0",), ("catalog",), 30.0)
FRONTEND = BatchView("frontend", ("1.1.0 -> 1.2.0",), ("recommendation",), 20.0)
CATALOG_STEPS = ("catalog.snapshot", "catalog.deploy", "catalog.ready", "catalog.metrics")
RECOMMENDATION_STEPS = (
    "recommendation.snapshot",
    "recommendation.canary-50",
    "recommendation.analysis-50",
    "recommendation.deploy",
    "recommendation.ready",
    "recommendation.metrics",
)
FRONTEND_STEPS = ("frontend.snapshot", "frontend.deploy", "frontend.ready", "frontend.metrics")
CAUSE = "recommendation: error-rate: 1 of 1 measurements failed, 0 tolerated: 0.4 is above 0.05"


def view(seconds: float, catalog: BatchView, recommendation: BatchView, frontend: BatchView, **more: object) -> RunView:
    return RunView(
        dag_id="rollout.shop-bad.local",
        run_id="manual__1",
        state=str(more.pop("state", "running")),
        now=at(seconds),
        start=at(0),
        end=more.pop("end", None),  # type: ignore[arg-type]
        expected=68.0,
        preflight=done("preflight", 1, 3),
        batches=(catalog, recommendation, frontend),
        **more,  # type: ignore[arg-type]
    )


def rolled_back() -> list[RunView]:
    """A run whose canary fails, at seven moments."""
    undo = {name: StepView(f"rollback.{name}") for name in ("catalog", "recommendation", "frontend")}
    frontend = replace(FRONTEND, steps=none(*FRONTEND_STEPS), undo=undo["frontend"])
    waiting = replace(RECOMMENDATION, steps=none(*RECOMMENDATION_STEPS), undo=undo["recommendation"])
    baking = running(
        "catalog.metrics",
        8,
        counts=(
            GateCount("catalog", "error-rate", 3, successful=2, value=0.0),
            GateCount("catalog", "latency-p95", 3, successful=1, inconclusive=1, value=0.0241),
        ),
    )
    catalog = replace(CATALOG, undo=undo["catalog"])
    catalog_start = replace(catalog, steps=(running("catalog.snapshot", 3), *none(*CATALOG_STEPS[1:])))
    catalog_baking = replace(
        catalog,
        steps=(done("catalog.snapshot", 3, 4), done("catalog.deploy", 4, 5), done("catalog.ready", 5, 8), baking),
    )
    catalog_done = replace(catalog_baking, steps=(*catalog_baking.steps[:3], done("catalog.metrics", 8, 20)))
    canary = (
        done("recommendation.snapshot", 20, 21),
        done("recommendation.canary-50", 21, 22),
        running("recommendation.analysis-50", 22, note="not healthy: 1 of 1 replicas starts"),
        *none(*RECOMMENDATION_STEPS[3:]),
    )
    recommendation = replace(waiting, steps=canary)
    failed = replace(
        recommendation,
        steps=(
            *canary[:2],
            StepView("recommendation.analysis-50", "failed", at(22), at(31), tries=1, note=CAUSE),
            *skipped(*RECOMMENDATION_STEPS[3:]),
        ),
    )
    untouched = replace(frontend, steps=skipped(*FRONTEND_STEPS), undo=StepView("rollback.frontend", "skipped"))
    decided = {"decide": done("rollback.decide", 31, 33), "cause": CAUSE}
    undoing = replace(failed, undone=True, undo=running("rollback.recommendation", 33))
    back = replace(failed, undone=True, undo=done("rollback.recommendation", 33, 38))
    catalog_next = replace(catalog_done, undone=True)
    catalog_back = replace(catalog_done, undone=True, undo=done("rollback.catalog", 38, 44))
    message = f"{CAUSE}; undone: recommendation, catalog"
    return [
        view(4, catalog_start, waiting, frontend),
        view(14, catalog_baking, waiting, frontend),
        view(25, catalog_done, recommendation, frontend),
        view(32, catalog_done, failed, untouched, decide=running("rollback.decide", 31)),
        view(35, catalog_next, undoing, untouched, **decided),
        view(
            46,
            catalog_back,
            back,
            untouched,
            **decided,
            conclusion=running("outcome", 44, counts=(GateCount("catalog", "error-rate", 3, successful=1, value=0.0),)),
        ),
        view(
            53,
            catalog_back,
            back,
            untouched,
            **decided,
            state="failed",
            end=at(52),
            conclusion=StepView("outcome", "failed", at(44), at(52), tries=1, note="RolledBack"),
            outcome="RolledBack",
            message=message,
        ),
    ]


def promoted() -> RunView:
    """A run that went through; its one batch has two components."""
    batch = BatchView(
        "workers",
        ("resize 1.0.0 -> 1.1.0", "archive new 1.0.0"),
        (),
        12.0,
        (done("workers.snapshot", 3, 4), done("workers.deploy", 4, 5), done("workers.ready", 5, 15)),
        StepView("rollback.workers", "skipped"),
    )
    return RunView(
        "rollout.jobs.local",
        "manual__2",
        "success",
        at(18),
        at(0),
        at(18),
        12.0,
        done("preflight", 1, 3),
        (batch,),
        done("rollback.decide", 15, 16),
        done("outcome", 16, 18),
        outcome="Promoted",
        message="every change was promoted",
    )
