"""A web shop: provider first, consumer first, lockstep, start order, an optional edge, a new component."""

from __future__ import annotations

from dataclasses import replace

from tests.planning.systems import component, release, system

from convoy.planning.contracts import Contracts, DeclaredBatch, Dependency, Effort, Requirement, Wish


def shop() -> Contracts:
    """Nine components that change and one that does not."""
    components = (
        component(
            "payment",
            release("1.8.0", {"payment-api": "2.4"}),
            release("2.0.0", {"payment-api": "3.0"}),
            seconds=60,
        ),
        component(
            "checkout",
            release("1.9.0", needs={"payment-api": ">=2 <4", "cart-api": "1"}),
            release(
                "2.0.0",
                {"checkout-api": "2.0"},
                {"payment-api": Requirement(">=3", location="shop.yaml:20:7"), "cart-api": "^1 || ^2"},
            ),
            seconds=90,
        ),
        component("cart", release("4.0.0", {"cart-api": "1.0"}), release("5.0.0", {"cart-api": "2.0"}), seconds=45),
        component("cache", release("7.0.0"), release("7.2.0", coexists=False), strategy="recreate", seconds=20),
        component(
            "orders-writer",
            release("1.0.0", {"order-format": "1"}),
            release("2.0.0", {"order-format": "2"}),
            strategy="blueGreen",
            seconds=30,
        ),
        component(
            "orders-reader",
            release("1.0.0", needs={"order-format": "1"}),
            release("2.0.0", needs={"order-format": "2"}),
            strategy="blueGreen",
            seconds=40,
        ),
        component("ads", None, release("1.0.0", {"ads-api": "1.0"}), seconds=15),
        component(
            "frontend",
            release("10.0.0", needs={"checkout-api": Requirement("*", optional=True)}),
            release("11.0.0", needs={"checkout-api": ">=2", "ads-api": Requirement("^1", optional=True)}),
            depends_on=["cache", Dependency("mail", required=False, location="shop.yaml:70:5")],
            seconds=120,
        ),
        component("mail", release("3.1.0", needs={"order-format": "1 || 2"}), release("3.2.0"), seconds=25),
        component("reports", release("0.9.0", needs={"payment-api": ">=2"})),
    )
    contracts = system(*components, batches=(DeclaredBatch("edge", ("ads", "mail"), (Wish("cache", "r.yaml:9:3"),)),))
    payment = replace(components[0], effort=Effort(60.0, (10, 50), True), runbook="https://runbooks.example/payment")
    return replace(contracts, components={**contracts.components, "payment": payment}, max_parallel=3)
