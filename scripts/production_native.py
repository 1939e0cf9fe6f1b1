#!/usr/bin/env python3
"""Runs docker-compose.yaml without Docker: every service's command, environment and health check, once.

PostgreSQL, Redis and Prometheus are Debian's (scripts/install-test-packages.sh); Airflow runs from an environment with
the packages of requirements-production.lock, as in the Dockerfile. What differs from the containers is said at the
start: host names and ports become free ports on the loopback interface, volumes become folders. At the end a DAG is
triggered over the API, and must succeed; then everything is stopped.

    python scripts/production_native.py [--dag DAG_ID] [--venv FOLDER] [--keep-logs FOLDER]

Exit code 0 only if all of that worked. Needs PyYAML and psutil, which .venv has.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import yaml
from compose_file import ROOT, Failed, Place, in_order, interpolate, make_secrets

SMOKE_BUNDLE = {
    "name": "smoke",
    "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
    "kwargs": {"path": str(ROOT / "deploy" / "smoke")},
}
HEALTHY_WITHIN = 180.0
_HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def say(text: str) -> None:
    """One line, with the time since the start."""
    print(f"{time.monotonic() - BEGIN:6.1f} s  {text}", flush=True)


BEGIN = time.monotonic()


class Service:
    """One service: its process, and its health check."""

    def __init__(self, name: str, spec: dict[str, Any], place: Place, path: str) -> None:
        self.name, self.spec, self.place = name, spec, place
        self.process: subprocess.Popen[bytes] | None = None
        self.user: str | None = None
        environment = {key: place.here(str(value), name) for key, value in spec.get("environment", {}).items()}
        base = {key: os.environ[key] for key in ("HOME", "LANG", "TERM", "SSL_CERT_FILE") if key in os.environ}
        self.environment = {**base, "PATH": path, "HOSTNAME": socket.gethostname(), "NO_PROXY": "*", **environment}
        self.log = place.logs / f"{name}.log"

    @property
    def is_airflow(self) -> bool:
        """Whether it runs from our own image."""
        return "build" in self.spec

    def command(self) -> list[str]:
        """The command of the compose file; for the images that have one of their own, what that does."""
        command = [self.place.here(part, self.name) for part in self.spec.get("command", [])]
        if self.name == "redis":
            return [*command, "--bind", "127.0.0.1", "--dir", str(self.place.folders["/data"])]
        if self.name == "prometheus":
            listen = f"--web.listen-address=127.0.0.1:{self.place.ports[self.name][9090]}"
            return ["prometheus", *command, listen]
        return self._prepare_postgres() if self.name == "postgres" else command

    def _prepare_postgres(self) -> list[str]:
        """What the image's entrypoint does: a cluster with the given user and database, and then the server."""
        if os.getuid() == 0:
            self.user = "postgres"  # it refuses to run as root
        data = self.place.folders["/var/lib/postgresql/data"]
        password = self.place.work / "postgres-password"
        password.write_text(self.environment["POSTGRES_PASSWORD"])
        if self.user:
            for path in (data, password):
                shutil.chown(path, self.user)
        owner = self.environment["POSTGRES_USER"]
        self._run(
            ["initdb", "-D", str(data), "-U", owner, f"--pwfile={password}", "--auth=scram-sha-256", "-E", "UTF8"]
        )
        port = self.place.ports["postgres"][5432]
        options = [f"-p{port}", "-clisten_addresses=127.0.0.1", f"-cunix_socket_directories={data}"]
        # Only for the moment in which the database of the same name as its owner is made.
        self._run(
            ["postgres", "--single", "-D", str(data), "template1"],
            f"CREATE DATABASE {self.environment['POSTGRES_DB']}\n",
        )
        return ["postgres", "-D", str(data), *options]

    def _run(self, command: list[str], text: str = "") -> None:
        with self.log.open("ab") as output:
            subprocess.run(
                command,
                input=text.encode(),
                stdout=output,
                stderr=output,
                env=self.environment,
                user=self.user,
                cwd=self.place.work,
                check=True,
            )

    def start(self) -> None:
        """In a session of its own, like a container."""
        command = self.command()
        say(f"{self.name}: {self.shown(command)}")
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env=self.environment,
                cwd=self.place.work,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=self.user,
            )

    def shown(self, command: list[str]) -> str:
        """The beginning of a command, without the secrets in it."""
        text = " ".join(command).splitlines()[0]
        for value in self.place.secrets.values():
            text = text.replace(value, "***")
        return text[:110]

    def wait_until_done(self) -> None:
        """For a service that runs once."""
        assert self.process is not None
        if self.process.wait(HEALTHY_WITHIN) != 0:
            raise Failed(f"{self.name} ended with exit code {self.process.returncode}:\n{self.tail()}")

    def wait_until_healthy(self) -> None:
        """Run its own health check until it passes."""
        assert self.process is not None
        kind, *test = self.spec["healthcheck"]["test"]
        test = [self.place.here(part, self.name).replace("localhost", "127.0.0.1") for part in test]
        command = ["bash", "-c", test[0]] if kind == "CMD-SHELL" else test
        deadline = time.monotonic() + HEALTHY_WITHIN
        while True:
            if self.process.poll() is not None:
                raise Failed(f"{self.name} ended with exit code {self.process.returncode}:\n{self.tail()}")
            found = subprocess.run(command, env=self.environment, capture_output=True, cwd=self.place.work, check=False)
            if found.returncode == 0:
                say(f"{self.name}: healthy, by {' '.join(command)[:90]}")
                return
            if time.monotonic() > deadline:
                why = (found.stdout + found.stderr).decode(errors="replace")[-2000:]
                raise Failed(f"{self.name} is not healthy: {' '.join(command)}\n{why}\n{self.tail()}")
            time.sleep(1)

    def stop(self) -> None:
        """SIGTERM, then SIGKILL for whatever is left of its session."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT if self.name == "postgres" else signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                say(f"{self.name}: did not stop in 20 s; killing it")
        for pid in session_members(self.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def tail(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])


def session_members(sid: int) -> list[int]:
    """The live processes of a session."""
    found = []
    for process in psutil.process_iter(["status"]):
        try:
            if process.info["status"] != psutil.STATUS_ZOMBIE and os.getsid(process.pid) == sid:
                found.append(process.pid)
        except (ProcessLookupError, PermissionError):
            continue
    return found


def make_venv(folder: Path) -> None:
    """As in the Dockerfile: the lock, then Convoy itself."""
    python = folder / "bin" / "python"
    if not python.exists():
        say(f"installing requirements-production.lock into {folder}")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements-production.lock"], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*install, "--no-build-isolation", "--force-reinstall", ROOT], check=True)


def search_path(venv: Path) -> str:
    """The environment's programs, then PostgreSQL's, which Debian keeps off the path, then the system's."""
    postgres = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    path = os.pathsep.join([str(venv / "bin"), *map(str, postgres[:1]), os.environ.get("PATH", os.defpath)])
    missing = [
        name
        for name in ("postgres", "initdb", "redis-server", "prometheus", "curl", "wget")
        if not shutil.which(name, path=path)
    ]
    if missing:
        raise Failed(f"not found: {', '.join(missing)}; scripts/install-test-packages.sh installs the servers")
    return path


