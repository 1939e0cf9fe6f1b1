"""From single moves to hops: as many moves in one plan as can be proven together.

The moves of the search are one line. A hop takes from it whatever a plan of two versions can carry, also past others,
if what stays behind is still possible afterwards. The order within a hop is the plan's own, and the plan proves it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from convoy.planning.contracts import Contracts
from convoy.planning.errors import PlanError
from convoy.planning.graph import reachable
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan
from convoy.planning.upgrade.hop_contracts import hop_contracts
from convoy.planning.upgrade.result import Hop
from convoy.planning.upgrade.space import Move, Space, State
from convoy.planning.verify import verify


def hops_of(contracts: Contracts, space: Space, moves: Sequence[Move]) -> tuple[Hop, ...]:
    """The moves as hops, each with a plan that was proven. Raises PlanError for a move that no plan carries."""
    hops: list[Hop] = []
    state, rest = space.start, list(moves)
    while rest:
        taken, hop = _next_hop(contracts, space, state, rest)
        hops.append(hop)
        for number in taken:
            state = space.after(state, rest[number])
        hops[-1] = replace(hop, stored=space.named(state[1]))
        rest = [move for number, move in enumerate(rest) if number not in taken]
    return tuple(_called(hop, f"{contracts.rollout}-hop-{number}") for number, hop in enumerate(hops, 1))


def _called(hop: Hop, name: str) -> Hop:
    """A hop as a rollout of its own name."""
    return replace(hop, contracts=replace(hop.contracts, rollout=name), plan=replace(hop.plan, rollout=name))


def _next_hop(contracts: Contracts, space: Space, state: State, rest: Sequence[Move]) -> tuple[list[int], Hop]:
    """The moves of the next hop, by their places in the line, and the hop."""
    taken = _take(space, state, rest)
    hop = _proven(contracts, space, state, [rest[number] for number in taken])
    if hop is not None:
        return taken, hop
    # All together are too many for a plan: one by one then.
    candidates, taken, best = taken, [], None
    for number in candidates:
        if not _possible(space, state, _in_front(rest, [*taken, number])):
            continue
        hop = _proven(contracts, space, state, [rest[n] for n in (*taken, number)])
        if hop is not None:
            taken, best = [*taken, number], hop
    if best is None:
        make_plan(hop_contracts(contracts, space, state, rest[0]))
        raise AssertionError("the planner carries a single move that the checker refuses")
    return taken, best


def _take(space: Space, state: State, rest: Sequence[Move]) -> list[int]:
    """The first move of every mover, as far as those that stay behind can still follow."""
    taken: list[int] = []
    seen: set[int] = set()
    for number, move in enumerate(rest):
        movers = {mover for mover, _ in move}
        if movers.isdisjoint(seen) and _possible(space, state, _in_front(rest, [*taken, number])):
            taken.append(number)
        seen |= movers
    return taken


def _in_front(rest: Sequence[Move], taken: Collection[int]) -> list[Move]:
    """The moves with these in front of all others."""
    return [*(rest[number] for number in taken), *(move for n, move in enumerate(rest) if n not in taken)]


def _possible(space: Space, state: State, moves: Sequence[Move]) -> bool:
    """Whether these moves can be made one after the other."""
    for move in moves:
        if space.broken(state, move):
            return False
        state = space.after(state, move)
    return True


def _proven(contracts: Contracts, space: Space, state: State, moves: Sequence[Move]) -> Hop | None:
    """The hop that makes all of these moves; None if it cannot be proven."""
    changes = tuple(change for move in moves for change in move)
    found = hop_contracts(contracts, space, state, changes)
    try:
        plan = make_plan(found)
    except PlanError:
        return None
    if verify(plan, found) or not _copes_with_history(space, state, changes, plan):
        return None
    return Hop(found, plan)


def _copes_with_history(space: Space, state: State, changes: Move, plan: Plan) -> bool:
    """Whether whatever moves reads what is stored, be it from earlier hops, or comes after what removes it."""
    batch_of = {component: batch.name for batch in plan.batches for component in batch.components}
    requires = {batch.name: batch.requires for batch in plan.batches}
    for mover, release in changes:
        home = batch_of[space.movers[mover].name]
        before = reachable(requires, [home])
        if not plan.batch(home).lockstep:
            before.discard(home)
        earlier = tuple((m, r) for m, r in changes if m == mover or batch_of[space.movers[m].name] in before)
        removed = space.removed_by(state, earlier, mover)
        if any(bit & state[1] & ~removed for bit, _ in space.reads[mover][release]):
            return False
    return True
