"""The way to the wanted versions: directly if a plan can be proven, else over versions in between."""

from __future__ import annotations

from collections.abc import Iterable

from convoy.manifest.diagnostics import Diagnostic
from convoy.planning.contracts import Contracts
from convoy.planning.errors import PlanError
from convoy.planning.planner import make_plan
from convoy.planning.upgrade.build import space_of
from convoy.planning.upgrade.conflict import reduced_conflict, smallest_conflict
from convoy.planning.upgrade.hops import hops_of
from convoy.planning.upgrade.monotone import not_monotone
from convoy.planning.upgrade.result import GaveUp, Hop, NoUpgrade, Upgrade
from convoy.planning.upgrade.search import Budget, OutOfBudget, find_way
from convoy.planning.upgrade.space import Move, Space
from convoy.planning.verify import verify

BUDGET = 200_000
"""How many states are looked at before the search gives up."""

Outcome = Upgrade | NoUpgrade | GaveUp


def find_upgrade(contracts: Contracts, budget: int = BUDGET) -> Outcome:
    """A way to the wanted versions with the fewest moves, in few hops; or the proof that there is none.

    One hop is tried first. Then versions between the live and the wanted ones, forward only; then, if there is no other
    way, detours. Raises PlanError for contracts that are wrong in themselves: it is not clear who provides what, or a
    declared batch names what does not change."""
    notes = not_monotone(contracts)
    try:
        plan = make_plan(contracts)
    except PlanError as error:
        if _unclear(contracts):
            raise
        direct = error.diagnostics
    else:
        found = verify(plan, contracts)
        if found:
            raise AssertionError(f"the checker refuses the plan: {'; '.join(found)}")
        return Upgrade(contracts.rollout, contracts.environment, (Hop(contracts, plan),), notes=notes)
    return _search(contracts, space_of(contracts), budget, direct, notes)


def _search(
    contracts: Contracts, space: Space, limit: int, direct: tuple[Diagnostic, ...], notes: tuple[Diagnostic, ...]
) -> Outcome:
    names = contracts.rollout, contracts.environment
    budget = Budget(limit)
    try:
        moves = find_way(space, space.everything, onward=True, budget=budget)
        detours: tuple[str, ...] = ()
        if moves is None:
            moves = find_way(space, space.everything, onward=False, budget=budget)
            detours = _detours(space, moves or ())
    except OutOfBudget as gave_up:
        versions = zip(space.movers, gave_up.closest[0], strict=True)
        conflict = smallest_conflict(space, limit)
        if conflict is not None:
            return NoUpgrade(*names, conflict, gave_up.states, notes)
        reached = {m.name: r.version if (r := m.releases[at]) else None for m, at in versions}
        wanted = {name: contracts.components[name].to_version for name in contracts.changing}
        return GaveUp(*names, gave_up.states, reached, wanted, notes)
    if moves is None:
        conflict = smallest_conflict(space, limit) or reduced_conflict(space, limit)
        return NoUpgrade(*names, conflict, budget.used, notes)
    return Upgrade(*names, hops_of(contracts, space, moves), budget.used, direct, detours, notes)


def _detours(space: Space, moves: Iterable[Move]) -> tuple[str, ...]:
    """The components that leave the straight way, with the versions in which they do."""
    at = [0] * len(space.movers)
    found: list[str] = []
    for move in moves:
        for number, release in move:
            mover = space.movers[number]
            if release not in mover.onward[at[number]]:
                before, after = mover.releases[at[number]], mover.releases[release]
                versions = f"{before.version if before else 'nothing'} to {after.version if after else 'nothing'}"
                found.append(f"{mover.name} goes from {versions}, which is not straight to its target")
            at[number] = release
    return tuple(found)


def _unclear(contracts: Contracts) -> bool:
    """Whether wishes name what does not change: no number of hops mends that."""
    changing = set(contracts.changing)
    names = changing.union(batch.name for batch in contracts.batches)
    members = [component for batch in contracts.batches for component in batch.components]
    wishes = [wish.name for name in changing for wish in contracts.components[name].after]
    wishes += [wish.name for batch in contracts.batches for wish in batch.after]
    return len(set(members)) < len(members) or not (changing.issuperset(members) and names.issuperset(wishes))
