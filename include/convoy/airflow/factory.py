"""From a published rollout to an Airflow DAG: a fold over the plan.

::

    preflight (setup) -> per batch: snapshot (setup) -> [canary-N -> analysis-N ...] -> deploy -> ready -> metrics
    rollback.decide (teardown of preflight) -> rollback.<batch> (teardown of its snapshot), dependents first
    outcome (teardown of preflight, the only leaf, on_failure_fail_dagrun)

Edges between batches are the plan's arcs and nothing else. The rollback consists of teardowns, because those are the
only tasks that Airflow keeps alive when a person marks the run failed, and under ``fail_fast``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, TaskGroup

from convoy.airflow.documentation import dag_document, task_document
from convoy.airflow.operators.deploy import DeployOperator
from convoy.airflow.operators.gate import GateOperator
from convoy.airflow.operators.outcome import OutcomeOperator, asset_of
from convoy.airflow.operators.preflight import PreflightOperator
from convoy.airflow.operators.rollback import DecideOperator, UndoOperator
from convoy.airflow.operators.snapshot import SnapshotOperator
from convoy.airflow.params import form
from convoy.airflow.published import Published
from convoy.airflow.run import OUTCOME, PREFLIGHT, ROLLBACK
from convoy.airflow.stages import Stage, bake_metrics, stages_of
from convoy.airflow.states import BatchTasks
from convoy.planning.plan import Batch

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

RETRY = {"retries": 3, "retry_delay": timedelta(seconds=2)}
RETRY_UNDO = {"retries": 5, "retry_delay": timedelta(seconds=3)}
ONE_CALL = timedelta(minutes=10)


@dataclass(frozen=True)
class _Group:
    """The operators of one batch that other batches connect to."""

    tasks: BatchTasks
    snapshot: BaseOperator
    last: BaseOperator


def build_dag(published: Published) -> DAG:
    """The DAG of a published rollout."""
    document = json.loads(published.to_json())
    where = {"environment": published.environment, "target": published.target}
    plan = published.plan
    tasks = {batch.name: batch_tasks(published, batch) for batch in plan.batches}
    ordered = [tasks[batch.name] for batch in plan.batches]
    gates = [task for batch in ordered for task in batch.all if task not in batch.touching and ".snapshot" not in task]
    with DAG(
        published.dag_id,
        description=published.description or f"{published.rollout} in {published.environment}",
        schedule=None,
        catchup=False,
        max_active_runs=1,
        max_active_tasks=64,
        fail_fast=published.rollback_scope == "all",
        params=form(document, gates),
        doc_md=dag_document(published),
        owner_links=_owner_links(published),
        tags=_tags(published),
        default_args={"owner": published.owner or "convoy"},
        render_template_as_native_obj=False,
    ) as dag:
        preflight = PreflightOperator(
            task_id=PREFLIGHT,
            published=document,
            execution_timeout=ONE_CALL,
            doc_md=task_document(PREFLIGHT),
            **where,
            **RETRY,
        ).as_setup()
        groups: dict[str, _Group] = {}
        for batch in plan.batches:
            group = _forward(published, batch, tasks[batch.name], where)
            groups[batch.name] = group
            preflight >> group.snapshot
            for requirement in batch.requires:
                groups[requirement].last >> group.snapshot
        _rollback(published, preflight, groups, ordered, where)
    return dag


def batch_tasks(published: Published, batch: Batch) -> BatchTasks:
    """The task ids of a batch, which read as sentences: ``checkout.deploy``, ``rollback.checkout``."""
    stages = stages_of(_settings(published, batch))
    touching = [f"{batch.name}.canary-{stage.weight}" for stage in stages] + [f"{batch.name}.deploy"]
    ids = [f"{batch.name}.snapshot"]
    for stage in stages:
        ids += [f"{batch.name}.canary-{stage.weight}", f"{batch.name}.analysis-{stage.weight}"]
    ids += [f"{batch.name}.deploy", f"{batch.name}.ready"]
    if _has_metrics(published, batch):
        ids.append(f"{batch.name}.metrics")
    return BatchTasks(
        name=batch.name,
        touching=tuple(touching),
        all=tuple(ids),
        last=ids[-1],
        undo=f"{ROLLBACK}.{batch.name}",
        on_failure=batch.on_failure,
        reversible=batch.reversible,
    )


def _settings(published: Published, batch: Batch) -> list[dict[str, Any]]:
    return [published.components[name] for name in batch.components]


def _has_metrics(published: Published, batch: Batch) -> bool:
    return any(bake_metrics(settings) for settings in _settings(published, batch))


def _spec(published: Published, batch: Batch, task: str, phases: list[str], deploy: str, **more: Any) -> dict[str, Any]:
    """What a gate's trigger needs to know, as JSON."""
    return {
        "batch": batch.name,
        "task": task,
        "phases": phases,
        "deploy_task": deploy,
        "environment": published.environment,
        "target": published.target,
        "signals": published.signals,
        "components": [
            {
                "component": s["component"],
                "health": s["gates"]["health"],
                "metrics": s["gates"]["metrics"] if "pause" in more else bake_metrics(s),
            }
            for s in _settings(published, batch)
        ],
        **more,
    }


