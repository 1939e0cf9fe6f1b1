"""The settings of the embedded Airflow, with the reason of each that differs from Airflow's default.

They are environment variables, which win over airflow.cfg. The secrets are in airflow.cfg and nowhere else: see
:meth:`convoy.embedded.home.Home.write_secrets`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from convoy.embedded.home import Home
from convoy.embedded.ports import HOST, kept_ports

Bundle = Mapping[str, Any]


def api_url(home: Home) -> str:
    """The address of the user interface and the API."""
    return f"http://{HOST}:{kept_ports(home)['api']}"


def convoy_bundle(manifests: Path, dags: Path) -> Bundle:
    """The DAG bundle that publishes ``manifests``; a changed manifest is a new version about two seconds later."""
    return {
        "name": "convoy",
        "classpath": "convoy.airflow.bundle.ConvoyBundle",
        "kwargs": {"manifests": str(manifests), "dags": str(dags), "refresh_interval": 2},
    }


def airflow_settings(home: Home, bundles: Sequence[Bundle], plugins: Path) -> dict[str, str]:
    """Every setting of ours, as environment variables."""
    url = api_url(home)
    log_port = str(kept_ports(home)["log-server"])
    return {
        "AIRFLOW_HOME": str(home.airflow),
        "CONVOY_HOME": str(home.root),
        # One machine, one user: tasks run as children of the scheduler, SQLite is as fast as PostgreSQL at this size.
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home.airflow / 'airflow.db'}",
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home.passwords_file),
        # Workers are forked in advance, about 40 MB each. Waiting needs none of them.
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins),
        # A rollout starts only when somebody or a calendar triggers it; paused, its rollback would not run either.
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        # Loopback only, also for logs: the machine's own name may lead to another interface, or nowhere.
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "convoy.embedded.hostname.loopback",
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(kept_ports(home)["api"]),
        # Without these two, tasks look for the API on port 8080 and fail without a log.
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        # No log server is started, for it would listen on every interface; the logs are files on this machine. The
        # ports are moved all the same, so that the API never asks the log server of another Airflow.
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home.airflow / "logs"),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": log_port,
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": log_port,
        # Quick: one second of idle sleep is one second between any two tasks.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        # Otherwise failed tasks are noticed up to five seconds late.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        # Time-outs of triggers and of questions to people are checked this often (default 15 s).
        "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "2",
        # After the kill of a scheduler its tasks are looked for soon (default 300 s).
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
        # A changed manifest is seen in seconds (defaults 300 and 30 s).
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
        "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(list(bundles)),
        # By default in the system's temporary folder, where two Airflows would share it.
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(home.airflow / "bundles"),
    }


def process_environment(settings: Mapping[str, str], inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of Airflow's processes: the caller's, without its Airflow settings, and ours over it.

    Connections and variables (``AIRFLOW_CONN_*``, ``AIRFLOW_VAR_*``) of the caller are passed on."""
    inherited = os.environ if inherited is None else inherited
    environment = {name: value for name, value in inherited.items() if name not in ignored_settings(inherited)}
    environment.update(settings)
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    # Tasks talk to the API on the loopback interface, never through a proxy.
    for name in ("NO_PROXY", "no_proxy"):
        environment[name] = ",".join(filter(None, [environment.get(name), HOST, "localhost"]))
    return environment


def ignored_settings(inherited: Mapping[str, str] | None = None) -> list[str]:
    """Airflow settings of the caller that do not reach the embedded Airflow: they are meant for another one."""
    names = os.environ if inherited is None else inherited
    return sorted(name for name in names if name.startswith("AIRFLOW__") or name in ("AIRFLOW_HOME", "AIRFLOW_CONFIG"))
