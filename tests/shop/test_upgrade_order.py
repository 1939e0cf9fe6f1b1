"""The order that the contracts give, walked with real services: every state on the way serves, other orders do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from convoy.manifest.catalog import load
from convoy.planning.inputs import plan_rollout

MANIFESTS = Path(__file__).resolve().parents[2] / "include" / "manifests"
CATALOG = load([MANIFESTS / "shop"]).catalog


def failures(shop: Any) -> list[str]:
    """What a visitor who does everything gets that is no success. No service here has a fault on purpose."""
    frontend, order = shop.replicas["frontend"], {"user": "ada", "card": "4242424242424242", "currency": "GBP"}
    replies = {
        "home": frontend.get("/?user=ada"),
        "product": frontend.get("/product/mug?user=ada"),
        "add": frontend.post("/cart", {"user": "ada", "product": "mug", "quantity": 1}),
        "cart": frontend.get("/cart?user=ada"),
        "checkout": frontend.post("/checkout", {**order, "email": "ada@example.org", "address": "1 Quay Street"}),
    }
    return [f"{page}: {reply.json['error']}" for page, reply in replies.items() if reply.status >= 300]


@pytest.mark.parametrize("rollout", ["shop-upgrade", "shop-bad"])
def test_every_state_that_the_plan_visits_serves_every_page_forward_and_back(shop: Any, rollout: str) -> None:
    plan = plan_rollout(CATALOG, rollout, "demo")
    changes = [change for batch in plan.batches for change in batch.changes]
    live = {"shop-upgrade": {}, "shop-bad": CATALOG.environments["demo"].versions}[rollout]
    shop.start_all({**live, **{change.component: change.from_version for change in changes}})
    found = {"at the start": failures(shop)}

    for change in changes:
        shop.replace(change.component, change.to_version)
        found[f"{change.component} {change.to_version}"] = failures(shop)
    for change in reversed(changes):
        shop.replace(change.component, change.from_version)
        found[f"{change.component} back"] = failures(shop)

    assert {state: failed for state, failed in found.items() if failed} == {}


@pytest.mark.parametrize(
    ("first", "failed"),
    [
        ("checkout", "payment 1.0.0 offers no /v3/charges"),
        ("frontend", "checkout 1.0.0 offers no /v2/orders"),
        ("ads", "ads 1.1.0 offers no /v1/ads"),
    ],
)
def test_a_component_that_moves_before_its_turn_breaks_the_shop(shop: Any, first: str, failed: str) -> None:
    shop.start_all()

    shop.replace(first, "1.1.0")

    assert any(failed in text for text in failures(shop))


def test_an_interface_that_is_removed_breaks_the_consumer_that_still_needs_it(shop: Any) -> None:
    shop.start_all({"payment": "2.0.0"})

    [failed] = failures(shop)

    assert "payment 2.0.0 offers no /v2/charges" in failed
