"""The client of Airflow's REST API, against a server on loopback that misbehaves as the real one seldom does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from convoy.cli.airflow_api import AirflowApi, BadRequest, LoginRefused, NoAnswer, NotAllowed, NotThere

Answer = tuple[int, Any]


@dataclass
class Server:
    """Answers ``METHOD /path`` with what a test put there; hands out a new token at each login."""

    url: str = ""
    logins: int = 0
    answers: dict[str, Callable[[dict[str, list[str]], Any], Answer]] = field(default_factory=dict)
    seen: list[tuple[str, Any]] = field(default_factory=list)

    def on(self, request: str, answer: Any, status: int = 200) -> None:
        self.answers[request] = answer if callable(answer) else lambda query, body: (status, answer)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            url = urlsplit(self.path)
            if url.path == "/auth/token":
                state.logins += 1
                good = body == {"username": "admin", "password": "secret"}
                status, found = (201, {"access_token": f"token-{state.logins}"}) if good else (401, {"detail": "no"})
            elif self.headers.get("Authorization") != f"Bearer token-{state.logins}":
                status, found = 401, {"detail": "no token"}
            else:
                state.seen.append((f"{self.command} {url.path}", body))
                answer = state.answers.get(f"{self.command} {url.path}", lambda query, body: (404, {"detail": "none"}))
                status, found = answer(parse_qs(url.query), body)
            content = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _answer

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        state.url = f"http://127.0.0.1:{http.server_address[1]}"
        yield state
        http.shutdown()


@pytest.fixture
def api(server: Server) -> Iterator[AirflowApi]:
    with AirflowApi(server.url, "admin", "secret") as api:
        yield api


RUN = {"dag_id": "d", "dag_run_id": "r", "state": "running", "start_date": "2026-03-01T12:00:00.5Z", "end_date": None}


def task(number: int, **more: Any) -> dict[str, Any]:
    return {"task_id": f"t{number}", "state": None, "start_date": None, "end_date": None, "try_number": 0, **more}


def test_one_login_serves_many_calls(server: Server, api: AirflowApi) -> None:
    server.on("GET /api/v2/dags/d/dagRuns/r", RUN)

    api.run("d", "r")
    api.run("d", "r")

    assert server.logins == 1


def test_a_token_that_has_run_out_is_renewed_without_a_word(server: Server, api: AirflowApi) -> None:
    server.on("GET /api/v2/dags/d/dagRuns/r", RUN)
    api.run("d", "r")
    server.logins += 10

    assert api.run("d", "r").state == "running"


def test_a_run_has_its_times_in_utc(server: Server, api: AirflowApi) -> None:
    server.on("GET /api/v2/dags/d/dagRuns/r", RUN)

    run = api.run("d", "r")

    assert run.start == datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=timezone.utc)
    assert (run.end, run.finished) == (None, False)


def test_names_are_quoted_in_paths(server: Server, api: AirflowApi) -> None:
    server.on("GET /api/v2/dags/d/dagRuns/manual__2026-03-01T12%3A00%3A00%2B00%3A00", RUN)

    assert api.run("d", "manual__2026-03-01T12:00:00+00:00").state == "running"


def test_lists_are_read_page_by_page_to_their_end(server: Server, api: AirflowApi) -> None:
    everything = [task(number) for number in range(250)]

    def page(query: dict[str, list[str]], body: Any) -> Answer:
        start = int(query["offset"][0])
        # Airflow gives at most a hundred, whatever the limit says.
        return 200, {
            "task_instances": everything[start : start + min(100, int(query["limit"][0]))],
            "total_entries": 250,
        }

    server.on("GET /api/v2/dags/d/dagRuns/r/taskInstances", page)

    assert [found.task_id for found in api.tasks("d", "r")] == [found["task_id"] for found in everything]


def test_a_task_that_the_scheduler_has_not_looked_at_has_the_state_none(server: Server, api: AirflowApi) -> None:
    server.on(
        "GET /api/v2/dags/d/dagRuns/r/taskInstances",
        {"task_instances": [task(1), task(2, state="deferred", try_number=2)], "total_entries": 2},
    )

    assert [(found.state, found.tries) for found in api.tasks("d", "r")] == [("none", 0), ("deferred", 2)]


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        ('{"a": [1]}', {"a": [1]}),
        ({"a": [1]}, {"a": [1]}),
        ('"Promoted"', "Promoted"),
        ("plain text", "plain text"),
        ("3", 3),
    ],
)
def test_an_xcom_is_read_as_its_value(server: Server, api: AirflowApi, stored: Any, value: Any) -> None:
    server.on("GET /api/v2/dags/d/dagRuns/r/taskInstances/b.ready/xcomEntries/verdict", {"value": stored})

    assert api.xcom("d", "r", "b.ready", "verdict") == value


def test_an_xcom_that_is_not_there_is_none(api: AirflowApi) -> None:
    assert api.xcom("d", "r", "b.ready", "verdict") is None


def test_a_trigger_sends_the_conf_and_returns_the_run_id(server: Server, api: AirflowApi) -> None:
    server.on("POST /api/v2/dags/d/dagRuns", {**RUN, "dag_run_id": "manual__7"})

    assert api.trigger("d", {"reason": "why not"}) == "manual__7"
    assert server.seen[-1][1] == {"logical_date": None, "conf": {"reason": "why not"}, "note": None}


def test_marking_a_run_failed_leaves_its_note_alone_unless_there_is_one(server: Server, api: AirflowApi) -> None:
    server.on("PATCH /api/v2/dags/d/dagRuns/r", RUN)

    api.mark_failed("d", "r")
    api.mark_failed("d", "r", note="ticket 4711")

    assert [body for _, body in server.seen] == [{"state": "failed"}, {"state": "failed", "note": "ticket 4711"}]


def test_questions_name_the_task_and_the_options(server: Server, api: AirflowApi) -> None:
    found = {
        "task_instance": task(1, task_id="b.metrics"),
        "subject": "Go on?",
        "options": ["Go on", "Roll back"],
        "created_at": "2026-03-01T12:00:00Z",
    }
    server.on("GET /api/v2/dags/d/dagRuns/r/hitlDetails", {"hitl_details": [found], "total_entries": 1})

    [question] = api.questions("d", "r")

    assert (question.task_id, question.subject, question.options) == ("b.metrics", "Go on?", ("Go on", "Roll back"))


def test_the_health_of_a_component_that_says_nothing_is_unknown(server: Server, api: AirflowApi) -> None:
    health = {"scheduler": {"status": "healthy"}, "triggerer": {"status": None}, "dag_processor": None}
    server.on("GET /api/v2/monitor/health", health)

    assert api.health() == {"scheduler": "healthy", "triggerer": "unknown", "dag_processor": "unknown"}


def test_the_time_of_the_server_is_that_of_its_last_answer(server: Server, api: AirflowApi) -> None:
    server.on("GET /api/v2/dags/d/dagRuns/r", RUN)
    api.run("d", "r")

    assert api.server_time.tzinfo is not None
    assert api.server_time.microsecond == 0


def test_a_wrong_password_is_a_refused_login(server: Server) -> None:
    with AirflowApi(server.url, "admin", "wrong") as api, pytest.raises(LoginRefused, match="'admin'"):
        api.health()


@pytest.mark.parametrize(
    ("status", "answer", "error", "said"),
    [
        (400, {"detail": "conf does not fit"}, BadRequest, "conf does not fit"),
        (422, {"detail": [{"loc": ["body"]}]}, BadRequest, '"loc"'),
        (403, {"detail": "Forbidden"}, NotAllowed, "Forbidden"),
        (404, {"detail": "no such DAG"}, NotThere, "no such DAG"),
        (503, b"<html>busy</html>", NoAnswer, "busy"),
        (200, b"<html>another server</html>", NoAnswer, "not JSON"),
    ],
)
def test_an_answer_that_is_no_success_is_an_error_with_the_servers_own_words(
    server: Server, api: AirflowApi, status: int, answer: Any, error: type[Exception], said: str
) -> None:
    server.on("POST /api/v2/dags/d/dagRuns", answer, status)

    with pytest.raises(error, match=said):
        api.trigger("d", {})


def test_nothing_at_the_address_is_no_answer() -> None:
    with AirflowApi("http://127.0.0.1:1", "admin", "secret") as api, pytest.raises(NoAnswer, match=r"127\.0\.0\.1:1"):
        api.health()


def test_no_error_carries_the_password(server: Server) -> None:
    with AirflowApi(server.url, "admin", "hunter2") as api, pytest.raises(LoginRefused) as caught:
        api.health()

    assert "hunter2" not in f"{caught.value!r} {caught.value}"
