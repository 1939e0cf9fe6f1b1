"""Charges a card. Interface 3 wants the card as an object and a key that makes a repeated charge harmless."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any

from shop.dependencies import Dependencies
from shop.message import HttpError, Request, Response
from shop.routing import Route

MOST_KEYS = 10_000


def routes(dependencies: Dependencies) -> list[Route]:
    """The routes of payment."""
    charged: OrderedDict[str, str] = OrderedDict()

    async def charge_number(request: Request) -> Response:
        _check(request.need("card", str), request.need("cents", int))
        return Response({"transaction": _transaction(request.body)}, 201)

    async def charge_card(request: Request) -> Response:
        card, key = request.need("card", dict), request.need("idempotencyKey", str)
        _check(card.get("number"), request.need("cents", int))
        if key not in charged:
            charged[key] = _transaction(request.body)
            if len(charged) > MOST_KEYS:
                charged.popitem(last=False)
        return Response({"transaction": charged[key]}, 201)

    return [Route("POST", "/v2/charges", charge_number), Route("POST", "/v3/charges", charge_card)]


def _check(number: Any, cents: int) -> None:
    if not isinstance(number, str) or not luhn(number):
        raise HttpError(402, "card-refused", "the card number is not valid")
    if cents <= 0:
        raise HttpError(400, "bad-field", "a charge is more than nothing")


def luhn(number: str) -> bool:
    """Whether the check digit of a card number is right."""
    digits = [int(digit) for digit in number if digit.isascii() and digit.isdigit()]
    if not 12 <= len(digits) <= 19:
        return False
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return total % 10 == 0


def _transaction(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]
