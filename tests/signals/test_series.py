"""The arithmetic of scraped series."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.signals.exposition import Exposition, parse
from convoy.signals.series import Window, gauge, histogram_quantile, quantile, rate, ratio

INF = math.inf


def exposed(text: str) -> Exposition:
    return parse("".join(f"{line.strip()}\n" for line in text.strip().splitlines()).encode(), "text/plain")


def window(before: str, after: str, seconds: float = 10.0) -> Window:
    return Window(exposed(before), exposed(after), seconds)


def counter(name: str = "requests_total", **where: str) -> dict[str, Any]:
    return {"counter": name, "where": where}


def test_a_rate_is_the_increase_per_second() -> None:
    assert rate([window("requests_total 100", "requests_total 150")], counter()) == 5.0


def test_rates_of_series_and_replicas_add_up() -> None:
    one = window(
        'requests_total{a="1"} 0\nrequests_total{a="2"} 5', 'requests_total{a="1"} 10\nrequests_total{a="2"} 15'
    )
    two = window('requests_total{a="1"} 0', 'requests_total{a="1"} 40', seconds=20.0)
    assert rate([one, two], counter()) == 4.0


def test_where_selects_series_by_a_whole_match() -> None:
    after = 'requests_total{code="500"} 10\nrequests_total{code="1500"} 70\nrequests_total{code="200"} 90'
    got = rate([window('requests_total{code="200"} 0', after)], counter(code="5.."))
    assert got == 1.0


def test_a_missing_label_is_an_empty_one() -> None:
    assert rate([window("requests_total 0", "requests_total 10")], counter(canary="")) == 1.0


def test_a_series_that_appears_counts_from_zero() -> None:
    before, after = 'requests_total{code="200"} 90', 'requests_total{code="200"} 90\nrequests_total{code="500"} 10'
    assert rate([window(before, after)], counter(code="500")) == 1.0


def test_a_counter_that_fell_counts_from_zero() -> None:
    assert rate([window("requests_total 1000", "requests_total 20")], counter()) == 2.0


def test_a_restart_resets_all_counters_of_the_replica_even_those_that_did_not_fall() -> None:
    before = "requests_total 1000\nerrors_total 5"
    after = "requests_total 100\nerrors_total 6"
    assert ratio([window(before, after)], [counter("errors_total"), counter()]) == 0.06


def test_another_process_start_time_resets_all_counters() -> None:
    before = "requests_total 10\nprocess_start_time_seconds 1"
    after = "requests_total 50\nprocess_start_time_seconds 2"
    assert rate([window(before, after)], counter()) == 5.0


def test_a_ratio_is_of_the_sums_and_not_a_mean_of_ratios() -> None:
    busy = window("requests_total 0\nerrors_total 0", "requests_total 900\nerrors_total 0")
    idle = window("requests_total 0\nerrors_total 0", "requests_total 100\nerrors_total 100")
    assert ratio([busy, idle], [counter("errors_total"), counter()]) == 0.1


def test_no_errors_are_a_ratio_of_zero_though_no_error_series_exists() -> None:
    only_good = window('requests_total{code="200"} 0', 'requests_total{code="200"} 50')
    assert ratio([only_good], [counter(code="5.."), counter()]) == 0.0


def test_an_announced_counter_without_series_did_not_increase() -> None:
    after = "# TYPE errors_total counter\n# TYPE requests_total counter\nrequests_total 50"
    assert ratio([window("requests_total 0", after)], [counter("errors_total", kind="x"), counter()]) == 0.0


@pytest.mark.parametrize(
    "numerator", [counter("erors_total"), counter("requests_total", cod="5.."), counter("nothing", code="5..")]
)
def test_a_misspelt_counter_or_label_is_no_data_and_not_zero_errors(numerator: dict[str, Any]) -> None:
    only_good = window('requests_total{code="200"} 0', 'requests_total{code="200"} 50')
    assert ratio([only_good], [numerator, counter()]) is None
    assert rate([only_good], numerator) is None


def test_a_ratio_over_no_requests_is_no_data() -> None:
    assert ratio([window("requests_total 7", "requests_total 7")], [counter(), counter()]) is None


def test_nothing_to_measure_is_no_data() -> None:
    assert rate([], counter()) is None
    assert ratio([], [counter(), counter()]) is None
    assert gauge([], {"gauge": "x", "where": {}}) is None
    assert quantile([], {"histogram": "x", "q": 0.5, "where": {}}) is None


def test_no_time_between_scrapes_is_no_rate() -> None:
    assert rate([window("requests_total 1", "requests_total 2", seconds=0.0)], counter()) is None


@pytest.mark.parametrize(("fold", "value"), [("max", 9.0), ("min", 1.0), ("sum", 15.0), ("avg", 5.0), (None, 9.0)])
def test_gauges_of_all_replicas_fold_into_one_number(fold: str | None, value: float) -> None:
    replicas = [exposed('memory{a="1"} 1\nmemory{a="2"} 5'), exposed('memory{a="1"} 9\nother 100')]
    assert gauge(replicas, {"gauge": "memory", "where": {}, "fold": fold}) == value


@pytest.mark.parametrize("fold", ["max", "min", "sum", "avg"])
@pytest.mark.parametrize("order", [["memory NaN", "memory 1"], ["memory 1", "memory NaN"]])
def test_one_nan_makes_the_whole_gauge_nan(fold: str, order: list[str]) -> None:
    got = gauge([exposed(text) for text in order], {"gauge": "memory", "where": {}, "fold": fold})
    assert got is not None
    assert math.isnan(got)


def test_an_unknown_fold_is_an_error() -> None:
    with pytest.raises(ValueError, match="median"):
        gauge([exposed("memory 1")], {"gauge": "memory", "where": {}, "fold": "median"})


BUCKETS = [(0.1, 10.0), (0.5, 90.0), (1.0, 99.0), (INF, 100.0)]


@pytest.mark.parametrize(
    ("q", "value"),
    [(0.05, 0.05), (0.1, 0.1), (0.5, 0.3), (0.9, 0.5), (0.95, 0.5 + 0.5 * 5 / 9), (0.99, 1.0), (0.995, INF)],
)
def test_a_quantile_is_interpolated_in_its_bucket_and_infinite_beyond_the_last(q: float, value: float) -> None:
    assert histogram_quantile(q, dict(BUCKETS)) == pytest.approx(value)


def test_a_first_bucket_at_or_below_zero_is_its_bound() -> None:
    assert histogram_quantile(0.5, {-1.0: 10.0, 0.0: 10.0, INF: 10.0}) == -1.0


def test_a_histogram_without_observations_is_no_data() -> None:
    assert histogram_quantile(0.5, {1.0: 0.0, INF: 0.0}) is None


def test_a_histogram_with_a_nan_is_nan() -> None:
    got = histogram_quantile(0.5, {1.0: math.nan, INF: 5.0})
    assert got is not None
    assert math.isnan(got)


@pytest.mark.parametrize("buckets", [{1.0: 5.0}, {INF: 5.0}, {1.0: 5.0, 2.0: 6.0}])
def test_a_histogram_without_an_end_is_an_error(buckets: dict[float, float]) -> None:
    with pytest.raises(ValueError, match=r"\+Inf"):
        histogram_quantile(0.5, buckets)


def histogram(name: str, counts: dict[str, int], labels: str = "") -> str:
    return "\n".join(f'{name}_bucket{{{labels}le="{le}"}} {count}' for le, count in counts.items())


def test_a_quantile_covers_what_all_replicas_observed_between_the_scrapes() -> None:
    old = histogram("t", {"1": 1000, "2": 1000, "+Inf": 1000})
    one = window(old, histogram("t", {"1": 1010, "2": 1010, "+Inf": 1010}))
    two = window(old, histogram("t", {"1": 1000, "2": 1010, "+Inf": 1010}))
    assert quantile([one, two], {"histogram": "t", "q": 0.75, "where": {}}) == 1.5


def test_a_quantile_of_a_restarted_replica_counts_from_zero() -> None:
    restarted = window(histogram("t", {"1": 9, "2": 100, "+Inf": 100}), histogram("t", {"1": 10, "2": 10, "+Inf": 10}))
    assert quantile([restarted], {"histogram": "t", "q": 0.5, "where": {}}) == 0.5


def test_a_quantile_respects_where() -> None:
    after = "\n".join(
        [
            histogram("t", {"1": 10, "2": 10, "+Inf": 10}, 'path="/a",'),
            histogram("t", {"1": 0, "2": 10, "+Inf": 10}, 'path="/b",'),
        ]
    )
    got = quantile([window("other 1", after)], {"histogram": "t", "q": 0.5, "where": {"path": "/b"}})
    assert got == 1.5


def test_histograms_with_different_buckets_cannot_be_added_up() -> None:
    one = window("x 1", histogram("t", {"1": 10, "+Inf": 10}))
    two = window("x 1", histogram("t", {"2": 10, "+Inf": 10}))
    with pytest.raises(ValueError, match="different buckets"):
        quantile([one, two], {"histogram": "t", "q": 0.5, "where": {}})


def test_a_bucket_without_a_bound_is_an_error() -> None:
    with pytest.raises(ValueError, match="le=None"):
        quantile([window("x 1", "t_bucket 5")], {"histogram": "t", "q": 0.5, "where": {}})


def test_a_histogram_that_is_not_exposed_is_no_data() -> None:
    assert quantile([window("x 1", "x 2")], {"histogram": "t", "q": 0.5, "where": {}}) is None


counts = st.lists(st.integers(0, 1000), min_size=1, max_size=6)


@settings(deadline=None)
@given(counts, st.floats(0.01, 0.99))
def test_a_quantile_lies_in_the_bucket_that_holds_its_rank(steps: list[int], q: float) -> None:
    bounds = [float(n + 1) for n in range(len(steps) - 1)] + [INF]
    totals = [float(sum(steps[: n + 1])) for n in range(len(steps))]
    if len(bounds) < 2 or not totals[-1]:
        return
    got = histogram_quantile(q, dict(zip(bounds, totals, strict=True)))
    assert got is not None
    holder = next(n for n, total in enumerate(totals) if total >= q * totals[-1])
    assert (bounds[holder - 1] if holder else 0.0) <= got <= bounds[holder]


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=2), st.floats(0.1, 100.0))
def test_a_rate_is_never_negative(values: list[int], seconds: float) -> None:
    got = rate([window(f"requests_total {values[0]}", f"requests_total {values[1]}", seconds)], counter())
    assert got is not None
    assert got >= 0