def api(url: str, method: str, path: str, body: Any = None, token: str = "") -> Any:
    """One call of Airflow's API."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data=data, headers=headers, method=method)
    with _HTTP.open(request, timeout=30) as answer:
        return json.load(answer)


def run_dag(url: str, password: str, dag_id: str, *, within: float = 300.0) -> None:
    """Trigger a DAG and wait for its success."""
    token = api(url, "POST", "/auth/token", {"username": "admin", "password": password})["access_token"]
    deadline = time.monotonic() + within
    while True:
        try:
            run = api(url, "POST", f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": {}}, token)
            break
        except urllib.error.HTTPError as error:
            if error.code != 404 or time.monotonic() > deadline:
                raise Failed(f"{dag_id} cannot be triggered: {error.code} {error.read().decode()[:500]}") from error
            time.sleep(1)
    path = f"/api/v2/dags/{dag_id}/dagRuns/{run['dag_run_id']}"
    say(f"triggered {dag_id}")
    while (state := api(url, "GET", path, token=token)["state"]) not in ("success", "failed"):
        if time.monotonic() > deadline:
            raise Failed(f"{dag_id} is still {state} after {within:g} s")
        time.sleep(1)
    tasks = api(url, "GET", f"{path}/taskInstances?limit=100", token=token)["task_instances"]
    for task in tasks:
        say(f"  {task['task_id']}: {task['state']} on {task['executor'] or 'the default executor'}")
    if state != "success":
        raise Failed(f"{dag_id} ended as {state}")


def main() -> int:
    """Start, check, run, stop."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dag", default="smoke", help="the DAG to trigger; default: one of deploy/smoke")
    parser.add_argument("--venv", type=Path, default=ROOT / ".convoy" / "production-venv")
    parser.add_argument("--keep-logs", type=Path, help="copy the services' logs there")
    arguments = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="convoy-production-"))
    work.chmod(0o755)  # PostgreSQL runs as another user
    started: list[Service] = []
    try:
        path = search_path(arguments.venv)
        make_venv(arguments.venv)
        variables = make_secrets()
        compose = interpolate(yaml.safe_load((ROOT / "docker-compose.yaml").read_text()), variables)
        place = Place(compose, work, variables)
        services = {name: Service(name, spec, place, path) for name, spec in compose["services"].items()}
        adapt(services, place)
        for name in in_order(compose["services"]):
            service = services[name]
            started.append(service)
            service.start()
            if "healthcheck" in service.spec and not service.is_airflow:
                service.wait_until_healthy()
            elif name == "migrate":
                service.wait_until_done()
        for service in started:
            if service.is_airflow and service.name != "migrate":
                service.wait_until_healthy()
        run_dag(f"http://127.0.0.1:{place.ports['api-server'][8080]}", variables["ADMIN_PASSWORD"], arguments.dag)
        say("every service ran, and the DAG succeeded")
        return 0
    except (Failed, subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        say(f"FAILED: {error}")
        return 1
    finally:
        for service in reversed(started):
            service.stop()
        say("stopped everything")
        if arguments.keep_logs and (work / "logs").exists():
            shutil.copytree(work / "logs", arguments.keep_logs, dirs_exist_ok=True)
        shutil.rmtree(work)


def adapt(services: dict[str, Service], place: Place) -> None:
    """The settings that containers need not have: each has its own port 8080, and its own /opt/airflow."""
    prometheus = place.work / "prometheus.yml"
    text = place.folders["/etc/prometheus/prometheus.yml"].read_text()
    prometheus.write_text(place.here(text, "prometheus"))
    place.folders["/etc/prometheus/prometheus.yml"] = prometheus
    extra = {
        "AIRFLOW_HOME": str(place.folders["/opt/airflow/logs"].parent / "airflow-home"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(place.folders["/opt/airflow/logs"]),
        "AIRFLOW__API__PORT": str(place.ports["api-server"][8080]),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(place.ports["scheduler"][8974]),
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST": "127.0.0.1",
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(place.ports["triggerer"][8794]),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(place.ports["worker"][8793]),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(place.work / "bundles"),
    }
    say(f"beside hosts, ports and folders, set only here: {', '.join(sorted(extra))}, and a bundle with the smoke DAG")
    for service in services.values():
        if service.is_airflow:
            bundles = json.loads(service.environment["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])
            service.environment.update(extra)
            service.environment["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"] = json.dumps([*bundles, SMOKE_BUNDLE])


if __name__ == "__main__":
    sys.exit(main())
