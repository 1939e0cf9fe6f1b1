"""Orders that hold over the whole upgrade, in however many hops: ``dependsOn`` without a contract, and ``after``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from convoy.planning.contracts import Contracts
from convoy.planning.graph import strongly_connected


@dataclass(frozen=True)
class OrderPair:
    """``first`` must not get to its target before ``second`` is at its own."""

    first: str
    second: str
    sentence: str
    location: str


def order_pairs(contracts: Contracts, joined: Collection[tuple[str, str]]) -> list[OrderPair]:
    """The pairs of a change set, sorted. ``joined``: consumer and provider of every interface; there that decides.

    Components that depend on each other in a circle start together, so among them there is no order."""
    found: dict[tuple[str, str], OrderPair] = {}
    circles: dict[str, list[str]] = {name: [] for name in contracts.changing}
    for name in contracts.changing:
        component = contracts.components[name]
        for dependency in component.depends_on:
            edge = (name, dependency.name)
            if dependency.name in circles and edge not in joined and dependency.required and dependency.name != name:
                circles[name].append(dependency.name)
                sentence = f"{name} depends on {dependency.name}, so {dependency.name} is done first"
                found.setdefault(edge, OrderPair(name, dependency.name, sentence, dependency.location))
    together = {m: n for n, members in enumerate(strongly_connected(circles)) for m in members}
    kept = {edge: pair for edge, pair in found.items() if together[edge[0]] != together[edge[1]]}
    for name in contracts.changing:
        for wish in contracts.components[name].after:
            if wish.name in circles and wish.name != name:
                sentence = f"{name} comes after {wish.name}, by wish"
                kept.setdefault((name, wish.name), OrderPair(name, wish.name, sentence, wish.location))
    return [kept[edge] for edge in sorted(kept)]
