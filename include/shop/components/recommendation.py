"""Products that go with others. Interface 2 says why; it reads the catalog in the interface that knows categories."""

from __future__ import annotations

from typing import Any

from shop.dependencies import Dependencies
from shop.message import Request, Response
from shop.routing import Route

MOST = 4


def routes(dependencies: Dependencies) -> list[Route]:
    """The routes of recommendation."""

    async def candidates(request: Request) -> list[dict[str, Any]]:
        seen = [product for product in request.query.get("products", "").split(",") if product]
        products = (await dependencies.call("catalog", "GET", "/products"))["products"]
        kinds = {product.get("category") for product in products if product["id"] in seen}
        others = [product for product in products if product["id"] not in seen]
        # A stable rotation instead of a lot: the same question has the same answer on every replica.
        start = sum(map(len, seen)) % max(1, len(others))
        turned = others[start:] + others[:start]
        return sorted(turned, key=lambda product: product.get("category") not in kinds)[:MOST]

    async def names(request: Request) -> Response:
        return Response({"products": [product["id"] for product in await candidates(request)]})

    async def reasons(request: Request) -> Response:
        found = await candidates(request)
        return Response({"products": [{"id": p["id"], "because": p.get("category", "popular")} for p in found]})

    return [Route("GET", "/v1/recommendations", names), Route("GET", "/v2/recommendations", reasons)]
