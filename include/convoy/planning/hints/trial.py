"""Trying a change: the stages of the planner up to the schedule, with the arcs that each of them added."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, replace

from convoy.planning.arcs import Analysis, analyse
from convoy.planning.batches import form_batches
from convoy.planning.coarsen import coarsen, group_seconds
from convoy.planning.contracts import Contracts
from convoy.planning.groups import Grouping, requirements
from convoy.planning.limits import limit_parallel
from convoy.planning.no_return import postpone
from convoy.planning.plan import Arc
from convoy.planning.reversibility import irreversible
from convoy.planning.schedule import schedule
from convoy.planning.wishes import add_optional, grant_wishes

PROOF, AFTER, OPTIONAL, POSTPONED, LANES = "proof", "after", "optional", "postponed", "lanes"
"""Where an arc comes from: contracts and start order, ``after``, start order that is not required, points of no
return, maxParallel."""


@dataclass(frozen=True)
class Cut:
    """Arcs that a trial leaves out: from any of the first components to any of the second."""

    dependents: Set[str] = frozenset()
    requirements: Set[str] = frozenset()

    def keeps(self, arc: Arc) -> bool:
        """Whether an arc stays."""
        return not self.has(arc.dependent, arc.requirement)

    def has(self, dependent: str, requirement: str) -> bool:
        """Whether arcs from the one to the other are left out."""
        return dependent in self.dependents and requirement in self.requirements


NO_CUT = Cut()


@dataclass(frozen=True)
class Trial:
    """What the planner would make of it. ``ordered`` has the groups before maxParallel, ``origin`` the stage of each
    arc, ``irreversible`` the points of no return with their reasons, ``grouping`` everything."""

    ordered: Grouping
    grouping: Grouping
    origin: Mapping[Arc, str]
    irreversible: Mapping[str, str]
    critical_path: tuple[str, ...]
    makespan: float


def rehearse(
    contracts: Contracts,
    analysis: Analysis,
    cut: Cut = NO_CUT,
    reversible: Collection[str] = (),
) -> Trial:
    """Plan without certifying. Leaves out the arcs of a cut, and takes the ``reversible`` components to have a way
    back. Raises PlanError where there is no plan."""
    origin: dict[Arc, str] = {}
    proof = tuple(arc for arc in analysis.arcs if cut.keeps(arc))
    grouping = form_batches(contracts, replace(analysis, arcs=proof))
    _note(origin, grouping, PROOF)
    grouping = _without(cut, grant_wishes(contracts, grouping))
    _note(origin, grouping, AFTER)
    grouping = add_optional(grouping, tuple(arc for arc in analysis.optional if cut.keeps(arc)))
    _note(origin, grouping, OPTIONAL)
    # An old reader that bears what is written does not only free the order: its writer has a way back then.
    links = [link for link in analysis.links if not cut.has(link.provider.name, link.consumer.name)]
    final = {name: why for name, why in irreversible(contracts, links).items() if name not in reversible}
    postponed = postpone(grouping, final)
    _note(origin, postponed, POSTPONED)
    ordered = coarsen(contracts, postponed)
    seconds = group_seconds(contracts, ordered)
    limited = limit_parallel(ordered, seconds, contracts.max_parallel)
    _note(origin, limited, LANES)
    times = schedule(limited.requires, seconds, contracts.max_parallel)
    return Trial(ordered, limited, origin, final, times.critical_path, times.makespan)


def try_contracts(contracts: Contracts) -> Trial:
    """What the planner makes of contracts. Raises PlanError."""
    return rehearse(contracts, analyse(contracts))


def _note(origin: dict[Arc, str], grouping: Grouping, stage: str) -> None:
    for arc in grouping.arcs:
        origin.setdefault(arc, stage)


def _without(cut: Cut, grouping: Grouping) -> Grouping:
    kept = tuple(arc for arc in grouping.arcs if cut.keeps(arc))
    return replace(grouping, arcs=kept, requires=requirements(grouping.groups, kept))
