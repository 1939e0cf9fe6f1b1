"""The least change set: which other components have to change so that wanted versions are safe, and why each.

``least_change_set(wanted_contracts(catalog, "prod", {"checkout": "2.0.0"}))``
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from convoy.planning.contracts import Contracts
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan
from convoy.planning.wanted.choices import Choices
from convoy.planning.wanted.inputs import wanted_contracts
from convoy.planning.wanted.reasons import Needed, reasons
from convoy.planning.wanted.search import BUDGET, GaveUp, search

__all__ = ["ChangeSet", "GaveUp", "Needed", "least_change_set", "wanted_contracts"]


@dataclass(frozen=True)
class ChangeSet:
    """The changes, the wanted ones first and then each after the one that it is needed for, and the plan for them.

    ``nearest``: whether it is proven that no set of this size gets by with nearer versions; that the size is the least
    is proven always."""

    changes: tuple[Needed, ...]
    plan: Plan
    contracts: Contracts
    nearest: bool = True

    @property
    def wanted(self) -> tuple[Needed, ...]:
        """What was asked for."""
        return tuple(change for change in self.changes if change.asked_for)

    @property
    def others(self) -> tuple[Needed, ...]:
        """What has to change as well."""
        return tuple(change for change in self.changes if not change.asked_for)


def least_change_set(contracts: Contracts, budget: int = BUDGET) -> ChangeSet:
    """The safe change set with the fewest components, and of these the one with the nearest versions.

    ``contracts`` has a target for every wanted component and none for the others; these can go to their alternatives.
    Forward steps are preferred to backward ones. Raises PlanError, naming the requirements that stand in the way, where
    there is no such set; and GaveUp, which is a PlanError too, where ``budget`` choices were not enough to tell."""
    # Who is affected matters for the plan in the end alone.
    choices = Choices(replace(contracts, uses=(), weights={}))
    found = search(choices, budget)
    chosen = replace(choices.at(found.choice), uses=contracts.uses, weights=contracts.weights)
    return ChangeSet(reasons(choices, found.choice), make_plan(chosen), chosen, found.nearest)
