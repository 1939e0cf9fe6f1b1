"""Scraping the replicas themselves: numbers without a metrics server.

Counters and histograms need two scrapes. The first one of a metric has no value: the measurement says ``warming`` in
its inputs, and the gate counts it for nothing. From then on each measurement covers the time since the last complete
scrape.

A replica that cannot be scraped makes the measurement an error that names it. Leaving it out would judge the release by
the replicas that are well.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from convoy.gates.measurement import Measurement
from convoy.gates.settings import seconds
from convoy.signals import series
from convoy.signals.base import Scope
from convoy.signals.exposition import Exposition, ExpositionError, parse
from convoy.signals.http import AT_ONCE, UNREACHABLE, address, explain, new_session, now, read_body
from convoy.signals.series import Window
from convoy.targets.base import Endpoint

ACCEPT = "text/plain;version=0.0.4;q=1.0,application/openmetrics-text;version=1.0.0;q=0.8,*/*;q=0.1"
NAMED = 5


@dataclass(frozen=True)
class Scrape:
    """One replica's metrics, and when they were read, by the monotonic clock of this process."""

    exposition: Exposition
    at: float


@dataclass(frozen=True)
class Failure:
    """Why a replica could not be scraped."""

    replica: str
    reason: str


class OpenMetricsProvider:
    """Answers metrics that have a ``scrape``, over the replicas of the deployed revision.

    Where the metric compares, its baseline is the same over the replicas of the revision before. ``settings`` is
    OpenMetricsSignals as JSON. Keeps the latest scrape per component, version and metric: use one provider per gate.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._path: str = settings.get("path") or "/metrics"
        self._timeout = seconds(settings, "timeout") if settings.get("timeout") is not None else 5.0
        self._latest: dict[tuple[str, str, str], dict[Endpoint, Scrape]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._slots: asyncio.Semaphore | None = None

    async def measure(self, metric: dict[str, Any], scope: Scope) -> Measurement:
        """One measurement."""
        inputs: dict[str, Any] = {"provider": "openmetrics", "component": scope.component, "version": scope.version}
        wanted = {kind: query for kind, query in (metric.get("scrape") or {}).items() if query is not None}
        if len(wanted) != 1:
            return Measurement(at=now(), error="the metric has no scrape; it is for another provider", inputs=inputs)
        kind, query = next(iter(wanted.items()))
        inputs["scrape"] = {kind: query}
        revisions = ["new"]
        if metric["success_condition"].get("compare") is not None:
            revisions.append("old")
        endpoints = [endpoint for endpoint in scope.endpoints if endpoint.revision in revisions]
        inputs["replicas"] = [endpoint.replica for endpoint in endpoints]
        if not any(endpoint.revision == "new" for endpoint in endpoints):
            return Measurement(at=now(), error="there is no replica of the deployed revision to scrape", inputs=inputs)
        scraped = await asyncio.gather(*(self._scrape(endpoint) for endpoint in endpoints))
        failures = [found for found in scraped if isinstance(found, Failure)]
        if failures:
            return Measurement(at=now(), error=_named(failures), inputs=inputs)
        latest = {
            endpoint: found for endpoint, found in zip(endpoints, scraped, strict=True) if isinstance(found, Scrape)
        }
        key = (scope.component, scope.version, metric["name"])
        before, self._latest[key] = self._latest.get(key), latest
        try:
            return _computed(kind, query, before, latest, inputs)
        except re.error as error:
            return Measurement(
                at=now(), error=f"where has {error.pattern!r}, which is no pattern: {error}", inputs=inputs
            )
        except ValueError as error:
            return Measurement(at=now(), error=str(error), inputs=inputs)

    async def aclose(self) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _scrape(self, endpoint: Endpoint) -> Scrape | Failure:
        if self._session is None or self._slots is None:
            self._session, self._slots = new_session(), asyncio.Semaphore(AT_ONCE)
        async with self._slots:
            try:
                async with self._session.get(
                    address(endpoint.host, endpoint.port, self._path),
                    headers={"Accept": ACCEPT},
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=self._timeout),
                ) as response:
                    # The replica writes its numbers about when it begins to answer.
                    at = time.monotonic()
                    status, content_type = response.status, response.headers.get("Content-Type", "")
                    body = await read_body(response)
            except UNREACHABLE as error:
                return Failure(endpoint.replica, explain(error, self._timeout))
        if status != 200:
            return Failure(endpoint.replica, f"status {status} for {self._path}")
        try:
            # Some milliseconds for each thousand series, in which the triggerer's other gates go on.
            return Scrape(await asyncio.to_thread(parse, body, content_type), at)
        except ExpositionError as error:
            return Failure(endpoint.replica, str(error))


def _computed(
    kind: str,
    query: Any,
    before: Mapping[Endpoint, Scrape] | None,
    latest: Mapping[Endpoint, Scrape],
    inputs: dict[str, Any],
) -> Measurement:
    """Value and baseline. Raises ValueError where the metrics or the query cannot be computed with."""
    values: dict[str, float | None] = {}
    for revision in ("new", "old"):
        mine = {endpoint: scrape for endpoint, scrape in latest.items() if endpoint.revision == revision}
        if kind == "gauge":
            values[revision] = series.gauge([scrape.exposition for scrape in mine.values()], query)
            continue
        windows = _windows(before or {}, mine)
        values[revision] = _over(kind, windows, query) if windows else None
        if revision == "new":
            inputs["timeframe"] = {"seconds": round(max((window.seconds for window in windows), default=0.0), 3)}
            inputs["replicas_in_both_scrapes"] = len(windows)
    if kind != "gauge" and before is None:
        inputs["warming"] = True
    return Measurement(at=now(), value=values["new"], baseline=values["old"], inputs=inputs)


def _over(kind: str, windows: Sequence[Window], query: Any) -> float | None:
    if kind == "rate":
        return series.rate(windows, query)
    if kind == "ratio":
        return series.ratio(windows, query)
    if kind == "quantile":
        return series.quantile(windows, query)
    raise ValueError(f"a scrape cannot compute {kind!r}; it knows rate, ratio, gauge and quantile")


def _windows(before: Mapping[Endpoint, Scrape], latest: Mapping[Endpoint, Scrape]) -> list[Window]:
    """Pairs of scrapes of the replicas that are in both: same name, address and version."""
    return [
        Window(before[endpoint].exposition, scrape.exposition, scrape.at - before[endpoint].at)
        for endpoint, scrape in latest.items()
        if endpoint in before
    ]


def _named(failures: Sequence[Failure]) -> str:
    named = [f"{failure.replica}: {failure.reason}" for failure in failures[:NAMED]]
    more = [f"and {len(failures) - NAMED} more"] if len(failures) > NAMED else []
    return f"cannot scrape {'; '.join([*named, *more])}"
