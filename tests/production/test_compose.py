"""docker-compose.yaml: valid, without default secrets, and the same Airflow as everywhere else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yaml"
REQUIRED = re.compile(r"\$\{([A-Z_]+):\?")


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services, with YAML's merge keys resolved."""
    return dict(yaml.safe_load(COMPOSE.read_text())["services"])


def test_it_follows_the_compose_specification() -> None:
    """By the schema of the specification, without a network."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_secret_is_required_and_none_has_a_default() -> None:
    """Compose refuses to start without them."""
    text = COMPOSE.read_text()
    secret = re.compile(r"\$\{([A-Z_]*(?:PASSWORD|KEY|SECRET)[A-Z_]*)([^}]*)\}")
    assert {name for name, rest in secret.findall(text) if not rest.startswith(":?")} == set()
    assert {name for name, _ in secret.findall(text)} == set(REQUIRED.findall(text))


def test_the_example_lists_every_required_variable_and_gives_none_a_value() -> None:
    """deploy/env.example is what a person fills in."""
    lines = (ROOT / "deploy" / "env.example").read_text().splitlines()
    assert {line for line in lines if re.match(r"[A-Z_]+=", line)} == {
        f"{name}=" for name in REQUIRED.findall(COMPOSE.read_text())
    }


def test_every_service_that_stays_has_a_health_check(services: dict[str, dict[str, Any]]) -> None:
    """Only the migration ends by itself."""
    assert [name for name, service in services.items() if "healthcheck" not in service] == ["migrate"]


def test_no_port_is_open_to_other_machines(services: dict[str, dict[str, Any]]) -> None:
    """A proxy with TLS goes in front."""
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_named_volume_is_declared(services: dict[str, dict[str, Any]]) -> None:
    """And every declared one is used."""
    used = {text.split(":")[0] for service in services.values() for text in service.get("volumes", [])}
    named = {name for name in used if not name.startswith((".", "$"))}
    assert named == set(yaml.safe_load(COMPOSE.read_text())["volumes"])


def test_the_image_has_the_airflow_that_was_tested() -> None:
    """The Dockerfile's base and the pin in requirements.txt."""
    base = re.search(r"^FROM apache/airflow:([0-9.]+)-python", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    pin = re.search(r"^apache-airflow==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert base
    assert pin
    assert base[1] == pin[1]


def test_what_the_image_copies_exists_and_is_not_ignored() -> None:
    """Otherwise the build fails on a fresh clone."""
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in re.findall(r"^COPY --chown=\S+ (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert source in allowed, source


@pytest.mark.nightly
@pytest.mark.airflow
def test_every_command_runs_natively_and_a_dag_succeeds() -> None:
    """On Celery, PostgreSQL and Redis, by each service's own health check."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))])
    missing = [name for name in ("postgres", "redis-server", "prometheus") if not shutil.which(name, path=path)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; scripts/install-test-packages.sh installs them")
    command = [sys.executable, str(ROOT / "scripts" / "production_native.py")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-4000:] + found.stderr[-2000:]
