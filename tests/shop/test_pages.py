"""The whole shop: every page is put together from services that really call each other."""

from __future__ import annotations

from typing import Any

import pytest

ORDER = {"currency": "EUR", "card": "4242424242424242", "email": "ada@example.org", "address": "1 Quay Street"}


def test_the_home_page_shows_the_products_in_the_currency_of_the_visitor(whole_shop: Any) -> None:
    page = whole_shop.replicas["frontend"].get("/?user=home&currency=SEK").json

    kettle = next(product for product in page["products"] if product["id"] == "kettle")
    assert kettle == {"id": "kettle", "name": "Whistling kettle", "cents": 39437, "currency": "SEK"}


def test_the_product_page_recommends_other_products(whole_shop: Any) -> None:
    page = whole_shop.replicas["frontend"].get("/product/mug?user=p").json

    assert page["recommended"]
    assert "mug" not in page["recommended"]


def test_the_cart_lives_in_the_store_and_not_in_the_cart_service(whole_shop: Any) -> None:
    frontend, store = whole_shop.replicas["frontend"], whole_shop.replicas["cart-store"]

    frontend.post("/cart", {"user": "grace", "product": "clock", "quantity": 2})
    frontend.post("/cart", {"user": "grace", "product": "clock", "quantity": 1})

    assert store.get("/v1/hashes/cart:grace").json == {"fields": {"clock": 3}}
    assert frontend.get("/cart?user=grace").json["items"] == [{"product": "clock", "quantity": 3}]


def test_a_checkout_charges_goods_and_postage_and_empties_the_cart(whole_shop: Any) -> None:
    frontend = whole_shop.replicas["frontend"]
    frontend.post("/cart", {"user": "ada", "product": "mug", "quantity": 2})

    reply = frontend.post("/checkout", {"user": "ada", **ORDER})

    assert reply.status == 201
    assert reply.json["cents"] == 2 * 890 + 390 + 2 * 60
    assert frontend.get("/cart?user=ada").json["items"] == []


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"card": "4242424242424241"}, 402, "card-refused"),
        ({"currency": "XYZ"}, 400, "no-such-currency"),
        ({"email": "nowhere"}, 400, "bad-address"),
        ({"card": 7}, 400, "bad-field"),
    ],
)
def test_a_mistake_of_the_visitor_is_told_as_such_and_not_as_a_failure_of_the_shop(
    whole_shop: Any, changed: dict[str, Any], status: int, code: str
) -> None:
    frontend = whole_shop.replicas["frontend"]
    frontend.post("/cart", {"user": "eve", "product": "mug", "quantity": 1})

    reply = frontend.post("/checkout", {"user": "eve", **ORDER, **changed})

    assert (reply.status, reply.json["code"]) == (status, code)


def test_a_checkout_of_nothing_is_refused(whole_shop: Any) -> None:
    reply = whole_shop.replicas["frontend"].post("/checkout", {"user": "nobody", **ORDER})

    assert (reply.status, reply.json["code"]) == (409, "cart-empty")


def test_an_unknown_product_is_a_404_and_not_a_502(whole_shop: Any) -> None:
    assert whole_shop.replicas["frontend"].get("/product/unicorn?user=u").status == 404


def test_names_with_special_characters_reach_the_store_unchanged(whole_shop: Any) -> None:
    frontend = whole_shop.replicas["frontend"]

    frontend.post("/cart", {"user": "a/b c?ü", "product": "mug", "quantity": 1})

    assert frontend.get("/cart?user=a%2Fb%20c%3F%C3%BC").json["items"] == [{"product": "mug", "quantity": 1}]
