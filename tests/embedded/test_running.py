"""A running embedded Airflow: it runs DAGs, keeps to itself, and gets over the loss of its parts."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from click.testing import CliRunner

from convoy.cli.main import main
from convoy.embedded import Embedded, NotStarted, SettingsDiffer
from convoy.embedded.session import WORKER
from tests.embedded.conftest import eventually

pytestmark = [pytest.mark.airflow, pytest.mark.slow]


@pytest.fixture
def client(running: Embedded) -> Iterator[httpx.Client]:
    """Logged in with the generated password."""
    with httpx.Client(base_url=running.url, timeout=30, trust_env=False) as http:
        token = http.post("/auth/token", json={"username": running.user, "password": running.password})
        http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        yield http


def run_trivial(client: httpx.Client) -> str:
    """Trigger the DAG and return the state in which it ends."""
    path = "/api/v2/dags/trivial"
    eventually("the DAG", lambda: client.get(path).status_code == 200)
    run = client.post(f"{path}/dagRuns", json={"logical_date": None, "conf": {}}).json()["dag_run_id"]

    def state() -> str | None:
        found = str(client.get(f"{path}/dagRuns/{run}").json()["state"])
        return found if found in ("success", "failed") else None

    return str(eventually("the end of the run", state, within=120))


def workers(airflow: Embedded) -> dict[int, int]:
    """The executor's workers and their parents."""
    found = {}
    for pid in airflow.members():
        try:
            process = psutil.Process(pid)
            if " ".join(process.cmdline()).startswith(WORKER):
                found[pid] = process.ppid()
        except psutil.NoSuchProcess:
            continue
    return found


def test_a_dag_in_the_bundle_runs_to_success(client: httpx.Client) -> None:
    """Triggered over the REST API, with the generated login, on ports of its own."""
    assert run_trivial(client) == "success"


def test_a_second_up_reuses_what_runs(running: Embedded) -> None:
    """No process changes."""
    before = running.pids()
    assert running.up() is False
    assert running.pids() == before


def test_a_second_up_with_other_settings_is_refused_by_name(running: Embedded) -> None:
    """Rather than pretending that the new settings are in force."""
    other = Embedded(running.home.root, bundles=running._bundles, env={"AIRFLOW__CORE__PARALLELISM": "3"})
    with pytest.raises(SettingsDiffer, match="AIRFLOW__CORE__PARALLELISM"):
        other.up()


def test_it_listens_on_the_loopback_interface_only(running: Embedded) -> None:
    """Nobody else on the network can reach the API, or any log server."""
    listening = [
        connection.laddr
        for pid in running.members()
        for connection in psutil.Process(pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert {address.ip for address in listening} == {"127.0.0.1"}


def test_secrets_are_in_private_files_and_in_no_environment(running: Embedded) -> None:
    """What a rollout starts inherits the environment of Airflow's processes."""
    config = running.home.airflow / "airflow.cfg"
    for path in (config, running.home.passwords_file):
        assert path.stat().st_mode & 0o077 == 0, path
    secrets = [line.split(" = ")[1] for line in config.read_text().splitlines() if " = " in line]
    environment = "\n".join(psutil.Process(running.pids()["monitor"]).environ().values())
    assert len(secrets) == 3
    assert not any(secret in environment for secret in [*secrets, running.password])


def test_a_killed_scheduler_is_started_again_and_its_idle_workers_are_ended(
    running: Embedded, client: httpx.Client
) -> None:
    """LocalExecutor workers of a killed scheduler would otherwise stay for ever, eight with every kill."""
    eventually("workers", lambda: workers(running))
    left = set(workers(running))
    old = running.kill("scheduler")
    eventually("another scheduler", lambda: running.pids().get("scheduler") not in (None, old))
    eventually("the end of the old workers", lambda: not left & set(running.members()))
    assert run_trivial(client) == "success"


def test_a_component_that_is_stopped_stays_stopped_and_status_says_what_that_means(
    running: Embedded, tmp_path: Path
) -> None:
    """A triggerer that is down makes every gate stand still; that is said loudly, and the exit code is 1."""
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    environment = {"CONVOY_HOME": str(running.home.root), "CONVOY_MANIFESTS": str(manifests)}
    running.stop("triggerer")
    try:
        eventually("an unhealthy triggerer", lambda: running.health().components["triggerer"] != "healthy")
        assert "triggerer" not in running.pids()
        result = CliRunner().invoke(main, ["status"], env=environment)
    finally:
        running.restart("triggerer")
    assert result.exit_code == 1
    assert "✘ triggerer" in result.output
    assert "every gate" in result.output
    assert CliRunner().invoke(main, ["status"], env=environment).exit_code == 0


def test_killing_something_that_does_not_exist_is_an_error(running: Embedded) -> None:
    """With the names that do."""
    with pytest.raises(NotStarted, match="scheduler"):
        running.kill("webserver")


def test_a_killed_guardian_is_replaced(running: Embedded) -> None:
    """It has to be there when the monitor dies."""
    old = running.kill("guardian")
    new = eventually("another guardian", lambda: {running.pids().get("guardian")} - {None, old})
    assert all(os.getsid(pid) != os.getsid(running.pids()["monitor"]) for pid in new)


def test_a_terminated_component_is_started_again(running: Embedded) -> None:
    """However it ended."""
    old = running.kill("dag-processor", signal.SIGTERM)
    eventually("another one", lambda: running.pids().get("dag-processor") not in (None, old))
