"""The metrics, as a Prometheus would read them."""

from __future__ import annotations

from typing import Any

import pytest

from shop.metrics import Metrics

parser = pytest.importorskip("prometheus_client.parser", reason="prometheus-client is not installed")


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_code(shop: Any) -> None:
    catalog = shop.start("catalog", "1.1.0")
    for path in ("/v1/products/mug", "/v1/products/clock", "/v1/products/none", "/v1/nothing"):
        catalog.get(path)

    found = samples(catalog.get("/metrics").text)

    def count(route: str, code: str) -> float:
        labels = {"component": "catalog", "version": "1.1.0", "route": route, "code": code}
        return found["shop_requests_total", tuple(sorted(labels.items()))]

    assert count("/v1/products/{id}", "200") == 2
    assert count("/v1/products/{id}", "404") == 1
    assert count("unmatched", "404") == 1


def test_health_checks_and_scrapes_are_not_counted(shop: Any) -> None:
    currency = shop.start("currency")
    currency.get("/healthz")
    currency.get("/metrics")

    assert not [name for name, _ in samples(currency.get("/metrics").text) if name == "shop_requests_total"]


def test_the_buckets_of_the_histogram_are_cumulative_and_end_with_the_count() -> None:
    metrics = Metrics("cart", "1.0.0")
    for seconds in (0.001, 0.005, 0.3, 99.0):
        metrics.observe("/v1/x", 200, seconds)

    found = samples(metrics.to_text())
    buckets = {
        dict(labels)["le"]: value
        for (name, labels), value in found.items()
        if name == "shop_request_duration_seconds_bucket"
    }

    assert (buckets["0.005"], buckets["0.25"], buckets["0.5"], buckets["10.0"], buckets["+Inf"]) == (2, 2, 3, 3, 4)
    count = next(value for (name, _), value in found.items() if name == "shop_request_duration_seconds_count")
    assert count == 4


def test_the_memory_of_the_process_is_told_in_bytes() -> None:
    found = samples(Metrics("cart", "1.0.0").to_text())

    assert 1_000_000 < next(v for (name, _), v in found.items() if name == "shop_process_memory_bytes") < 10**10
