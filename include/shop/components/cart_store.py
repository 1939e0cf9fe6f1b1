"""A small store of hashes of counters, in memory: the shop's stand-in for a Redis. One replica, or carts get lost."""

from __future__ import annotations

from collections import OrderedDict

from shop.dependencies import Dependencies
from shop.message import Request, Response
from shop.routing import Route

MOST_KEYS = 20_000


def routes(dependencies: Dependencies) -> list[Route]:
    """The routes of cart-store, with an empty store. The key that was unused for longest goes first."""
    store: OrderedDict[str, dict[str, int]] = OrderedDict()

    async def read(request: Request) -> Response:
        return Response({"fields": store.get(request.parameters["key"], {})})

    async def increment(request: Request) -> Response:
        by, key, name = request.need("by", int), request.parameters["key"], request.parameters["field"]
        fields = store.setdefault(key, {})
        fields[name] = fields.get(name, 0) + by
        store.move_to_end(key)
        if len(store) > MOST_KEYS:
            store.popitem(last=False)
        return Response({"value": fields[name]})

    async def delete(request: Request) -> Response:
        return Response({"deleted": store.pop(request.parameters["key"], None) is not None})

    return [
        Route("GET", "/v1/hashes/{key}", read),
        Route("POST", "/v1/hashes/{key}/fields/{field}", increment),
        Route("DELETE", "/v1/hashes/{key}", delete),
    ]
