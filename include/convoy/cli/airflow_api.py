"""A client of Airflow's REST API v2: the few calls that the commands need, as plain values.

Errors::

    ApiError
     +-- NoAnswer       nothing answers, or too late; may be tried again
     +-- LoginRefused   the user or the password is wrong
     +-- NotThere       no such DAG, run, task or XCom
     +-- NotAllowed     the user may not do this
     +-- BadRequest     Airflow refuses the request itself
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

PAGE = 100
"""How many entries Airflow returns at most by default, whatever is asked for."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class ApiError(Exception):
    """A call that did not succeed."""


class NoAnswer(ApiError):
    """Nothing answers at the address."""


class LoginRefused(ApiError):
    """The user or the password is wrong."""


class NotThere(ApiError):
    """What was asked for does not exist."""


class NotAllowed(ApiError):
    """The user lacks the right."""


class BadRequest(ApiError):
    """Airflow refuses the request."""


@dataclass(frozen=True)
class DagRun:
    """One run. ``state`` is queued, running, success or failed."""

    dag_id: str
    run_id: str
    state: str
    start: datetime | None
    end: datetime | None
    note: str | None

    @property
    def finished(self) -> bool:
        """Whether nothing will happen any more."""
        return self.state in ("success", "failed")


@dataclass(frozen=True)
class TaskInstance:
    """One task of a run. ``state`` is ``none`` where the scheduler has not looked at it yet."""

    task_id: str
    state: str
    start: datetime | None
    end: datetime | None
    tries: int


@dataclass(frozen=True)
class Question:
    """A task that waits for a person."""

    task_id: str
    subject: str
    options: tuple[str, ...]
    asked: datetime | None