def _forward(published: Published, batch: Batch, tasks: BatchTasks, where: dict[str, Any]) -> _Group:
    settings = _settings(published, batch)
    group = [s["component"] for s in settings] if batch.lockstep else []
    common: dict[str, Any] = {
        "batch": batch.name,
        "components": settings,
        "execution_timeout": ONE_CALL,
        **where,
        **RETRY,
    }
    with TaskGroup(batch.name, tooltip=", ".join(batch.components)):
        snapshot = SnapshotOperator(task_id="snapshot", doc_md=task_document("snapshot", batch), **common).as_setup()
        last: BaseOperator = snapshot
        for stage in stages_of(settings):
            last = _stage(published, batch, stage, common, last)
        deploy = DeployOperator(task_id="deploy", group=group, doc_md=task_document("deploy", batch), **common)
        ready = GateOperator(
            task_id="ready",
            batch=batch.name,
            spec=_spec(published, batch, f"{batch.name}.ready", ["health"], f"{batch.name}.deploy"),
            doc_md=task_document("ready", batch),
        )
        last >> deploy >> ready
        last = ready
        if _has_metrics(published, batch):
            last = GateOperator(
                task_id="metrics",
                batch=batch.name,
                spec=_spec(published, batch, f"{batch.name}.metrics", ["metrics"], f"{batch.name}.deploy"),
                doc_md=task_document("metrics", batch),
            )
            ready >> last
    return _Group(tasks, snapshot, last)


def _stage(
    published: Published, batch: Batch, stage: Stage, common: dict[str, Any], last: BaseOperator
) -> BaseOperator:
    """One shift of a canary, and one analysis of it."""
    shift_id, analysis_id = f"canary-{stage.weight}", f"analysis-{stage.weight}"
    canaries = [s for s in common["components"] if s["strategy"]["type"] == "canary"]
    shift = DeployOperator(
        task_id=shift_id,
        weight=stage.weight,
        doc_md=task_document(shift_id, batch),
        **{**common, "components": canaries},
    )
    phases = ["health", "pause", *(["metrics"] if stage.analysis else [])]
    spec = _spec(published, batch, f"{batch.name}.{analysis_id}", phases, f"{batch.name}.{shift_id}", pause=stage.pause)
    analysis = GateOperator(task_id=analysis_id, batch=batch.name, spec=spec, doc_md=task_document(analysis_id, batch))
    last >> shift >> analysis
    return analysis


def _rollback(
    published: Published,
    preflight: BaseOperator,
    groups: dict[str, _Group],
    ordered: list[BatchTasks],
    where: dict[str, Any],
) -> None:
    plan, scope = published.plan, published.rollback_scope
    dependents: dict[str, list[str]] = {batch.name: [] for batch in plan.batches}
    for batch in plan.batches:
        for requirement in batch.requires:
            dependents[requirement].append(batch.name)
    undo: dict[str, UndoOperator] = {}
    with TaskGroup(ROLLBACK, tooltip="Runs only if something failed"):
        decide = DecideOperator(
            task_id="decide", batches=ordered, scope=scope, doc_md=task_document("decide"), **where, **RETRY_UNDO
        )
        for batch in plan.batches:
            undo[batch.name] = UndoOperator(
                task_id=batch.name,
                batch=groups[batch.name].tasks,
                batches=ordered,
                scope=scope,
                components=_settings(published, batch),
                before=[f"{ROLLBACK}.{name}" for name in dependents[batch.name]],
                spec=_spec(published, batch, f"{ROLLBACK}.{batch.name}", ["health"], ""),
                doc_md=task_document("undo", batch),
                **where,
                **RETRY_UNDO,
            )
    for group in groups.values():
        group.last >> decide
    for batch in plan.batches:
        group = groups[batch.name]
        group.last >> undo[batch.name]
        decide >> undo[batch.name]
        undo[batch.name].as_teardown(setups=group.snapshot)
        for dependent in dependents[batch.name]:
            undo[dependent] >> undo[batch.name]
    decide.as_teardown(setups=preflight)
    outcome = OutcomeOperator(
        task_id=OUTCOME,
        batches=ordered,
        components={batch.name: list(batch.components) for batch in plan.batches},
        specs={
            batch.name: _spec(published, batch, OUTCOME, ["metrics"], "")
            for batch in plan.batches
            if _has_metrics(published, batch)
        },
        dag_name=published.rollout,
        outlets=[asset_of(published.environment, name) for name in sorted(published.components)],
        doc_md=task_document(OUTCOME),
        **where,
        **RETRY_UNDO,
    )
    decide >> outcome
    for operator in undo.values():
        operator >> outcome
    outcome.as_teardown(setups=preflight, on_failure_fail_dagrun=True)


def _tags(published: Published) -> list[str]:
    systems = {s["system"] for s in published.components.values() if s.get("system")}
    status = [] if published.status == "current" else [published.status]
    return sorted({"convoy", published.environment, *systems, *status})


def _owner_links(published: Published) -> dict[str, str]:
    runbooks = sorted({s["runbook"] for s in published.components.values() if s.get("runbook")})
    return {published.owner: runbooks[0]} if published.owner and runbooks else {}
