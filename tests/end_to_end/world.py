"""A running Airflow with our rollouts, as a user sees it: manifests in a folder, the REST API, and what is live."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from convoy.airflow.compile import compile_rollouts
from convoy.airflow.published import Published

T = TypeVar("T")
FINISHED = ("success", "failed")


def eventually(what: str, ask: Callable[[], T], *, within: float = 120.0, every: float = 0.25) -> T:
    """The first true answer; AssertionError with the last answer if there is none in time."""
    deadline = time.monotonic() + within
    answer = ask()
    while not answer:
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {within:g} s; last answer {answer!r}")
        time.sleep(every)
        answer = ask()
    return answer


@dataclass
class World:
    """The API of the Airflow under test, and the manifests folder that it reads."""

    url: str
    password: str
    manifests: Path
    airflow: Any
    _client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self._client = httpx.Client(base_url=self.url, timeout=30.0)
        token = self._client.post("/auth/token", json={"username": "admin", "password": self.password})
        token.raise_for_status()
        self._client.headers["Authorization"] = f"Bearer {token.json()['access_token']}"

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def get(self, path: str, **params: Any) -> Any:
        """One GET, as JSON. A moment without an answer (a restart of the API server) is tried again."""
        for attempt in range(20):
            try:
                answer = self._client.get(f"/api/v2{path}", params=params)
                answer.raise_for_status()
                return answer.json()
            except httpx.TransportError:
                if attempt == 19:
                    raise
                time.sleep(0.5)
        raise AssertionError("unreachable")

    def send(self, method: str, path: str, body: Any) -> Any:
        """One POST or PATCH, as JSON."""
        answer = self._client.request(method, f"/api/v2{path}", json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    # --- manifests -------------------------------------------------------------------------------------------

    def write(self, name: str, text: str) -> Path:
        """Write a manifest file, whole or not at all."""
        path = self.manifests / name
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(".new")
        scratch.write_text(text)
        scratch.replace(path)
        return path

    def wait_for_dag(self, dag_id: str) -> Published:
        """Until Airflow has the DAG in the version that the manifests say now, which is returned."""
        wanted = {p.dag_id: p for p in compile_rollouts(self.manifests).rollouts}[dag_id]

        def known() -> bool:
            answer = self._client.get(f"/api/v2/dags/{dag_id}/details")
            return answer.status_code == 200 and wanted.digest in (answer.json()["doc_md"] or "")

        eventually(f"{dag_id} in Airflow", known, within=60)
        return wanted

    def tags(self, dag_id: str) -> set[str]:
        """The tags of a DAG."""
        return {tag["name"] for tag in self.get(f"/dags/{dag_id}")["tags"]}

    def import_errors(self) -> list[str]:
        """What Airflow's UI shows as import errors."""
        return [e["stack_trace"] for e in self.get("/importErrors")["import_errors"]]

    # --- runs ------------------------------------------------------------------------------------------------

    def trigger(self, dag_id: str, **conf: Any) -> str:
        """Start a run and return its id."""
        return str(self.send("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """queued, running, success or failed."""
        return str(self.get(f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def finish(self, dag_id: str, run_id: str, *, within: float = 240.0) -> str:
        """The state in which the run ends."""
        eventually(f"end of {dag_id}", lambda: self.run_state(dag_id, run_id) in FINISHED, within=within)
        return self.run_state(dag_id, run_id)

    def tasks(self, dag_id: str, run_id: str) -> dict[str, str]:
        """State of every task."""
        found = self.get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=1000)
        return {ti["task_id"]: str(ti["state"]) for ti in found["task_instances"]}

    def task(self, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
        """One task instance."""
        return dict(self.get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"))

    def wait_for_task(self, dag_id: str, run_id: str, task_id: str, *states: str, within: float = 120.0) -> None:
        """Until a task is in one of the states."""
        eventually(
            f"{task_id} in {states}",
            lambda: self.tasks(dag_id, run_id).get(task_id) in states,
            within=within,
        )

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str) -> Any:
        """One XCom, or None."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        answer = self._client.get(path, params={"deserialize": False})
        if answer.status_code != 200:
            return None
        value = answer.json()["value"]
        if isinstance(value, str):
            import json

            return json.loads(value)
        return value

    def outcome(self, dag_id: str, run_id: str) -> str:
        """The outcome that the run's last task wrote."""
        found = self.xcom(dag_id, run_id, "outcome", "outcome")
        return str(found["outcome"]) if found else "none"

    def log(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1) -> str:
        """A task's log, as the UI shows it."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        lines = self.get(path, full_content=True)["content"]
        return "\n".join(str(line) for line in lines)

    def mark_run_failed(self, dag_id: str, run_id: str) -> None:
        """What the button in the UI does."""
        self.send("PATCH", f"/dags/{dag_id}/dagRuns/{run_id}", {"state": "failed"})

    def mark_task_failed(self, dag_id: str, run_id: str, task_id: str) -> None:
        """What the button in the UI does."""
        self.send(
            "PATCH",
            f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}",
            {"new_state": "failed"},
        )

    def clear(self, dag_id: str, run_id: str, task_id: str) -> None:
        """What the UI's clear button does by default for a failed task."""
        self.send(
            "POST",
            f"/dags/{dag_id}/clearTaskInstances",
            {
                "dry_run": False,
                "dag_run_id": run_id,
                "task_ids": [task_id],
                "only_failed": False,
                "include_downstream": True,
            },
        )

    def wait_for_question(self, dag_id: str, run_id: str, task_id: str, *, times: int = 1) -> None:
        """Until the task waits for a person, and the scheduler has heard that its worker ended.

        An answer that comes earlier looks to Airflow like a lost worker: it tries the task again. People are slower."""
        self.wait_for_task(dag_id, run_id, task_id, "awaiting_input")
        log = self.manifests.parent / "embedded" / "logs" / "scheduler.log"
        line = re.compile(rf"TaskInstance Finished: dag_id={dag_id}, task_id={task_id}, .* state=awaiting_input")
        eventually(f"question {times} of {task_id}", lambda: len(line.findall(log.read_text())) >= times)

    def answer(self, dag_id: str, run_id: str, task_id: str, option: str) -> None:
        """What a person does under "Required actions"."""
        self.send(
            "PATCH",
            f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails",
            {"chosen_options": [option], "params_input": {}},
        )
