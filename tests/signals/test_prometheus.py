"""The Prometheus provider against scripted servers: whatever comes back becomes a measurement."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import pytest

from convoy.gates.conditions import evaluate
from convoy.gates.measurement import Measurement
from convoy.gates.verdict import Verdict
from convoy.signals.base import Scope
from convoy.signals.prometheus import PrometheusProvider

SCOPE = Scope("payment", "1.1.0", ())


def answer(value: str) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": "scalar", "result": [1767225600, value]}}).encode()


def metric(query: str = 'up{job="$component"}', **condition: Any) -> dict[str, Any]:
    return {
        "name": "m",
        "query": query,
        "scrape": None,
        "interval": 5.0,
        "success_condition": condition or {"max": 1.0},
    }


def measured(
    settings: dict[str, Any], *metrics: dict[str, Any], resolver: Any = None, between: Callable[[], None] | None = None
) -> list[Measurement]:
    async def run() -> list[Measurement]:
        provider = PrometheusProvider(settings, **({"resolver": resolver} if resolver else {}))
        results = []
        try:
            for number, one in enumerate(metrics or (metric(),)):
                if number and between:
                    between()
                results.append(await provider.measure(one, SCOPE))
        finally:
            await provider.aclose()
        return results

    return asyncio.run(run())


def at(script: Any) -> dict[str, Any]:
    return {"url": f"http://127.0.0.1:{script.port}", "connection": None, "timeout": 5.0}


def test_the_filled_query_is_asked_and_its_number_measured(serve: Callable[..., Any]) -> None:
    script = serve(body=answer("0.25"))
    got = measured(at(script))[0]
    assert (got.value, got.error) == (0.25, None)
    assert script.asked[0].path == "/api/v1/query"
    assert parse_qs(script.asked[0].body)["query"] == ['up{job="payment"}']


def test_the_record_has_the_query_and_the_servers_time(serve: Callable[..., Any]) -> None:
    inputs = measured(at(serve(body=answer("0.25"))))[0].inputs
    assert inputs["query"] == 'up{job="payment"}'
    assert inputs["timeframe"] == {"server_time": "2026-01-01T00:00:00.000+00:00", "interval": 5.0}


def test_the_baseline_is_asked_beside_the_query(serve: Callable[..., Any]) -> None:
    script = serve(body=answer("0.25"))
    compare = {"max_increase": 0.1, "max_difference": None, "baseline_query": 'up{r="$revision"}'}
    got = measured(at(script), metric('up{r="$revision"}', compare=compare))[0]
    assert (got.value, got.baseline) == (0.25, 0.25)
    assert sorted(parse_qs(asked.body)["query"][0] for asked in script.asked) == ['up{r="new"}', 'up{r="old"}']


def test_no_series_is_no_data_and_no_error(serve: Callable[..., Any]) -> None:
    script = serve(body=b'{"status":"success","data":{"resultType":"vector","result":[]}}')
    got = measured(at(script))[0]
    assert (got.value, got.error) == (None, None)


def test_warnings_of_the_server_are_in_the_record(serve: Callable[..., Any]) -> None:
    body = json.loads(answer("1"))
    got = measured(at(serve(body=json.dumps({**body, "warnings": ["partial response"]}).encode())))[0]
    assert got.inputs["warnings"] == ["partial response"]


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ({"status": 500, "body": b"oops"}, "status 500"),
        ({"status": 422, "body": b'{"status":"error","errorType":"execution","error":"many"}'}, "execution: many"),
        ({"body": b"<html>"}, "not an answer"),
        ({"body": b'{"status":"error","errorType":"timeout","error":"late"}'}, "timeout: late"),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}, "body": b""}, "status 302"),
        ({"behaviour": "hang up"}, "closed without an answer"),
        ({"behaviour": "break off"}, "broke off"),
        ({"behaviour": "garbage"}, "not HTTP"),
        ({"status": 401, "body": b"{}"}, "refused the login"),
    ],
)
def test_whatever_is_no_answer_is_an_error_and_never_passes(
    serve: Callable[..., Any], script: dict[str, Any], error: str
) -> None:
    got = measured(at(serve(**script)))[0]
    assert error in (got.error or "")
    assert evaluate({"min": -1e9}, got)[0] is Verdict.ERROR


def test_a_server_that_hangs_is_an_error_after_the_timeout(serve: Callable[..., Any]) -> None:
    got = measured({**at(serve(behaviour="hang")), "timeout": 0.1})[0]
    assert got.error == "Prometheus: no answer within 0.1 s"


def test_nobody_listening_is_an_error(nobody: int) -> None:
    got = measured({"url": f"http://127.0.0.1:{nobody}"})[0]
    assert got.error == "Prometheus: cannot connect: Connection refused"


def test_a_failing_baseline_is_an_error_that_says_so(serve: Callable[..., Any]) -> None:
    script = serve(status=500, body=b"oops")
    compare = {"max_increase": 0.1, "baseline_query": "vector(1)"}
    assert "baseline: Prometheus: status 500" in (measured(at(script), metric(compare=compare))[0].error or "")


@pytest.mark.parametrize("query", ["$component", None])
def test_a_query_that_cannot_be_filled_is_an_error_and_is_not_sent(serve: Callable[..., Any], query: Any) -> None:
    script = serve(body=answer("1"))
    assert measured(at(script), metric(query))[0].error
    assert script.asked == []


def login(script: Any, password: str) -> Any:
    return SimpleNamespace(
        host="127.0.0.1", schema="http", port=script.port, login="ada", password=password, extra_dejson={}
    )


def test_the_login_of_the_connection_is_sent_and_never_recorded(serve: Callable[..., Any]) -> None:
    script = serve(body=answer("1"))

    async def resolver(connection_id: str) -> Any:
        assert connection_id == "prom"
        return login(script, "s3cret")

    got = measured({"connection": "prom"}, resolver=resolver)[0]
    assert got.value == 1.0
    assert script.asked[0].headers["Authorization"] == "Basic YWRhOnMzY3JldA=="
    assert "s3cret" not in json.dumps(got.to_dict())
    assert "YWRh" not in json.dumps(got.to_dict())


def test_a_secret_that_the_server_quotes_is_not_recorded(serve: Callable[..., Any]) -> None:
    error = {
        "status": "error",
        "errorType": "x",
        "error": "bad header 'Basic YWRhOnMzY3JldA==' (YWRhOnMzY3JldA==), s3cret",
    }
    script = serve(status=400, body=json.dumps(error).encode())

    async def resolver(_: str) -> Any:
        return login(script, "s3cret")

    got = measured({"connection": "prom"}, resolver=resolver)[0]
    assert got.error == "Prometheus: status 400, x: bad header '***' (***), ***"


def test_a_secret_in_a_warning_is_not_recorded(serve: Callable[..., Any]) -> None:
    body = {**json.loads(answer("1")), "warnings": ["store of s3cret is down"]}
    script = serve(body=json.dumps(body).encode())

    async def resolver(_: str) -> Any:
        return login(script, "s3cret")

    got = measured({"connection": "prom"}, resolver=resolver)[0]
    assert got.inputs["warnings"] == ["store of *** is down"]


def test_the_connection_is_read_once_and_again_after_a_refused_login(serve: Callable[..., Any]) -> None:
    script, passwords = serve(body=answer("1")), iter(["old", "new", "never"])

    async def resolver(_: str) -> Any:
        return login(script, next(passwords))

    def refuse_then_accept() -> None:
        script.status = 401 if len(script.asked) == 2 else 200

    got = measured({"connection": "prom"}, *[metric()] * 4, resolver=resolver, between=refuse_then_accept)
    assert [m.error for m in got] == [None, None, "Prometheus refused the login: status 401", None]
    sent = [asked.headers["Authorization"] for asked in script.asked]
    assert len(set(sent[:3])) == 1
    assert sent[3] != sent[2]


def test_a_connection_that_cannot_be_read_is_an_error_that_quotes_nothing() -> None:
    async def resolver(_: str) -> Any:
        raise RuntimeError("vault said: s3cret")

    got = measured({"connection": "prom"}, resolver=resolver)[0]
    assert got.error == "the Airflow connection 'prom' cannot be read (RuntimeError)"


def test_a_login_that_makes_no_header_is_an_error(serve: Callable[..., Any]) -> None:
    script = serve(body=answer("1"))

    async def resolver(_: str) -> Any:
        return SimpleNamespace(
            host="127.0.0.1", schema="http", port=script.port, login="", password="a\r\nb", extra_dejson={}
        )

    got = measured({"connection": "prom"}, resolver=resolver)[0]
    assert got.error == "Prometheus: a header of the Airflow connection is not valid"


def test_settings_without_an_address_are_refused() -> None:
    with pytest.raises(ValueError, match="url or connection"):
        PrometheusProvider({})
