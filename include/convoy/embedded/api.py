"""The few questions that the command line asks a running Airflow, over its REST API."""

from __future__ import annotations

from typing import Any

import httpx

from convoy.embedded.errors import EmbeddedError, NotStarted

FINISHED = ("success", "failed")


class ApiError(EmbeddedError):
    """Airflow refused a request, or gave no answer."""


class NoSuchRun(EmbeddedError):
    """There is no such DAG or run, or none that still runs."""


class AirflowApi:
    """A session with an Airflow. Use as a context manager. Raises NotStarted if nobody answers at ``url``."""

    def __init__(self, url: str, user: str, password: str, *, timeout: float = 30.0) -> None:
        # No proxy from the environment for an address on this machine.
        local = httpx.URL(url).host in ("127.0.0.1", "localhost", "::1")
        self._client = httpx.Client(base_url=url, timeout=timeout, trust_env=not local)
        try:
            answer = self._client.post("/auth/token", json={"username": user, "password": password})
        except httpx.TransportError as error:
            self._client.close()
            raise NotStarted(f"no Airflow answers at {url} ({error}): is it up? `convoy up` starts it") from error
        if answer.status_code != 201:
            self._client.close()
            raise ApiError(f"Airflow at {url} does not let {user} in: {answer.status_code} {answer.text[:300]}")
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def __enter__(self) -> AirflowApi:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def rollouts(self) -> list[dict[str, Any]]:
        """The rollout DAGs, by id."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._call("GET", "/dags", tags="convoy", limit=100, offset=len(found), order_by="dag_id")
            found += page["dags"]
            if len(found) >= page["total_entries"] or not page["dags"]:
                return found

    def import_errors(self) -> list[dict[str, Any]]:
        """What does not parse: ``filename`` and ``stack_trace``."""
        return list(self._call("GET", "/importErrors", limit=100)["import_errors"])

    def runs(self, dag_id: str, *, limit: int = 25) -> list[dict[str, Any]]:
        """The runs of a DAG, newest first. Raises NoSuchRun for an unknown DAG."""
        answer = self._call("GET", f"/dags/{dag_id}/dagRuns", limit=limit, order_by="-run_after")
        return list(answer["dag_runs"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """One run. Raises NoSuchRun."""
        return self._call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")

    def outcome(self, dag_id: str, run_id: str) -> str | None:
        """What the run's last task says of it (Promoted, RolledBack, ...), or None if it said nothing."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/outcome/xcomEntries/outcome"
        try:
            value = self._call("GET", path, deserialize=True)["value"]
        except NoSuchRun:
            return None
        return str(value["outcome"]) if isinstance(value, dict) and "outcome" in value else str(value)

    def fail_run(self, dag_id: str, run_id: str, reason: str) -> None:
        """Mark a run failed, with the reason as its note. Its rollback still runs: that consists of teardowns."""
        body: dict[str, Any] = {"state": "failed"}
        if reason:
            body["note"] = reason[:1000]
        self._call("PATCH", f"/dags/{dag_id}/dagRuns/{run_id}", json=body)

    def _call(self, method: str, path: str, *, json: Any = None, **params: Any) -> dict[str, Any]:
        try:
            answer = self._client.request(method, f"/api/v2{path}", params=params, json=json)
        except httpx.TransportError as error:
            raise ApiError(f"{method} {path}: no answer from Airflow ({error!r})") from error
        if answer.status_code == 404:
            raise NoSuchRun(f"{method} {path}: Airflow knows no such thing: {answer.text[:300]}")
        if not answer.is_success:
            raise ApiError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        found = answer.json()
        if not isinstance(found, dict):
            raise ApiError(f"{method} {path}: expected an object, got {answer.text[:200]}")
        return found
