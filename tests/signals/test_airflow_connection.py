"""The address of Prometheus from a real Airflow connection, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import asyncio
from convoy.signals.prometheus_address import airflow_connection, from_connection

address = from_connection(asyncio.run(airflow_connection("prom")), "prom", None)
print("ADDRESS", address.base, address.headers["Authorization"], address.headers["X-Scope-OrgID"])
"""


def test_a_connection_of_airflow_is_read_without_a_running_airflow(tmp_path: Path) -> None:
    connection = {
        "conn_type": "http",
        "host": "prom.example",
        "schema": "https",
        "port": 9090,
        "password": "s3cret",
        "extra": {"headers": {"X-Scope-OrgID": "shop"}},
    }
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW_CONN_PROM": json.dumps(connection),
        "PYTHONPATH": str(Path(__file__).parents[2] / "include"),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert "ADDRESS https://prom.example:9090 Bearer s3cret shop" in done.stdout, done.stderr
