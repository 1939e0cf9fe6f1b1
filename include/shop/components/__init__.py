"""The components, by name. Each module's ``routes`` builds the routes of one component, in every interface version."""

from __future__ import annotations

from collections.abc import Callable

from shop.components import (
    ads,
    cart,
    cart_store,
    catalog,
    checkout,
    currency,
    email,
    frontend,
    payment,
    recommendation,
    shipping,
)
from shop.dependencies import Dependencies
from shop.routing import Route

COMPONENTS: dict[str, Callable[[Dependencies], list[Route]]] = {
    "ads": ads.routes,
    "cart": cart.routes,
    "cart-store": cart_store.routes,
    "catalog": catalog.routes,
    "checkout": checkout.routes,
    "currency": currency.routes,
    "email": email.routes,
    "frontend": frontend.routes,
    "payment": payment.routes,
    "recommendation": recommendation.routes,
    "shipping": shipping.routes,
}
