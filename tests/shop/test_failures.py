"""Faults by version, and how a failure travels from the service where it begins to the visitor."""

from __future__ import annotations

from typing import Any

from shop.contracts import offered, spoken


def test_an_error_rate_fails_exactly_that_share_of_the_requests(shop: Any) -> None:
    catalog = shop.start("catalog", fault={"errorRate": 0.4})

    statuses = [catalog.get("/v1/products").status for _ in range(20)]

    assert statuses.count(500) == 8


def test_a_version_with_an_error_rate_still_looks_healthy(shop: Any) -> None:
    catalog = shop.start("catalog", fault={"errorRate": 1})

    assert catalog.get("/healthz").status == 200
    assert catalog.get("/v1/products").status == 500


def test_latency_delays_requests_and_not_health_checks(shop: Any) -> None:
    currency = shop.start("currency", fault={"latency": 0.4})

    currency.get("/healthz")
    currency.get("/v1/currencies")

    labels = 'component="currency",version="1.0.0",route="/v1/currencies"'
    metrics = currency.get("/metrics").text
    assert f'shop_request_duration_seconds_bucket{{{labels},le="0.25"}} 0' in metrics
    assert f'shop_request_duration_seconds_bucket{{{labels},le="+Inf"}} 1' in metrics


def test_a_crash_at_start_ends_the_process_with_1_before_it_listens(shop: Any) -> None:
    replica = shop.spawn("email", fault={"crashAtStart": True})

    assert replica.process.wait(timeout=20) == 1
    assert "crashes at start on purpose" in replica.log.read_text()
    assert "listening" not in replica.log.read_text()


def test_a_slow_start_listens_later_and_can_be_ended_before(shop: Any, eventually: Any) -> None:
    replica = shop.spawn("email", fault={"slowStart": 600})
    eventually("the announcement", lambda: "starts slowly" in replica.log.read_text())

    assert replica.terminate() == 0
    assert "listening" not in replica.log.read_text()


def test_a_short_slow_start_ends_in_a_service_that_works(shop: Any) -> None:
    assert shop.start("email", fault={"slowStart": 0.3}).get("/healthz").status == 200


def test_memory_growth_shows_in_the_metrics(shop: Any) -> None:
    currency = shop.start("currency", fault={"memoryGrowth": 5_000_000})

    def used() -> float:
        lines = currency.get("/metrics").text.splitlines()
        return float(next(line for line in lines if line.startswith("shop_process_memory_bytes{")).split()[-1])

    before = used()
    for _ in range(4):
        currency.get("/v1/currencies")

    assert used() - before > 15_000_000


def test_a_failure_travels_as_502_and_names_where_it_began(shop: Any) -> None:
    shop.start_all(faults={"payment": {"errorRate": 1}})
    frontend = shop.replicas["frontend"]
    frontend.post("/cart", {"user": "ada", "product": "mug", "quantity": 1})

    reply = frontend.post(
        "/checkout",
        {"user": "ada", "currency": "EUR", "card": "4242424242424242", "email": "a@example.org", "address": "1 Quay"},
    )

    assert (reply.status, reply.json["dependency"]) == (502, "payment")
    assert reply.json["path"] == ["checkout", "payment"]


def test_a_dependency_that_is_gone_is_a_502_that_names_it(shop: Any) -> None:
    shop.start("catalog")
    recommendation = shop.start("recommendation")
    shop.replicas["catalog"].terminate()

    reply = recommendation.get("/v1/recommendations?products=mug")

    assert (reply.status, reply.json["dependency"]) == (502, "catalog")


def test_a_consumer_that_speaks_what_the_provider_does_not_offer_really_fails(shop: Any) -> None:
    shop.start("catalog", "1.0.0")

    reply = shop.start("recommendation", "1.2.0").get("/v2/recommendations?products=mug")

    assert (reply.status, reply.json["dependency"]) == (502, "catalog")
    assert "catalog 1.0.0 offers no /v2/products" in reply.json["error"]


def test_both_ends_of_an_added_interface_work_together(shop: Any) -> None:
    shop.start("catalog", "1.1.0")

    reply = shop.start("recommendation", "1.2.0").get("/v2/recommendations?products=mug")

    assert reply.json["products"][0] == {"id": "kettle", "because": "kitchen"}


def test_an_interface_is_offered_from_its_first_version_until_the_one_that_removes_it() -> None:
    assert [sorted(offered("payment", version)) for version in ("1.0.0", "1.1.0", "1.10.0", "2.0.0")] == [
        [2],
        [2, 3],
        [2, 3],
        [3],
    ]


def test_a_consumer_speaks_the_newest_interface_that_its_version_knows() -> None:
    assert [spoken("checkout", version, "payment") for version in ("1.0.0", "1.0.9", "1.1.0", "3.0")] == [2, 2, 3, 3]
