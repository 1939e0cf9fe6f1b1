"""The examples under include/upgrades, and partial orders written as lines."""

from __future__ import annotations

from functools import cache
from itertools import pairwise, product
from pathlib import Path

from convoy.manifest.catalog import LoadResult, load
from convoy.planning.contracts import Contracts
from convoy.planning.inputs import contracts_for
from convoy.planning.plan import Plan
from convoy.planning.upgrade.targets import toward

FOLDER = Path(__file__).parents[3] / "include" / "upgrades"
Order = frozenset[tuple[str, str]]
"""Pairs of which the first is done before the second starts, with everything that follows from them."""


@cache
def examples() -> LoadResult:
    """All of them in one catalog."""
    return load([FOLDER])


def wish(rollout: str, *targets: str) -> Contracts:
    """The contracts of an example, perhaps with targets further on."""
    (environment,) = examples().catalog.rollouts[rollout].environment_names
    return toward(contracts_for(examples().catalog, rollout, environment), targets)


def order(*lines: str) -> Order:
    """The order that lines such as ``A < B C < D`` give: what stands in one place has no order among itself."""
    pairs = set()
    for line in lines:
        places = [place.split() for place in line.split("<")]
        for before, after in pairwise(places):
            pairs |= set(product(before, after))
    return closed(pairs)


def order_of(plan: Plan) -> Order:
    """The order that a plan keeps between components."""
    batch = {b.name: b for b in plan.batches}
    return closed(
        {
            (r, c)
            for b in plan.batches
            for required in b.requires
            for r in batch[required].components
            for c in b.components
        }
    )


def closed(pairs: set[tuple[str, str]]) -> Order:
    """The pairs and everything that follows from them."""
    found = set(pairs)
    while True:
        more = {(a, d) for (a, b), (c, d) in product(found, repeat=2) if b == c} - found
        if not more:
            return frozenset(found)
        found |= more
