"""Turns a cart into an order: price, charge, ship, confirm. Interface 2 answers with the whole receipt."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any
from urllib.parse import quote

from shop.dependencies import Dependencies
from shop.message import HttpError, Request, Response
from shop.routing import Route


def routes(dependencies: Dependencies) -> list[Route]:
    """The routes of checkout."""

    async def place(request: Request) -> dict[str, Any]:
        user, currency = request.need("user", str), request.need("currency", str)
        card, email, address = (request.need(name, str) for name in ("card", "email", "address"))
        cart = f"/carts/{quote(user, safe='')}"
        items = (await dependencies.call("cart", "GET", cart))["items"]
        if not items:
            raise HttpError(409, "cart-empty", "there is nothing in the cart")
        lines, shipping = await asyncio.gather(
            _priced(items), dependencies.call("shipping", "POST", "/quotes", {"items": items})
        )
        order_id = uuid.uuid4().hex[:12]
        body = {"from": "EUR", "to": currency, "cents": [sum(line["cents"] for line in lines), shipping["cents"]]}
        goods, postage = (await dependencies.call("currency", "POST", "/conversions", body))["cents"]
        transaction = await _charge(order_id, card, goods + postage, currency)
        shipment = await dependencies.call("shipping", "POST", "/shipments", {"items": items, "address": address})
        order = {
            "id": order_id,
            "transaction": transaction,
            "tracking": shipment["tracking"],
            "currency": currency,
            "cents": goods + postage,
        }
        await asyncio.gather(
            dependencies.call("email", "POST", "/confirmations", {"to": email, "order": order}),
            dependencies.call("cart", "DELETE", cart),
        )
        return {**order, "postage": postage, "items": lines}

    async def _priced(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        products = await asyncio.gather(
            *(dependencies.call("catalog", "GET", f"/products/{quote(item['product'], safe='')}") for item in items)
        )
        return [{**item, "cents": p["cents"] * item["quantity"]} for item, p in zip(items, products, strict=True)]

    async def _charge(order_id: str, card: str, cents: int, currency: str) -> str:
        charge: dict[str, Any] = {"card": card, "cents": cents, "currency": currency}
        if dependencies.speaks("payment") >= 3:
            charge.update(card={"number": card}, idempotencyKey=order_id)
        return str((await dependencies.call("payment", "POST", "/charges", charge))["transaction"])

    async def order_number(request: Request) -> Response:
        order = await place(request)
        return Response({"order": order["id"], "cents": order["cents"], "currency": order["currency"]}, 201)

    async def receipt(request: Request) -> Response:
        order = await place(request)
        return Response(
            {"order": order["id"], "receipt": order, "cents": order["cents"], "currency": order["currency"]}, 201
        )

    return [Route("POST", "/v1/orders", order_number), Route("POST", "/v2/orders", receipt)]
