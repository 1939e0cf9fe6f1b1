"""What sending something costs, and the parcels that were sent."""

from __future__ import annotations

import hashlib

from shop.dependencies import Dependencies
from shop.message import HttpError, Request, Response
from shop.routing import Route

BASE_CENTS, CENTS_PER_ITEM = 390, 60


def routes(dependencies: Dependencies) -> list[Route]:
    """The routes of shipping."""

    async def quote(request: Request) -> Response:
        quantity = _quantity(request)
        return Response({"cents": BASE_CENTS + CENTS_PER_ITEM * quantity if quantity else 0})

    async def ship(request: Request) -> Response:
        if not _quantity(request) or not request.need("address", str):
            raise HttpError(400, "bad-field", "a parcel needs contents and an address")
        return Response({"tracking": "P-" + hashlib.sha256(request.body).hexdigest()[:10].upper()}, 201)

    return [Route("POST", "/v1/quotes", quote), Route("POST", "/v1/shipments", ship)]


def _quantity(request: Request) -> int:
    items = request.need("items", list)
    if not all(isinstance(item, dict) and isinstance(item.get("quantity"), int) for item in items):
        raise HttpError(400, "bad-field", "items is a list of objects with a quantity")
    return sum(item["quantity"] for item in items)
