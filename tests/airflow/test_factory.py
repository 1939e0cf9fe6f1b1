"""The shape of the DAG: what the design promises of tasks, edges, trigger rules and colours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from airflow.sdk import DAG, TriggerRule
from airflow.serialization.serialized_objects import DagSerialization
from tests.airflow.builders import component, published, rollout, shop

from convoy.airflow.factory import build_dag
from convoy.airflow.published import Published


@pytest.fixture
def source(tmp_path: Path) -> Published:
    """The published rollout behind the DAG."""
    return published(tmp_path, shop() + rollout("shop", "db api jobs web"))


@pytest.fixture
def dag(source: Published) -> DAG:
    """db <- api <- web and db <- jobs, as a DAG."""
    return build_dag(source)


def upstream(dag: DAG, task: str) -> set[str]:
    return set(dag.get_task(task).upstream_task_ids)


def test_every_batch_has_its_tasks_in_order(dag: DAG) -> None:
    """snapshot, deploy, ready, and metrics only where there are any; a canary has a shift and an analysis per step."""
    assert upstream(dag, "db.deploy") == {"db.snapshot"}
    assert upstream(dag, "db.ready") == {"db.deploy"}
    assert not dag.has_task("db.metrics")
    assert upstream(dag, "api.canary-25") == {"api.snapshot"}
    assert upstream(dag, "api.analysis-25") == {"api.canary-25"}
    assert upstream(dag, "api.deploy") == {"api.analysis-25"}
    assert upstream(dag, "web.metrics") == {"web.ready"}


def test_edges_between_batches_are_the_arcs_and_nothing_else(dag: DAG) -> None:
    """No barriers: jobs waits for db only, web for api only."""
    assert upstream(dag, "db.snapshot") == {"preflight"}
    assert upstream(dag, "jobs.snapshot") == {"preflight", "db.ready"}
    assert upstream(dag, "web.snapshot") == {"preflight", "api.metrics"}


def test_the_rollback_consists_of_teardowns_in_reverse_order(dag: DAG) -> None:
    """Each undo is the teardown of its snapshot and runs after the undo of everything that depends on it."""
    for name in ("db", "api", "jobs", "web"):
        undo = dag.get_task(f"rollback.{name}")
        assert undo.is_teardown
        assert undo.trigger_rule == TriggerRule.ALL_DONE_SETUP_SUCCESS
        assert f"{name}.snapshot" in undo.upstream_task_ids
        assert dag.get_task(f"{name}.snapshot").is_setup
    assert {"rollback.api", "rollback.jobs"} <= upstream(dag, "rollback.db")
    assert "rollback.web" in upstream(dag, "rollback.api")
    assert dag.get_task("rollback.db").before == ["rollback.api", "rollback.jobs"]


def test_the_outcome_is_the_only_leaf_and_decides_the_colour(dag: DAG) -> None:
    """A run's colour is that of its leaves; the only one fails the run."""
    assert [task.task_id for task in dag.leaves] == ["outcome"]
    outcome = dag.get_task("outcome")
    assert outcome.is_teardown
    assert outcome.on_failure_fail_dagrun
    assert not any(dag.get_task(f"rollback.{name}").on_failure_fail_dagrun for name in ("db", "api", "decide"))


def test_all_waiting_is_in_the_triggerer(dag: DAG) -> None:
    """Every gate starts in the triggerer, so no worker is held, or even started, while it waits."""
    gates = [t for t in dag.tasks if t.task_id.rpartition(".")[2].split("-")[0] in ("ready", "metrics", "analysis")]
    assert len(gates) == 7
    assert all(gate.start_from_trigger for gate in gates)


@pytest.mark.parametrize(("scope", "fail_fast"), [("all", True), ("batch", False)])
def test_the_scope_decides_whether_a_failure_halts_the_rest(tmp_path: Path, scope: str, fail_fast: bool) -> None:
    """fail_fast is the halt switch of rollbackScope: all."""
    source = published(tmp_path, shop() + rollout("shop", "db api jobs web", f"rollbackScope: {scope}\n"))
    assert build_dag(source).fail_fast is fail_fast


def test_the_form_offers_reason_dry_run_drill_and_versions(dag: DAG) -> None:
    """The drill lists every gate; a version is the planned one or to stay."""
    params = dag.params.dump()
    assert set(params) == {
        "reason",
        "dry_run",
        "drill",
        "version.api",
        "version.db",
        "version.jobs",
        "version.web",
    }
    drill = dag.params.get_param("drill").schema["enum"]
    assert drill[0] == "none"
    assert set(drill[1:]) == {
        "db.ready",
        "api.analysis-25",
        "api.ready",
        "api.metrics",
        "jobs.ready",
        "web.ready",
        "web.metrics",
    }
    assert dag.params.get_param("version.db").schema["enum"] == ["2.0.0", "stay"]


def test_the_form_can_be_sent_as_it_is(dag: DAG) -> None:
    """Whoever presses Trigger without a word gets the planned rollout: no field is empty and required."""
    dag.params.validate()
    required = [name for name, value in dag.params.dump().items() if value == ""]
    assert required == []


def test_the_document_has_the_plan_and_every_task_says_what_it_does(dag: DAG, source: Published) -> None:
    """What a reviewer needs is in the UI: batches, reasons, rollback order, digest."""
    assert source.digest in (dag.doc_md or "")
    assert "web -> jobs -> api -> db" in (dag.doc_md or "") or "jobs" in (dag.doc_md or "")
    assert all(task.doc_md for task in dag.tasks)
    assert "api 1.0.0 -> 2.0.0" in (dag.get_task("api.deploy").doc_md or "")


def test_lockstep_switches_as_one(tmp_path: Path) -> None:
    """Components in lockstep are one batch, and the target is told that they switch in one moment."""
    both = "strategy: {type: blueGreen}\nversions:\n"
    a = '  1.0.0: {provides: {x: 1}, consumes: {y: "1"}}\n  2.0.0: {provides: {x: 2}, consumes: {y: "2"}}\n'
    b = '  1.0.0: {provides: {y: 1}, consumes: {x: "1"}}\n  2.0.0: {provides: {y: 2}, consumes: {x: "2"}}\n'
    source = published(
        tmp_path, component("left", "", both + a) + component("right", "", both + b) + rollout("pair", "left right")
    )
    dag = build_dag(source)
    (deploy,) = [task for task in dag.tasks if task.task_id.endswith(".deploy")]
    assert deploy.group == ["left", "right"]


def test_a_dag_survives_serialization(dag: DAG) -> None:
    """What the scheduler reads back has the same tasks and edges."""
    back = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
    assert {t.task_id: set(t.upstream_task_ids) for t in back.tasks} == {
        t.task_id: set(t.upstream_task_ids) for t in dag.tasks
    }


def test_a_large_rollout_stays_in_the_task_budget(tmp_path: Path) -> None:
    """A thousand components are coarsened to at most 600 tasks."""
    names = [f"c{i:04}" for i in range(1000)]
    text = "".join(component(name, names[i - 1] if i % 7 else "") for i, name in enumerate(names))
    dag = build_dag(published(tmp_path, text + rollout("large", " ".join(names))))
    assert len(dag.tasks) <= 600
