"""The products. Interface 2 reads several at once, and says which category each belongs to."""

from __future__ import annotations

from typing import Any

from shop.dependencies import Dependencies
from shop.message import HttpError, Request, Response
from shop.routing import Route

# Prices are in cents of the shop's own currency, the euro.
PRODUCTS: dict[str, dict[str, Any]] = {
    "kettle": {"name": "Whistling kettle", "cents": 3490, "category": "kitchen"},
    "teapot": {"name": "Cast-iron teapot", "cents": 4200, "category": "kitchen"},
    "mug": {"name": "Enamel mug", "cents": 890, "category": "kitchen"},
    "desk-lamp": {"name": "Desk lamp", "cents": 5995, "category": "home"},
    "clock": {"name": "Wall clock", "cents": 2750, "category": "home"},
    "blanket": {"name": "Linen blanket", "cents": 6900, "category": "home"},
    "wool-socks": {"name": "Wool socks", "cents": 1250, "category": "clothing"},
    "rain-hat": {"name": "Rain hat", "cents": 2390, "category": "clothing"},
    "telescope": {"name": "Travel telescope", "cents": 12900, "category": "outdoors"},
    "compass": {"name": "Brass compass", "cents": 3150, "category": "outdoors"},
}


def routes(dependencies: Dependencies) -> list[Route]:
    """The routes of catalog."""

    async def list_all(request: Request) -> Response:
        return Response({"products": [_product(product_id) for product_id in PRODUCTS]})

    async def show(request: Request) -> Response:
        return Response(_product(request.parameters["id"]))

    async def list_some(request: Request) -> Response:
        wanted = request.query.get("ids")
        found = [_product(product_id) for product_id in (wanted.split(",") if wanted else PRODUCTS)]
        return Response(
            {"products": [{**product, "category": PRODUCTS[product["id"]]["category"]} for product in found]}
        )

    return [
        Route("GET", "/v1/products", list_all),
        Route("GET", "/v1/products/{id}", show),
        Route("GET", "/v2/products", list_some),
    ]


def _product(product_id: str) -> dict[str, Any]:
    if product_id not in PRODUCTS:
        raise HttpError(404, "no-such-product", f"no product {product_id!r}")
    return {"id": product_id, "name": PRODUCTS[product_id]["name"], "cents": PRODUCTS[product_id]["cents"]}
