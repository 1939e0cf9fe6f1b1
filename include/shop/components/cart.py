"""Carts. They live in cart-store, so that any replica of this component can serve any visitor."""

from __future__ import annotations

from urllib.parse import quote

from shop.dependencies import Dependencies
from shop.message import HttpError, Request, Response
from shop.routing import Route

MOST_OF_ONE = 99


def routes(dependencies: Dependencies) -> list[Route]:
    """The routes of cart."""

    async def show(request: Request) -> Response:
        found = await dependencies.call("cart-store", "GET", _key(request))
        return Response({"items": [{"product": p, "quantity": q} for p, q in sorted(found["fields"].items()) if q > 0]})

    async def add(request: Request) -> Response:
        product, quantity = request.need("product", str), request.need("quantity", int)
        if not product or not 1 <= quantity <= MOST_OF_ONE:
            raise HttpError(400, "bad-item", f"a product and a quantity from 1 to {MOST_OF_ONE} are needed")
        path = f"{_key(request)}/fields/{quote(product, safe='')}"
        return Response(await dependencies.call("cart-store", "POST", path, {"by": quantity}), 201)

    async def empty(request: Request) -> Response:
        return Response(await dependencies.call("cart-store", "DELETE", _key(request)))

    return [
        Route("GET", "/v1/carts/{user}", show),
        Route("POST", "/v1/carts/{user}/items", add),
        Route("DELETE", "/v1/carts/{user}", empty),
    ]


def _key(request: Request) -> str:
    return f"/hashes/cart:{quote(request.parameters['user'], safe='')}"
