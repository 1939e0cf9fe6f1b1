"""Hints: which single verification would change what, and what would allow more parallelism.

No hint is guesswork: each change is tried alone, by planning again without it, and its effect is what came out.
"""

from __future__ import annotations

from convoy.planning.contracts import Contracts
from convoy.planning.hints.kinds import ORDER, VERIFICATION, Hint
from convoy.planning.hints.parallelism import parallelism_hints
from convoy.planning.hints.verification import verification_hints
from convoy.planning.plan import Plan

__all__ = ["Hint", "hints_for", "hints_for_problem"]


def hints_for(contracts: Contracts, plan: Plan) -> tuple[Hint, ...]:
    """Hints for a plan: verifications first, then what would make it faster. ``plan`` is that of the contracts."""
    verifications = verification_hints(contracts)
    batch_of = {component: batch.name for batch in plan.batches for component in batch.components}
    # What a verification brings need not be said a second time.
    said = {
        (frozenset(batch_of[name] for name in (hint.about[0], hint.about[2]) if name in batch_of), hint.saves)
        for hint in verifications
        if hint.kind == VERIFICATION
    }
    faster = parallelism_hints(contracts)
    return (*verifications, *(h for h in faster if h.kind != ORDER or (frozenset(h.about), h.saves) not in said))


def hints_for_problem(contracts: Contracts) -> tuple[Hint, ...]:
    """Hints for contracts that :func:`~convoy.planning.planner.make_plan` refuses: single verifications that would
    make the rollout possible, or that would at least take problems away."""
    return verification_hints(contracts)
