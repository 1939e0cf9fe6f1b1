"""What visitors see: every page is put together from the other components."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from shop.dependencies import Dependencies
from shop.message import Request, Response
from shop.routing import Route


def routes(dependencies: Dependencies) -> list[Route]:
    """The routes of frontend."""
    call = dependencies.call

    async def home(request: Request) -> Response:
        products, currencies, cart, ads = await asyncio.gather(
            call("catalog", "GET", "/products"), call("currency", "GET", "/currencies"), _cart(request), _ads("home")
        )
        shown = await _in_currency(products["products"], request)
        return Response({"products": shown, "currencies": currencies["currencies"], "cart": len(cart), "ads": ads})

    async def product(request: Request) -> Response:
        product_id = request.parameters["id"]
        found, recommended, ads, cart = await asyncio.gather(
            call("catalog", "GET", f"/products/{quote(product_id, safe='')}"),
            _recommended([product_id]),
            _ads(product_id),
            _cart(request),
        )
        shown = (await _in_currency([found], request))[0]
        return Response({"product": shown, "recommended": recommended, "cart": len(cart), "ads": ads})

    async def show_cart(request: Request) -> Response:
        items = await _cart(request)
        names = [item["product"] for item in items]
        recommended, postage, products = await asyncio.gather(
            _recommended(names),
            call("shipping", "POST", "/quotes", {"items": items}),
            asyncio.gather(*(call("catalog", "GET", f"/products/{quote(name, safe='')}") for name in names)),
        )
        shown = await _in_currency([*products, {"id": "postage", "cents": postage["cents"]}], request)
        return Response({"items": items, "prices": shown, "recommended": recommended})

    async def add_to_cart(request: Request) -> Response:
        user, wanted, quantity = request.need("user", str), request.need("product", str), request.need("quantity", int)
        await call("catalog", "GET", f"/products/{quote(wanted, safe='')}")
        body = {"product": wanted, "quantity": quantity}
        await call("cart", "POST", f"/carts/{quote(user, safe='')}/items", body)
        return Response({"added": body}, 201)

    async def buy(request: Request) -> Response:
        return Response(await call("checkout", "POST", "/orders", request.json()), 201)

    async def _cart(request: Request) -> list[dict[str, Any]]:
        user = request.query.get("user", "guest")
        return list((await call("cart", "GET", f"/carts/{quote(user, safe='')}"))["items"])

    async def _recommended(products: list[str]) -> list[str]:
        found = await call("recommendation", "GET", f"/recommendations?products={quote(','.join(products))}")
        # Interface 1 gives names, interface 2 gives objects with a reason.
        return [p["id"] if isinstance(p, dict) else p for p in found["products"]]

    async def _ads(subject: str) -> list[dict[str, Any]]:
        word = "keyword" if dependencies.speaks("ads") == 1 else "categories"
        return list((await call("ads", "GET", f"/ads?{word}={quote(subject)}"))["ads"])

    async def _in_currency(products: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
        currency = request.query.get("currency", "EUR")
        cents = [product["cents"] for product in products]
        converted = await call("currency", "POST", "/conversions", {"from": "EUR", "to": currency, "cents": cents})
        return [{**p, "cents": c, "currency": currency} for p, c in zip(products, converted["cents"], strict=True)]

    return [
        Route("GET", "/", home),
        Route("GET", "/product/{id}", product),
        Route("GET", "/cart", show_cart),
        Route("POST", "/cart", add_to_cart),
        Route("POST", "/checkout", buy),
    ]
