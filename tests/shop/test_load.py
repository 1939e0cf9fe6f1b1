"""The load generator: an honest count, also of what went wrong."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from shop.load.journeys import journeys, requests_per_journey
from shop.load.report import Report, read_report, read_summary
from shop.load.tally import Sample, Tally

INCLUDE = Path(__file__).resolve().parents[2] / "include"
Load = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Starts load generators that report to ``tmp_path/load.jsonl``, and ends them."""
    started: list[subprocess.Popen[bytes]] = []

    def start(address: str, *arguments: str) -> subprocess.Popen[bytes]:
        report = str(tmp_path / "load.jsonl")
        command = [sys.executable, "-m", "shop.load", "--address", address, "--report", report, *arguments]
        started.append(subprocess.Popen(command, cwd=INCLUDE))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def written(tmp_path: Path) -> list[dict[str, Any]]:
    path = tmp_path / "load.jsonl"
    return read_report(path) if path.exists() else []


def test_a_sound_shop_serves_every_request_and_the_summary_says_so(
    whole_shop: Any, load: Load, tmp_path: Path, eventually: Any
) -> None:
    process = load(whole_shop.replicas["frontend"].address, "--rate", "40")
    eventually("50 requests", lambda: any(line["requests_so_far"] > 50 for line in written(tmp_path)))
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=20) == 0
    summary = read_summary(tmp_path / "load.jsonl")
    assert summary is not None
    assert summary["requests"] > 50
    assert summary["served"] == summary["requests"]
    assert set(summary["routes"]) == {"GET /", "GET /product", "GET /cart", "POST /cart", "POST /checkout"}
    assert 0 < summary["p50"] <= summary["p95"]


def test_every_component_gets_requests(whole_shop: Any, load: Load, tmp_path: Path, eventually: Any) -> None:
    load(whole_shop.replicas["frontend"].address, "--rate", "40")
    eventually("30 requests", lambda: any(line["requests_so_far"] > 30 for line in written(tmp_path)))

    idle = [
        name
        for name, replica in whole_shop.replicas.items()
        if "shop_requests_total{" not in replica.get("/metrics").text
    ]

    assert idle == []


def test_failures_are_counted_and_blamed_on_the_component_where_they_begin(
    shop: Any, load: Load, tmp_path: Path, eventually: Any
) -> None:
    shop.start_all(faults={"recommendation": {"errorRate": 0.5}})
    process = load(shop.replicas["frontend"].address, "--rate", "40")
    eventually("failures", lambda: any(line["failed_so_far"] >= 5 for line in written(tmp_path)))
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=20)

    summary = read_summary(tmp_path / "load.jsonl")
    assert summary is not None
    assert summary["failed"] == summary["phases"]["load"]["failed"] >= 5
    assert set(summary["phases"]["load"]["blamed"]) == {"recommendation"}
    assert set(summary["routes"]["GET /product"]) == {"200", "502"}


def test_requests_are_counted_by_the_phase_in_which_they_were_sent(
    whole_shop: Any, load: Load, tmp_path: Path, eventually: Any
) -> None:
    phase = tmp_path / "phase"
    phase.write_text("calm\n")
    process = load(whole_shop.replicas["frontend"].address, "--rate", "40", "--phase-file", str(phase))
    eventually("a calm second", lambda: any(line["phase"] == "calm" for line in written(tmp_path)))
    phase.write_text("storm")
    eventually("a stormy second", lambda: [line["phase"] for line in written(tmp_path)].count("storm") >= 2)
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=20)

    summary = read_summary(tmp_path / "load.jsonl")
    assert summary is not None
    assert list(summary["phases"]) == ["calm", "storm"]
    assert sum(phase["requests"] for phase in summary["phases"].values()) == summary["requests"]


def test_a_shop_that_is_not_there_is_all_failures_and_no_crash(load: Load, tmp_path: Path, eventually: Any) -> None:
    process = load("127.0.0.1:1", "--rate", "40")
    eventually("failures", lambda: any(line["failed_so_far"] > 5 for line in written(tmp_path)))
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=20) == 0
    summary = read_summary(tmp_path / "load.jsonl")
    assert summary is not None
    assert (summary["served"], set(summary["routes"]["GET /"])) == (0, {"refused"})


def test_visitors_come_at_the_wanted_rate_however_slow_the_shop_is(
    shop: Any, load: Load, tmp_path: Path, eventually: Any
) -> None:
    frontend = shop.start("frontend", fault={"latency": 600})
    load(frontend.address, "--rate", "40")

    # Not one request is ever answered; a closed loop would have stopped after its first few.
    eventually("30 open connections", lambda: len(_open_files(frontend.process.pid)) > 30)
    frontend.process.kill()


def _open_files(pid: int) -> list[Path]:
    folder = Path(f"/proc/{pid}/fd")
    if not folder.exists():
        pytest.skip("needs /proc to count connections")
    return list(folder.iterdir())


def test_a_reader_never_sees_half_a_line(tmp_path: Path) -> None:
    path = tmp_path / "load.jsonl"
    path.write_text('{"kind": "second", "second": 1}\n{"kind": "sum')

    assert read_report(path) == [{"kind": "second", "second": 1}]
    assert read_summary(path) is None


def test_a_report_is_json_lines(tmp_path: Path) -> None:
    report = Report(tmp_path / "new" / "load.jsonl")
    report.write("second", {"second": 1.0})
    report.write("summary", {"requests": 3})
    report.close()

    lines = (tmp_path / "new" / "load.jsonl").read_text().splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["second", "summary"]


@pytest.mark.parametrize(
    ("status", "served"), [("200", True), ("201", True), ("404", False), ("502", False), ("timeout", False)]
)
def test_only_a_2xx_answer_counts_as_served(status: str, served: bool) -> None:
    assert Sample("p", "GET /", status, 0.1).served is served


def test_percentiles_are_of_the_nearest_rank() -> None:
    tally = Tally()
    for number in range(1, 101):
        tally.add(Sample("p", "GET /", "200", number / 100))

    assert (tally.summary()["p50"], tally.summary()["p95"]) == (0.5, 0.95)


def test_a_summary_of_nothing_has_no_percentiles() -> None:
    assert Tally().summary()["p95"] is None


def test_the_mix_is_half_buyers_and_no_two_visitors_share_a_cart() -> None:
    first = list(islice(journeys("x"), 20))

    assert [journey.kind for journey in first].count("buy") == 10
    assert len({journey.steps[0].path.split("&")[0] for journey in first}) == 20
    assert requests_per_journey() == 4
