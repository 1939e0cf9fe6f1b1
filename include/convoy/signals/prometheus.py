"""PromQL instant queries against a Prometheus server, or anything that speaks its query API."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aiohttp

from convoy.gates.measurement import Measurement
from convoy.gates.settings import seconds
from convoy.manifest.models.base import format_duration
from convoy.signals.base import Scope
from convoy.signals.http import UNREACHABLE, explain, new_session, now, read_body
from convoy.signals.prometheus_address import (
    Address,
    AddressError,
    Resolver,
    airflow_connection,
    from_connection,
    from_url,
)
from convoy.signals.prometheus_answer import Answer, AnswerError, read_answer
from convoy.signals.promql import TemplateError, fill

DEFAULT_TIMEOUT = 10.0
"""Seconds for one query, where the environment says nothing."""


class PrometheusProvider:
    """Answers metrics that have a ``query``.

    ``settings`` is PrometheusSignals as JSON. Credentials come from an Airflow connection only, are looked up at the
    first query and again after the server refused them, and never reach a measurement.
    Raises ValueError where the settings name neither ``url`` nor ``connection``.
    """

    def __init__(self, settings: Mapping[str, Any], *, resolver: Resolver = airflow_connection) -> None:
        self._url: str | None = settings.get("url")
        self._connection: str | None = settings.get("connection")
        if self._url is None and self._connection is None:
            raise ValueError("the environment's signals.prometheus needs url or connection")
        self._timeout = seconds(settings, "timeout") if settings.get("timeout") is not None else DEFAULT_TIMEOUT
        self._resolver = resolver
        self._address: Address | None = None
        self._session: aiohttp.ClientSession | None = None

    async def measure(self, metric: dict[str, Any], scope: Scope) -> Measurement:
        """One measurement: the query, and beside it the baseline's query where the metric compares."""
        inputs: dict[str, Any] = {"provider": "prometheus", "component": scope.component, "version": scope.version}
        compare = metric["success_condition"].get("compare") or {}
        try:
            queries = [_filled(metric["query"], metric, scope, "new")]
            if compare.get("baseline_query") is not None:
                queries.append(_filled(compare["baseline_query"], metric, scope, "old"))
        except ValueError as error:
            return Measurement(at=now(), error=str(error), inputs={**inputs, "query": metric["query"]})
        inputs.update(zip(("query", "baseline_query"), queries, strict=False))
        try:
            address = await self._find()
        except AddressError as error:
            return Measurement(at=now(), error=str(error), inputs=inputs)
        inputs["server"] = str(address.base)
        answers = await asyncio.gather(*(self._ask(address, query) for query in queries))
        problems = [
            f"{prefix}{answer}"
            for prefix, answer in zip(("", "baseline: "), answers, strict=False)
            if isinstance(answer, str)
        ]
        if problems:
            return Measurement(at=now(), error="; ".join(problems), inputs=inputs)
        return _measured(inputs, metric, [answer for answer in answers if isinstance(answer, Answer)])

    async def aclose(self) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _find(self) -> Address:
        """The address, looked up once. Raises AddressError."""
        if self._address is None:
            if self._connection is None:
                self._address = from_url(self._url or "")
            else:
                self._address = from_connection(await self._resolve(self._connection), self._connection, self._url)
        return self._address

    async def _resolve(self, connection_id: str) -> Any:
        try:
            return await self._resolver(connection_id)
        except Exception as error:
            # Secret backends raise what they like, and their texts may quote what they read.
            raise AddressError(
                f"the Airflow connection {connection_id!r} cannot be read ({type(error).__name__})"
            ) from error

    async def _ask(self, address: Address, query: str) -> Answer | str:
        """The answer, or a clause that says why there is none."""
        if self._session is None:
            self._session = new_session()
        try:
            async with self._session.post(
                address.base / "api/v1/query",
                data={"query": query, "timeout": format_duration(self._timeout)},
                headers=address.headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self._timeout),
            ) as response:
                status, body = response.status, await read_body(response)
        except UNREACHABLE as error:
            return f"Prometheus: {explain(error, self._timeout)}"
        except ValueError:
            return "Prometheus: a header of the Airflow connection is not valid"
        if status in (401, 403):
            self._address = None
            return f"Prometheus refused the login: status {status}"
        try:
            answer = read_answer(status, body)
        except AnswerError as error:
            return f"Prometheus: {address.without_secrets(str(error))}"
        return replace(answer, warnings=tuple(address.without_secrets(text) for text in answer.warnings))


def _filled(query: Any, metric: Mapping[str, Any], scope: Scope, revision: str) -> str:
    if not isinstance(query, str):
        raise TemplateError("the metric has no query; it is for another provider")
    interval = format_duration(seconds(metric, "interval"))
    return fill(
        query,
        {"component": scope.component, "version": scope.version, "revision": revision, "interval": interval},
    )


def _measured(inputs: dict[str, Any], metric: Mapping[str, Any], answers: list[Answer]) -> Measurement:
    value = answers[0]
    baseline = answers[1] if len(answers) > 1 else None
    inputs["timeframe"] = {"server_time": value.at, "interval": seconds(metric, "interval")}
    if baseline is not None:
        inputs["timeframe"]["baseline_server_time"] = baseline.at
    warnings = [warning for answer in answers for warning in answer.warnings]
    if warnings:
        inputs["warnings"] = warnings
    return Measurement(at=now(), value=value.value, baseline=baseline.value if baseline else None, inputs=inputs)
