"""Order confirmations. Nothing leaves the machine: a message is written, counted and forgotten."""

from __future__ import annotations

from shop.dependencies import Dependencies
from shop.message import HttpError, Request, Response
from shop.routing import Route


def routes(dependencies: Dependencies) -> list[Route]:
    """The routes of email."""

    async def confirm(request: Request) -> Response:
        recipient, order = request.need("to", str), request.need("order", dict)
        if "@" not in recipient:
            raise HttpError(400, "bad-address", f"not an e-mail address: {recipient!r}")
        text = f"Thank you for order {order.get('id')}. Parcel {order.get('tracking')} is on its way."
        return Response({"queued": True, "characters": len(text)}, 202)

    return [Route("POST", "/v1/confirmations", confirm)]
