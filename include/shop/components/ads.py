"""Advertisements for what somebody looks at. Interface 2 takes categories; interface 1 took one free keyword."""

from __future__ import annotations

from shop.dependencies import Dependencies
from shop.message import Request, Response
from shop.routing import Route

ADS = (
    {"text": "Kettles that whistle in tune: 20 % off", "product": "kettle", "category": "kitchen"},
    {"text": "A lamp for late readers", "product": "desk-lamp", "category": "home"},
    {"text": "Socks that stay a pair", "product": "wool-socks", "category": "clothing"},
    {"text": "See further: the travel telescope", "product": "telescope", "category": "outdoors"},
)


def routes(dependencies: Dependencies) -> list[Route]:
    """The routes of ads."""

    async def by_keyword(request: Request) -> Response:
        return Response({"ads": _pick(request.query.get("keyword", ""))[:1]})

    async def by_categories(request: Request) -> Response:
        wanted = request.query.get("categories", "").split(",")
        return Response({"ads": [ad for category in wanted for ad in _pick(category)][:2]})

    return [Route("GET", "/v1/ads", by_keyword), Route("GET", "/v2/ads", by_categories)]


def _pick(word: str) -> list[dict[str, str]]:
    return [ad for ad in ADS if word in (ad["category"], ad["product"])] or [ADS[len(word) % len(ADS)]]
