"""Exchange rates, and sums of money converted by them."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from shop.dependencies import Dependencies
from shop.message import HttpError, Request, Response
from shop.routing import Route

# Units of the currency for one euro.
RATES = {
    "EUR": Decimal("1"),
    "CHF": Decimal("0.94"),
    "GBP": Decimal("0.86"),
    "SEK": Decimal("11.30"),
    "USD": Decimal("1.08"),
}


def convert(cents: int, source: str, target: str) -> int:
    """Cents of one currency in cents of another, half a cent to the even one. Raises HttpError 400."""
    unknown = [code for code in (source, target) if code not in RATES]
    if unknown:
        raise HttpError(400, "no-such-currency", f"no currency {unknown[0]!r}; there are {', '.join(RATES)}")
    exact = Decimal(cents) * RATES[target] / RATES[source]
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def routes(dependencies: Dependencies) -> list[Route]:
    """The routes of currency."""

    async def list_all(request: Request) -> Response:
        return Response({"currencies": list(RATES)})

    async def convert_many(request: Request) -> Response:
        source, target, cents = request.need("from", str), request.need("to", str), request.need("cents", list)
        if not all(isinstance(amount, int) and not isinstance(amount, bool) for amount in cents):
            raise HttpError(400, "bad-field", "cents is a list of whole numbers")
        return Response({"currency": target, "cents": [convert(amount, source, target) for amount in cents]})

    return [Route("GET", "/v1/currencies", list_all), Route("POST", "/v1/conversions", convert_many)]
