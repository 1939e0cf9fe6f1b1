"""The providers against a real Prometheus that scrapes a real exporter once a second."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from convoy.gates.measurement import Measurement
from convoy.signals.base import Scope
from convoy.signals.exposition import parse
from convoy.signals.prometheus import PrometheusProvider
from convoy.signals.series import histogram_quantile

DEADLINE = 60.0
COUNTS = {"0.05": 120, "0.1": 400, "0.25": 730, "0.5": 910, "1.0": 985, "+Inf": 1000}
LABELS = 'component="payment",version="1.10.0+b2",revision="new"'


class _Exporter(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        lines = [
            "# TYPE requests_total counter",
            f"requests_total{{{LABELS}}} {int(time.monotonic() * 100)}",
            f'requests_total{{component="payment",version="1x10.0+b2",revision="old"}} {int(time.monotonic() * 100)}',
            "# TYPE broken gauge",
            f"broken{{{LABELS}}} NaN",
            "# TYPE latency_seconds histogram",
            *(f'latency_seconds_bucket{{{LABELS},le="{le}"}} {count}' for le, count in COUNTS.items()),
            f"latency_seconds_count{{{LABELS}}} 1000",
            f"latency_seconds_sum{{{LABELS}}} 250",
        ]
        body = ("\n".join(lines) + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that has seen the exporter at least three times."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip(
            "NOT TESTED against a real Prometheus: no program `prometheus`; scripts/install-test-packages.sh gets it"
        )
    exporter = ThreadingHTTPServer(("127.0.0.1", 0), _Exporter)
    thread = threading.Thread(target=exporter.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    folder = tmp_path_factory.mktemp("prometheus")
    try:
        yield from _running(program, folder, exporter.server_address[1])
    finally:
        exporter.shutdown()
        exporter.server_close()
        thread.join()


def _running(program: str, folder: Path, exporter_port: int) -> Iterator[str]:
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s}\n"
        "scrape_configs:\n"
        f"- {{job_name: exporter, static_configs: [{{targets: ['127.0.0.1:{exporter_port}']}}]}}\n"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "GOMAXPROCS": "1"},
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _until_scraped(url, process, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until_scraped(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"Prometheus ended with {process.returncode}:\n{log.read_text()[-2000:]}")
        with suppress(OSError, ValueError, LookupError):
            query = "min(count_over_time(requests_total[1m]))"
            with urllib.request.urlopen(f"{url}/api/v1/query?query={query}", timeout=5) as response:
                if float(json.load(response)["data"]["result"][0]["value"][1]) >= 3:
                    return
        time.sleep(0.1)
    pytest.fail(f"Prometheus has not scraped within {DEADLINE:g} s:\n{log.read_text()[-2000:]}")


@pytest.fixture
def ask(prometheus: str) -> Callable[..., Measurement]:
    def measure(query: str, baseline: str | None = None) -> Measurement:
        compare = {"max_increase": 0.1, "baseline_query": baseline} if baseline else None
        metric = {"name": "m", "query": query, "interval": 10.0, "success_condition": {"max": 1.0, "compare": compare}}

        async def run() -> Measurement:
            provider = PrometheusProvider({"url": prometheus, "timeout": 20.0})
            try:
                return await provider.measure(metric, Scope("payment", "1.10.0+b2", ()))
            finally:
                await provider.aclose()

        return asyncio.run(run())

    return measure


def test_a_rate_over_the_interval_is_a_number_at_the_servers_time(ask: Callable[..., Measurement]) -> None:
    got = ask('sum(rate(requests_total{component="$component",version="$version"}[$interval]))')
    assert got.error is None
    assert got.value is not None
    assert got.value > 0
    assert got.inputs["timeframe"]["server_time"].endswith("+00:00")


def test_a_version_in_a_regular_expression_matches_itself_only(ask: Callable[..., Measurement]) -> None:
    """1.10.0+b2 must not match 1x10.0+b2, and its plus sign must be no quantifier."""
    for quote in "\"'`":
        got = ask(f"count(requests_total{{version=~{quote}$version{quote}}})")
        assert (got.value, got.error) == (1.0, None)
    assert ask("count(requests_total)").value == 2.0


def test_the_baseline_is_the_old_revision(ask: Callable[..., Measurement]) -> None:
    query = 'count(requests_total{revision="$revision"})'
    got = ask(query, query + " * 0.5")
    assert (got.value, got.baseline, got.error) == (1.0, 0.5, None)


def test_a_scalar_is_a_number(ask: Callable[..., Measurement]) -> None:
    assert ask("scalar(count(requests_total))").value == 2.0


def test_no_series_is_no_data(ask: Callable[..., Measurement]) -> None:
    got = ask('requests_total{component="nobody"}')
    assert (got.value, got.error) == (None, None)


def test_nan_arrives_as_nan(ask: Callable[..., Measurement]) -> None:
    got = ask("broken")
    assert got.value is not None
    assert got.value != got.value


def test_several_series_are_an_error_that_says_how_many(ask: Callable[..., Measurement]) -> None:
    assert "2 series; aggregate" in (ask("requests_total").error or "")


def test_a_range_is_an_error_that_says_what_is_wanted(ask: Callable[..., Measurement]) -> None:
    assert "matrix" in (ask("requests_total[1m]").error or "")


def test_a_query_with_a_mistake_is_an_error_in_the_servers_words(ask: Callable[..., Measurement]) -> None:
    assert "bad_data" in (ask("sum(").error or "")


@pytest.mark.parametrize("q", [0.01, 0.12, 0.5, 0.9, 0.95, 0.985])
def test_our_quantile_is_the_one_that_promql_computes(ask: Callable[..., Measurement], q: float) -> None:
    theirs = ask(f"histogram_quantile({q}, sum by (le) (latency_seconds_bucket))").value
    ours = histogram_quantile(q, {float(le): float(count) for le, count in COUNTS.items()})
    assert ours == pytest.approx(theirs)


def test_prometheus_own_metrics_can_be_scraped(prometheus: str) -> None:
    """A large exposition of another program, in the format that it prefers."""
    for accept in ("text/plain;version=0.0.4", "application/openmetrics-text;version=1.0.0"):
        request = urllib.request.Request(f"{prometheus}/metrics", headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=20) as response:
            got: Any = parse(response.read(), response.headers["Content-Type"])
        assert len(got.series["prometheus_http_requests_total"]) >= 1
