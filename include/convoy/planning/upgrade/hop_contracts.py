"""The planner's input for one hop: where everything is, and what moves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from convoy.planning.contracts import Contracts, DeclaredBatch, Wish
from convoy.planning.upgrade.space import Move, Space, State


def hop_contracts(contracts: Contracts, space: Space, state: State, changes: Move) -> Contracts:
    """The contracts of a hop that takes movers from a state to other releases; all others stay where they are.

    Wishes and declared batches hold as far as what they name moves in this hop."""
    wanted = {space.movers[mover].name: release for mover, release in changes}
    components = dict(contracts.components)
    for mover, at in zip(space.movers, state[0], strict=True):
        component = contracts.components[mover.name]
        current = mover.releases[at]
        target = mover.releases[wanted[mover.name]] if mover.name in wanted else None
        components[mover.name] = replace(
            component,
            current=current,
            target=target,
            alternatives=tuple(r for r in component.releases if r not in (current, target)),
            after=_there(component.after, wanted) if target else (),
        )
    return replace(contracts, components=components, batches=_batches(contracts.batches, wanted), warnings=())


def _batches(batches: Sequence[DeclaredBatch], wanted: Collection[str]) -> tuple[DeclaredBatch, ...]:
    kept = [replace(batch, components=tuple(c for c in batch.components if c in wanted)) for batch in batches]
    kept = [batch for batch in kept if batch.components]
    names = {batch.name for batch in kept}.union(wanted)
    return tuple(replace(batch, after=_there(batch.after, names)) for batch in kept)


def _there(wishes: Sequence[Wish], names: Collection[str]) -> tuple[Wish, ...]:
    return tuple(wish for wish in wishes if wish.name in names)
