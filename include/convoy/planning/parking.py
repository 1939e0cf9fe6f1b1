"""Where a rollout may stop for a while: any set of finished batches with what they require, and nothing in transit.

Such a set is closed under the arcs, so it was proven as a state that the rollout passes through; stopping there makes
it no less safe. What is in transit has to finish first, or to go back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from convoy.planning.plan import Plan


def park_states(plan: Plan) -> Iterator[tuple[str, ...]]:
    """The places to park along the plan's own order: the batches that are finished, from none to all."""
    names = tuple(batch.name for batch in plan.batches)
    for count in range(len(names) + 1):
        yield names[:count]


def park_problems(plan: Plan, done: Collection[str], in_transit: Collection[str] = ()) -> list[str]:
    """Why one cannot park with these batches finished and these in transit, as sentences; empty if one can.

    Raises KeyError for a name that is no batch."""
    finished = set(done)
    problems = [f"{name} is in transit: let it finish, or undo it" for name in sorted({*in_transit})]
    for name in sorted(finished):
        missing = sorted(set(plan.batch(name).requires) - finished)
        problems += [f"{name} is finished and needs {requirement}, which is not" for requirement in missing]
    return problems
