"""What the two DAG files call.

Airflow freezes a run, rollback included, when its DAG leaves the newest parse or its file gets an import error. So the
file with the rollouts never raises and never drops one; errors in manifests are shown by a second file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from airflow.sdk import DAG, get_parsing_context

from convoy.airflow.published import ERRORS_FILE, read

if TYPE_CHECKING:
    from collections.abc import Iterable

log = structlog.get_logger("convoy")


class ManifestsHaveErrors(Exception):
    """Shown in Airflow's UI. The rollouts named here keep their last valid plan; new runs of them are refused."""


def load_dags(folder: Path) -> dict[str, DAG]:
    """The DAGs of a folder of published rollouts; only the one that Airflow asks for, where it asks for one."""
    return {path.stem.replace("-", "_").replace(".", "_"): _load(path) for path in _wanted(folder)}


def _wanted(folder: Path) -> Iterable[Path]:
    dag_id = get_parsing_context().dag_id
    if dag_id:
        path = folder / f"{dag_id}.json"
        return [path] if path.exists() else []
    return sorted(folder.glob("rollout.*.json"))


def _load(path: Path) -> DAG:
    from convoy.airflow.factory import build_dag

    try:
        return build_dag(read(path))
    except Exception as error:
        # Raising here would freeze the runs of every other rollout: see the module's docstring.
        log.error("a published rollout could not be built", file=path.name, error=repr(error))
        return _placeholder(path.stem, error)


def _placeholder(dag_id: str, error: Exception) -> DAG:
    """Keeps the name of a rollout alive that could not be built, and says why; a run of it fails."""
    from convoy.airflow.operators.unreadable import UnreadableOperator

    reason = f"This rollout could not be built: {error}. Publish it again with this version of Convoy."
    with DAG(dag_id, schedule=None, tags=["convoy", "unreadable"], doc_md=reason) as dag:
        UnreadableOperator(task_id="preflight", reason=reason)
    return dag


def raise_manifest_errors(folder: Path) -> None:
    """Raise ManifestsHaveErrors with every error that publishing found; nothing where there is none."""
    path = folder / ERRORS_FILE
    errors = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    if errors:
        raise ManifestsHaveErrors(f"{len(errors)} error(s) in manifests:\n\n" + "\n".join(errors))
