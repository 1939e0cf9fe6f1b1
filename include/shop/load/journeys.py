"""What visitors do: journeys of a few requests, in a fixed mix.

The mix repeats instead of being drawn by lot, so that every component is called in every second or two: a gate that
watches for a few seconds must not depend on luck.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any

CARD = "4242424242424242"
PRODUCTS = (
    "kettle",
    "teapot",
    "mug",
    "desk-lamp",
    "clock",
    "blanket",
    "wool-socks",
    "rain-hat",
    "telescope",
    "compass",
)
CURRENCIES = ("EUR", "CHF", "GBP", "SEK", "USD")
MIX = ("buy", "browse")


@dataclass(frozen=True)
class Step:
    """One request. ``route`` is its name in the report: the path without what is in it of one visitor."""

    route: str
    method: str
    path: str
    body: dict[str, Any] | None = None


@dataclass(frozen=True)
class Journey:
    """What one visitor does, in order. They leave at the first failure."""

    kind: str
    steps: tuple[Step, ...]


def journeys(prefix: str) -> Iterator[Journey]:
    """Journeys without end. ``prefix`` keeps the visitors of two generators apart."""
    products, currencies = cycle(PRODUCTS), cycle(CURRENCIES)
    for number, kind in zip(count(), cycle(MIX)):
        build = _buy if kind == "buy" else _browse
        yield Journey(kind, build(f"{prefix}-{number}", next(products), next(currencies)))


def requests_per_journey() -> float:
    """How many requests a journey has on the average of the mix."""
    sample = journeys("sample")
    return sum(len(next(sample).steps) for _ in MIX) / len(MIX)


def _browse(user: str, product: str, currency: str) -> tuple[Step, ...]:
    where = f"user={user}&currency={currency}"
    return (
        Step("GET /", "GET", f"/?{where}"),
        Step("GET /product", "GET", f"/product/{product}?{where}"),
        Step("GET /cart", "GET", f"/cart?{where}"),
    )


def _buy(user: str, product: str, currency: str) -> tuple[Step, ...]:
    where = f"user={user}&currency={currency}"
    order = {
        "user": user,
        "currency": currency,
        "card": CARD,
        "email": f"{user}@example.org",
        "address": "1 Quay Street",
    }
    return (
        Step("GET /", "GET", f"/?{where}"),
        Step("GET /product", "GET", f"/product/{product}?{where}"),
        Step("POST /cart", "POST", "/cart", {"user": user, "product": product, "quantity": 1}),
        Step("GET /cart", "GET", f"/cart?{where}"),
        Step("POST /checkout", "POST", "/checkout", order),
    )