class AirflowApi:
    """A session with one Airflow; logs in with the first call, and again when the token has run out.

    ``timeout`` is in seconds, for one call. Every method raises ApiError."""

    def __init__(self, url: str, username: str, password: str, *, timeout: float = 30.0) -> None:
        self.url = url.rstrip("/")
        self._login = {"username": username, "password": password}
        # A proxy from the environment is for other machines.
        self._http = httpx.Client(timeout=timeout, trust_env=urlsplit(url).hostname not in LOOPBACK)
        self._token: str | None = None
        self._server_time: datetime | None = None

    def __enter__(self) -> AirflowApi:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def server_time(self) -> datetime:
        """The server's clock at its last answer; ours before the first. For elapsed times: task times are its too."""
        return self._server_time or datetime.now(timezone.utc)

    # --- runs ------------------------------------------------------------------------------------------------

    def trigger(self, dag_id: str, conf: Mapping[str, Any], *, note: str | None = None) -> str:
        """Start a run; its id. Raises BadRequest where the conf does not fit the DAG's params."""
        body = {"logical_date": None, "conf": dict(conf), "note": note}
        return str(self._call("POST", f"/dags/{_quote(dag_id)}/dagRuns", body)["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> DagRun:
        """One run."""
        return _dag_run(self._call("GET", _run_path(dag_id, run_id)))

    def runs(self, dag_id: str, *, limit: int = 10) -> list[DagRun]:
        """The latest runs of a DAG, the newest first. At most a hundred."""
        answer = self._call("GET", f"/dags/{_quote(dag_id)}/dagRuns", params={"order_by": "-run_after", "limit": limit})
        return [_dag_run(found) for found in answer["dag_runs"]]

    def mark_failed(self, dag_id: str, run_id: str, *, note: str | None = None) -> None:
        """End a run, as the button in the UI does. The rollback, made of teardowns, runs on."""
        body = {"state": "failed", **({"note": note} if note else {})}
        self._call("PATCH", _run_path(dag_id, run_id), body)

    # --- what a run consists of ------------------------------------------------------------------------------

    def tasks(self, dag_id: str, run_id: str) -> list[TaskInstance]:
        """Every task of a run, in no particular order."""
        return [_task(found) for found in self._all(f"{_run_path(dag_id, run_id)}/taskInstances", "task_instances")]

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str) -> Any:
        """The value of an XCom, or None where there is none."""
        path = f"{_run_path(dag_id, run_id)}/taskInstances/{_quote(task_id)}/xcomEntries/{_quote(key)}"
        try:
            value = self._call("GET", path)["value"]
        except NotThere:
            return None
        # Airflow stores XComs as JSON text and hands that out as it is.
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            return value

    def questions(self, dag_id: str, run_id: str) -> list[Question]:
        """What the run asks people and was not answered yet."""
        path = f"{_run_path(dag_id, run_id)}/hitlDetails"
        return [
            Question(
                found["task_instance"]["task_id"],
                found["subject"],
                tuple(found["options"]),
                _moment(found.get("created_at")),
            )
            for found in self._all(path, "hitl_details", response_received=False)
        ]

    def answer(self, dag_id: str, run_id: str, task_id: str, option: str) -> None:
        """Answer a question. Raises BadRequest for an option that was not offered."""
        path = f"{_run_path(dag_id, run_id)}/taskInstances/{_quote(task_id)}/-1/hitlDetails"
        self._call("PATCH", path, {"chosen_options": [option], "params_input": {}})

    # --- Airflow itself --------------------------------------------------------------------------------------

    def health(self) -> dict[str, str]:
        """The state of each component: metadatabase, scheduler, triggerer, dag_processor."""
        answer = self._call("GET", "/monitor/health")
        return {name: str((found or {}).get("status") or "unknown") for name, found in answer.items()}

    def dag_ids(self, *, tag: str) -> list[str]:
        """The active DAGs with a tag, sorted."""
        return sorted(str(found["dag_id"]) for found in self._all("/dags", "dags", tags=tag))

    def import_errors(self) -> list[str]:
        """What Airflow shows as import errors: for us, the diagnostics of broken manifests."""
        return [str(found["stack_trace"]) for found in self._all("/importErrors", "import_errors")]

    # --- one call --------------------------------------------------------------------------------------------

    def _all(self, path: str, key: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Every entry of a list, page by page."""
        offset = 0
        while True:
            answer = self._call("GET", path, params={**params, "limit": PAGE, "offset": offset})
            yield from answer[key]
            offset += len(answer[key])
            if not answer[key] or offset >= int(answer["total_entries"]):
                return

    def _call(self, method: str, path: str, body: Any = None, *, params: Mapping[str, Any] | None = None) -> Any:
        had_token = self._token is not None
        answer = self._authorised(method, path, body, params)
        if answer.status_code == 401 and had_token:
            self._token = None
            answer = self._authorised(method, path, body, params)
        if not answer.is_success:
            raise _error(method, path, answer)
        try:
            return answer.json()
        except ValueError as error:
            raise NoAnswer(f"{self.url} answers {method} {path} with something that is not JSON") from error

    def _authorised(self, method: str, path: str, body: Any, params: Mapping[str, Any] | None) -> httpx.Response:
        if self._token is None:
            answer = self._send("POST", "/auth/token", self._login, None)
            if answer.status_code in (400, 401, 403):
                raise LoginRefused(f"{self.url} refuses the login of {self._login['username']!r}")
            if not answer.is_success:
                raise _error("POST", "/auth/token", answer)
            self._token = str(answer.json()["access_token"])
        return self._send(method, f"/api/v2{path}", body, params)

    def _send(self, method: str, path: str, body: Any, params: Mapping[str, Any] | None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            answer = self._http.request(method, f"{self.url}{path}", json=body, params=params, headers=headers)
        except httpx.TransportError as error:
            raise NoAnswer(f"no answer from Airflow at {self.url}: {error or type(error).__name__}") from error
        if "date" in answer.headers:
            self._server_time = parsedate_to_datetime(answer.headers["date"])
        return answer


def _error(method: str, path: str, answer: httpx.Response) -> ApiError:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = answer.text[:300] or answer.reason_phrase
    text = f"{method} {path}: {answer.status_code}, {detail if isinstance(detail, str) else json.dumps(detail)}"
    if answer.status_code == 404:
        return NotThere(text)
    if answer.status_code in (401, 403):
        return NotAllowed(text)
    if answer.status_code >= 500:
        return NoAnswer(text)
    return BadRequest(text)


def _quote(name: str) -> str:
    return quote(name, safe="")


def _run_path(dag_id: str, run_id: str) -> str:
    return f"/dags/{_quote(dag_id)}/dagRuns/{_quote(run_id)}"


def _moment(text: str | None) -> datetime | None:
    # Python 3.10 does not read the Z.
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def _dag_run(found: Mapping[str, Any]) -> DagRun:
    return DagRun(
        dag_id=found["dag_id"],
        run_id=found["dag_run_id"],
        state=str(found["state"]),
        start=_moment(found.get("start_date")),
        end=_moment(found.get("end_date")),
        note=found.get("note"),
    )


def _task(found: Mapping[str, Any]) -> TaskInstance:
    return TaskInstance(
        task_id=found["task_id"],
        state=str(found.get("state") or "none"),
        start=_moment(found.get("start_date")),
        end=_moment(found.get("end_date")),
        tries=int(found.get("try_number") or 0),
    )
