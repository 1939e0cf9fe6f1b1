"""The checker on what a plan promises beside safe states: points of no return come last, and maxParallel is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from convoy.planning.contracts import Contracts
from convoy.planning.plan import Plan
from convoy.planning.verify_pairs import all_pairs


def no_return_problems(plan: Plan, contracts: Contracts) -> list[str]:
    """Every point of no return is stated, nothing else is, and none comes before what could come before it."""
    final = without_return(contracts)
    stated = {point.component for point in plan.points_of_no_return}
    found = [f"the plan does not say that there is no way back from {name}" for name in final - stated]
    found += [f"the plan says that there is no way back from {name}, and there is" for name in stated - final]
    batch_of = {component: batch.name for batch in plan.batches for component in batch.components}
    found += [
        f"the plan says that {point.component} is in batch {point.batch}"
        for point in plan.points_of_no_return
        if batch_of.get(point.component) != point.batch
    ]
    if len(stated) != len(plan.points_of_no_return):
        found.append("the plan states a point of no return twice")
    pending = {batch.name for batch in plan.batches if not final.isdisjoint(batch.components)}
    found += [
        f"batch {batch.name} is taken for {'reversible' if batch.reversible else 'irreversible'}"
        for batch in plan.batches
        if batch.reversible == (batch.name in pending)
    ]
    if pending:
        found += _too_early(plan, pending)
    return found


def without_return(contracts: Contracts) -> set[str]:
    """The changing components that cannot go back once they were touched."""
    found = {n for n, c in contracts.components.items() if c.target is not None and not c.target.reversible}
    for pair in all_pairs(contracts):
        if not pair.about.endswith(" (data)") or pair.consumer.target is None or pair.provider.target is None:
            continue
        name = pair.about.removesuffix(" (data)")
        before = pair.provider.current.data.get(name) if pair.provider.current else None
        after = pair.provider.target.data.get(name)
        if after is not None and (before is None or before.writes != after.writes) and not pair.works((0, 1)):
            found.add(pair.provider.name)
    return found


def _too_early(plan: Plan, pending: set[str]) -> list[str]:
    """Points of no return that do not wait for what could be done before them."""
    awaited: dict[str, set[str]] = {}
    for batch in plan.batches:
        awaited[batch.name] = set(batch.requires).union(*(awaited[name] for name in batch.requires))
    could_be_first = {name for name, before in awaited.items() if name not in pending and not before & pending}
    return [
        f"batch {name}, with no way back, does not wait for {first}"
        for name in pending
        for first in could_be_first - awaited[name]
    ]


def width_problems(plan: Plan, limit: int | None) -> list[str]:
    """Whether more batches could be in transit at once than are allowed. By Dilworth's theorem the most that can be is
    the least number of chains that cover the order, which is the number of batches less a maximum matching."""
    if limit is None or limit >= len(plan.batches):
        return []
    place = {batch.name: index for index, batch in enumerate(plan.batches)}
    before = [0] * len(plan.batches)
    for index, batch in enumerate(plan.batches):
        for required in batch.requires:
            before[index] |= before[place[required]] | 1 << place[required]
    width = len(before) - _matching(before)
    return [f"{width} batches could be in transit at once, and {limit} may be"] if width > limit else []


def _matching(before: list[int]) -> int:
    """The size of a maximum matching between batches and those before them (Kuhn's algorithm, on bit sets)."""
    follower: dict[int, int] = {}
    for start in range(len(before)):
        _augment(start, before, follower)
    return len(follower)


def _augment(start: int, before: list[int], follower: dict[int, int]) -> None:
    """Match one more batch if an alternating path allows it. Iterative: paths can be long."""
    parents: dict[int, int] = {}
    seen = 0
    pending = [start]
    while pending:
        batch = pending.pop()
        for earlier in _bits(before[batch] & ~seen):
            seen |= 1 << earlier
            parents[earlier] = batch
            if earlier not in follower:
                _flip(earlier, parents, follower, start)
                return
            pending.append(follower[earlier])


def _flip(end: int, parents: Mapping[int, int], follower: dict[int, int], start: int) -> None:
    matched = {batch: earlier for earlier, batch in follower.items()}
    while True:
        batch = parents[end]
        follower[end] = batch
        if batch == start:
            return
        end = matched[batch]


def _bits(bits: int) -> Iterable[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
