"""An embedded Airflow with one trivial DAG, shared by the tests of a module."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from convoy.embedded import Embedded

DAG_FILE = '''"""A dag for airflow that does next to nothing."""

from airflow.sdk import DAG, task

with DAG("trivial", schedule=None):

    @task
    def hello():
        return "hello"

    hello()
'''
# A component that is down shows sooner than by default.
QUICK_HEALTH = {
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "6",
}


def eventually(what: str, ask: Callable[[], Any], *, within: float = 60.0) -> Any:
    """The first true answer; AssertionError with the last one if there is none in time."""
    deadline = time.monotonic() + within
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what}: not within {within:g} s; last answer {answer!r}"
        time.sleep(0.2)
    return answer


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A plain folder with the trivial DAG."""
    folder = tmp_path_factory.mktemp("dags")
    (folder / "trivial.py").write_text(DAG_FILE)
    return {
        "name": "plain",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(folder), "refresh_interval": 2},
    }


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, bundle: dict[str, Any]) -> Iterator[Embedded]:
    """A running Airflow; stopped at the end."""
    airflow = Embedded(tmp_path_factory.mktemp("home"), bundles=[bundle], env=QUICK_HEALTH)
    airflow.up()
    yield airflow
    airflow.down()


@pytest.fixture
def fresh(tmp_path: Path, bundle: dict[str, Any]) -> Iterator[Embedded]:
    """An Airflow that was not started yet; stopped at the end, whatever became of it."""
    airflow = Embedded(tmp_path / "home", bundles=[bundle])
    yield airflow
    airflow.down()
