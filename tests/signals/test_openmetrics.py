"""The scraping provider against real servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from convoy.gates import thresholds
from convoy.gates.measurement import Measurement
from convoy.gates.thresholds import MetricState
from convoy.gates.verdict import Verdict
from convoy.manifest.models.gates import MetricGate
from convoy.signals.base import Scope
from convoy.signals.openmetrics import OpenMetricsProvider
from convoy.targets.base import Endpoint

TEXT = {"Content-Type": "text/plain; version=0.0.4"}
RATIO = {
    "ratio": [{"counter": "requests_total", "where": {"code": "5.."}}, {"counter": "requests_total", "where": {}}],
}
GAUGE = {"gauge": {"gauge": "memory", "where": {}, "fold": "max"}}


def metric(scrape: dict[str, Any], **condition: Any) -> dict[str, Any]:
    return {
        "name": "errors",
        "query": None,
        "scrape": scrape,
        "interval": 1.0,
        "success_condition": condition or {"max": 0.05},
    }


def requests(good: int, bad: int) -> bytes:
    return f'requests_total{{code="200"}} {good}\nrequests_total{{code="500"}} {bad}\n'.encode()


class Asking:
    """Measures with one provider, again and again; ``between`` runs before every measurement after the first."""

    def __init__(self, *steps: Callable[[], Any], settings: dict[str, Any] | None = None) -> None:
        self.steps, self.settings = steps, settings or {}

    def measure(self, one: dict[str, Any], endpoints: Callable[[], list[Endpoint]]) -> list[Measurement]:
        async def run() -> list[Measurement]:
            provider = OpenMetricsProvider(self.settings)
            try:
                got = [await provider.measure(one, Scope("payment", "1.1.0", endpoints()))]
                for step in self.steps:
                    step()
                    got.append(await provider.measure(one, Scope("payment", "1.1.0", endpoints())))
            finally:
                await provider.aclose()
            return got

        return asyncio.run(run())


def becomes(script: Any, **changes: Any) -> Callable[[], None]:
    return lambda: script.__dict__.update(changes)


def test_the_first_scrape_of_a_counter_only_warms_up(serve: Callable[..., Any]) -> None:
    script = serve(body=requests(100, 0), headers=TEXT)
    got = Asking().measure(metric(RATIO), lambda: [script.endpoint()])[0]
    assert (got.value, got.error, got.inputs["warming"]) == (None, None, True)


def test_the_second_scrape_gives_the_value_between_the_two(serve: Callable[..., Any]) -> None:
    script = serve(body=requests(100, 50), headers=TEXT)
    got = Asking(becomes(script, body=requests(190, 60))).measure(metric(RATIO), lambda: [script.endpoint()])[1]
    assert got.value == 0.1
    assert "warming" not in got.inputs


def test_the_record_says_what_was_computed_over_which_replicas_and_time(serve: Callable[..., Any]) -> None:
    script = serve(body=requests(100, 0), headers=TEXT)
    got = Asking(lambda: None).measure(metric(RATIO), lambda: [script.endpoint()])[1]
    assert got.inputs["scrape"] == RATIO
    assert got.inputs["replicas"] == ["payment-1"]
    assert got.inputs["timeframe"]["seconds"] >= 0


def test_a_gauge_needs_no_second_scrape(serve: Callable[..., Any]) -> None:
    script = serve(body=b"memory 7\n", headers=TEXT)
    assert Asking().measure(metric(GAUGE), lambda: [script.endpoint()])[0].value == 7.0


def test_only_replicas_of_the_deployed_revision_are_measured(serve: Callable[..., Any]) -> None:
    new, old = serve(body=b"memory 7\n"), serve(body=b"memory 900\n")
    endpoints = [new.endpoint("a-2"), old.endpoint("a-1", "1.0.0", "old")]
    assert Asking().measure(metric(GAUGE), lambda: endpoints)[0].value == 7.0
    assert old.asked == []


def test_compare_measures_the_old_replicas_as_the_baseline(serve: Callable[..., Any]) -> None:
    new, old = serve(body=b"memory 7\n"), serve(body=b"memory 5\n")
    endpoints = [new.endpoint("a-2"), old.endpoint("a-1", "1.0.0", "old")]
    got = Asking().measure(metric(GAUGE, compare={"max_increase": 0.2}), lambda: endpoints)[0]
    assert (got.value, got.baseline) == (7.0, 5.0)


def test_compare_without_old_replicas_has_no_baseline(serve: Callable[..., Any]) -> None:
    new = serve(body=b"memory 7\n")
    got = Asking().measure(metric(GAUGE, compare={"max_increase": 0.2}), lambda: [new.endpoint()])[0]
    assert (got.value, got.baseline, got.error) == (7.0, None, None)


def test_a_replica_that_joins_between_two_scrapes_counts_from_the_next_one(serve: Callable[..., Any]) -> None:
    one, two = serve(body=requests(0, 0)), serve(body=requests(1000, 1000))
    endpoints = [one.endpoint("a-1")]

    def join() -> None:
        endpoints.append(two.endpoint("a-2"))
        one.body = requests(100, 0)

    assert Asking(join).measure(metric(RATIO), lambda: endpoints)[1].value == 0.0


def test_a_replica_that_came_back_elsewhere_is_another_replica(serve: Callable[..., Any]) -> None:
    one, two = serve(body=requests(0, 0)), serve(body=requests(1000, 1000))
    endpoints = [one.endpoint("a-1")]
    got = Asking(lambda: endpoints.__setitem__(0, two.endpoint("a-1"))).measure(metric(RATIO), lambda: endpoints)[1]
    assert (got.value, got.inputs["replicas_in_both_scrapes"]) == (None, 0)
    assert "warming" not in got.inputs


def test_one_unreachable_replica_is_an_error_that_names_it(serve: Callable[..., Any], nobody: int) -> None:
    well = serve(body=b"memory 7\n")
    endpoints = [well.endpoint("a-1"), replace(well.endpoint("a-2"), port=nobody)]
    got = Asking().measure(metric(GAUGE), lambda: endpoints)[0]
    assert (got.value, got.error) == (None, "cannot scrape a-2: cannot connect: Connection refused")


def test_all_replicas_unreachable_is_an_error(nobody: int) -> None:
    endpoints = [Endpoint(f"a-{n}", "127.0.0.1", nobody, "1", "new") for n in range(7)]
    error = Asking().measure(metric(GAUGE), lambda: endpoints)[0].error
    assert error is not None
    assert error.endswith("and 2 more")


@pytest.mark.parametrize("endpoints", [[], [Endpoint("a-1", "127.0.0.1", 1, "1.0.0", "old")]])
def test_no_replica_of_the_deployed_revision_is_an_error(endpoints: list[Endpoint]) -> None:
    assert "no replica" in (Asking().measure(metric(GAUGE), lambda: endpoints)[0].error or "")


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ({"status": 500}, "status 500 for /metrics"),
        ({"status": 302, "headers": {"Location": "/"}}, "status 302 for /metrics"),
        ({"body": b"<html>\n"}, "cannot be parsed"),
        ({"body": b"memory 7"}, "break off"),
        ({"behaviour": "hang up"}, "closed without an answer"),
        ({"behaviour": "break off"}, "broke off"),
        ({"behaviour": "garbage"}, "not HTTP"),
    ],
)
def test_a_scrape_that_is_no_metrics_is_an_error(serve: Callable[..., Any], script: dict[str, Any], error: str) -> None:
    told = serve(**{"body": b"memory 7\n", **script})
    got = Asking().measure(metric(GAUGE), lambda: [told.endpoint()])[0]
    assert got.value is None
    assert error in (got.error or "")


def test_a_replica_that_hangs_is_an_error_after_the_timeout(serve: Callable[..., Any]) -> None:
    told = serve(behaviour="hang")
    got = Asking(settings={"path": "/metrics", "timeout": 0.1}).measure(metric(GAUGE), lambda: [told.endpoint()])[0]
    assert got.error == "cannot scrape payment-1: no answer within 0.1 s"


def test_a_failed_scrape_loses_nothing_the_next_value_covers_it(serve: Callable[..., Any]) -> None:
    script = serve(body=requests(0, 0))
    steps = [becomes(script, status=500), becomes(script, status=200, body=requests(50, 50))]
    got = Asking(*steps).measure(metric(RATIO), lambda: [script.endpoint()])
    assert [m.value for m in got] == [None, None, 0.5]
    assert got[1].error is not None


def test_no_traffic_is_no_data(serve: Callable[..., Any]) -> None:
    script = serve(body=requests(7, 0))
    got = Asking(lambda: None).measure(metric(RATIO), lambda: [script.endpoint()])[1]
    assert (got.value, got.error) == (None, None)


def test_a_where_that_is_no_pattern_is_an_error(serve: Callable[..., Any]) -> None:
    script = serve(body=b'memory{a="1"} 7\n')
    scrape = {"gauge": {"gauge": "memory", "where": {"a": "("}, "fold": "max"}}
    assert "'('" in (Asking().measure(metric(scrape), lambda: [script.endpoint()])[0].error or "")


def test_histograms_that_cannot_be_added_up_are_an_error(serve: Callable[..., Any]) -> None:
    one = serve(body=b't_bucket{le="1"} 1\nt_bucket{le="+Inf"} 1\n')
    two = serve(body=b't_bucket{le="2"} 1\nt_bucket{le="+Inf"} 1\n')
    scrape = {"quantile": {"histogram": "t", "q": 0.5, "where": {}}}
    got = Asking(lambda: None).measure(metric(scrape), lambda: [one.endpoint("a"), two.endpoint("b")])[1]
    assert "different buckets" in (got.error or "")


@pytest.mark.parametrize("scrape", [None, {}, {"mode": {"counter": "x"}}])
def test_a_metric_that_is_not_for_this_provider_is_an_error(serve: Callable[..., Any], scrape: Any) -> None:
    script = serve(body=b"memory 7\n")
    got = Asking(lambda: None).measure(metric(scrape), lambda: [script.endpoint()])[1]
    assert got.error


def test_the_path_of_the_settings_is_scraped(serve: Callable[..., Any]) -> None:
    script = serve(body=b"memory 7\n")
    Asking(settings={"path": "/admin/metrics", "timeout": 5.0}).measure(metric(GAUGE), lambda: [script.endpoint()])
    assert [asked.path for asked in script.asked] == ["/admin/metrics"]


def test_openmetrics_is_understood_by_its_content_type(serve: Callable[..., Any]) -> None:
    script = serve(
        body=b"# TYPE memory gauge\nmemory 7.0\n# EOF\n",
        headers={"Content-Type": "application/openmetrics-text; version=1.0.0; charset=utf-8"},
    )
    assert Asking().measure(metric(GAUGE), lambda: [script.endpoint()])[0].value == 7.0


def test_a_gate_from_a_manifest_fails_on_the_first_bad_interval(serve: Callable[..., Any]) -> None:
    """Model, provider and fold together, as the trigger uses them."""
    model = MetricGate.model_validate(
        {
            "name": "error-rate",
            "count": 3,
            "scrape": {
                "ratio": [{"counter": "requests_total", "where": {"code": "5.."}}, {"counter": "requests_total"}]
            },
            "successCondition": {"max": 0.05},
        }
    ).model_dump(mode="json")
    script = serve(body=requests(0, 0))
    steps = [becomes(script, body=requests(100, 0)), becomes(script, body=requests(150, 50))]
    state = MetricState()
    seen = []
    for measurement in Asking(*steps).measure(model, lambda: [script.endpoint()]):
        state = thresholds.observe(model, state, measurement)
        seen.append(thresholds.assess(model, state).verdict)
    assert seen == [None, None, Verdict.FAILED]
