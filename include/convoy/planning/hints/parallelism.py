"""What would allow more parallelism: each thing that makes the critical path long is left out, one at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from convoy.planning.arcs import CONTRACT, Analysis, analyse
from convoy.planning.compatibility import UNKNOWN
from convoy.planning.contracts import Contracts
from convoy.planning.errors import PlanError
from convoy.planning.hints.kinds import BATCH, MAX_PARALLEL, NO_RETURN, NOTE, ORDER, Hint, duration
from convoy.planning.hints.trial import AFTER, LANES, NO_CUT, OPTIONAL, POSTPONED, Cut, Trial, rehearse
from convoy.planning.plan import Arc

BEST = 5
"""How many hints are given."""
TRIALS = 60
"""How many changes are tried at most."""
WORK = 50_000
"""Large rollouts try fewer: trials times components stay below this."""
LEAST = 5
WIDER = 16
"""By how much maxParallel is raised at most."""
CAUSES = 3
"""An order that has more reasons than this is not one hint."""


@dataclass(frozen=True)
class _Idea:
    """Something to leave out. ``how`` is the beginning of a sentence about what has to be done for it."""

    kind: str
    about: tuple[str, ...]
    how: str
    location: str
    contracts: Contracts
    cut: Cut = NO_CUT
    reversible: tuple[str, ...] = ()


def parallelism_hints(contracts: Contracts) -> tuple[Hint, ...]:
    """What would shorten the expected makespan, the best first. Each effect is that of the one change alone.

    Raises PlanError where there is no plan."""
    analysis = analyse(contracts)
    base = rehearse(contracts, analysis)
    bound = max(LEAST, min(TRIALS, WORK // max(1, len(contracts.components))))
    ideas = [
        *_bounds(contracts, base),
        *_batches(contracts, base),
        *_points(contracts, base),
        *_orders(contracts, base),
    ]
    found: list[Hint] = []
    for idea in ideas[:bound]:
        saves = _saved(base, analysis, idea)
        if saves > 0:
            text = f"{idea.how} would save {duration(saves)}"
            found.append(Hint(idea.kind, idea.about, text, idea.location, saves))
    found.sort(key=lambda hint: (-hint.saves, hint.kind, len(hint.about[0]), hint.about))
    best = _one_bound(found)[:BEST]
    if len(ideas) > bound:
        best.append(Hint(NOTE, (), f"of {len(ideas)} changes that may allow more parallelism {bound} were tried"))
    return tuple(best)


def _saved(base: Trial, analysis: Analysis, idea: _Idea) -> float:
    try:
        return base.makespan - rehearse(idea.contracts, analysis, idea.cut, idea.reversible).makespan
    except PlanError:
        return 0.0  # Without it there would be no plan: a wish may name the batch that is left out.


def _bounds(contracts: Contracts, base: Trial) -> Iterator[_Idea]:
    """Higher bounds, up to the number of groups: above it there is nothing to bound."""
    limit = contracts.max_parallel
    if limit is None:
        return
    for wider in range(limit + 1, min(len(base.grouping.groups), limit + WIDER) + 1):
        how = f"raising maxParallel from {limit} to {wider}"
        yield _Idea(MAX_PARALLEL, (str(wider),), how, "", replace(contracts, max_parallel=wider))


def _one_bound(found: list[Hint]) -> list[Hint]:
    """Of several bounds the least of those that save the most: the first one in the list."""
    bounds = [hint for hint in found if hint.kind == MAX_PARALLEL]
    return [hint for hint in found if hint.kind != MAX_PARALLEL or hint is bounds[0]]


def _batches(contracts: Contracts, base: Trial) -> Iterator[_Idea]:
    """Declared batches on the critical path."""
    for batch in contracts.batches:
        if batch.name in base.critical_path and len(batch.components) > 1:
            others = tuple(other for other in contracts.batches if other is not batch)
            how = f"taking the declared batch {batch.name} apart"
            yield _Idea(BATCH, (batch.name,), how, batch.location, replace(contracts, batches=others))


def _points(contracts: Contracts, base: Trial) -> Iterator[_Idea]:
    """Points of no return for which the critical path waits."""
    path = set(pairwise(reversed(base.critical_path)))
    group_of = base.grouping.group_of()
    late = {
        arc.dependent
        for arc, stage in base.origin.items()
        if stage == POSTPONED and (group_of[arc.dependent], group_of[arc.requirement]) in path
    }
    for name in sorted(late):
        component = contracts.components[name]
        where = component.target.location if component.target and component.target.location else component.location
        how = f"a way back from {name}, so that it need not come last ({base.irreversible[name]}),"
        yield _Idea(NO_RETURN, (name,), how, where, contracts, reversible=(name,))


def _orders(contracts: Contracts, base: Trial) -> Iterator[_Idea]:
    """Steps of the critical path that the arcs between two groups make."""
    groups, group_of = base.grouping.groups, base.grouping.group_of()
    between: defaultdict[tuple[str, str], list[Arc]] = defaultdict(list)
    for arc in base.grouping.arcs:
        between[group_of[arc.dependent], group_of[arc.requirement]].append(arc)
    for requirement, dependent in pairwise(base.critical_path):
        arcs = between[dependent, requirement]
        fixed = any(base.origin[arc] in (POSTPONED, LANES) for arc in arcs)
        causes = list(dict.fromkeys(_remedy(arc, base.origin[arc]) for arc in arcs))
        if fixed or not causes or len(causes) > CAUSES:
            continue
        cut = Cut(frozenset(groups[dependent].members), frozenset(groups[requirement].members))
        how = causes[0] if len(causes) == 1 else f"all of this: {'; '.join(causes)}; together"
        location = min((arc.location for arc in arcs if arc.location), default="")
        yield _Idea(ORDER, (dependent, requirement), how, location, contracts, cut)


def _remedy(arc: Arc, stage: str) -> str:
    """What has to be done for an arc to go away, as the beginning of a sentence."""
    if stage == AFTER:
        return f"deleting the wish that {arc.requirement} comes before {arc.dependent} (after)"
    if arc.kind != CONTRACT:
        optional = " (required: false)" if stage == OPTIONAL else ""
        return (
            f"no dependsOn from {arc.dependent} to {arc.requirement}{optional}, or a contract between the two that "
            "fits in every mix of versions,"
        )
    cell = arc.reason.partition(": ")[2]
    if cell.endswith(UNKNOWN):
        return f"declaring or verifying that this fits: {cell},"
    return f"a release in between that makes this fit (expand, then contract): {cell},"
