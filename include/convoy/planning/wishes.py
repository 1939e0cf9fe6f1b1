"""Orders that somebody wishes: ``after``, and start orders that are not required.

A wish never overrules a proof. One that a person wrote down and that contradicts the proven arcs is refused with the
reason; an optional start order gives way, with a note.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from convoy.manifest.diagnostics import Diagnostic
from convoy.planning.arcs import WISH
from convoy.planning.batches import cycle_reasons
from convoy.planning.contracts import Contracts, Wish
from convoy.planning.errors import PlanError, first_place, problem
from convoy.planning.graph import find_cycle, strongly_connected
from convoy.planning.groups import Grouping
from convoy.planning.plan import Arc


def grant_wishes(contracts: Contracts, grouping: Grouping) -> Grouping:
    """Add the ``after`` of components and of declared batches. Raises PlanError where they contradict the proof."""
    arcs: list[Arc] = []
    problems: list[Diagnostic] = []
    group_of = grouping.group_of()
    for name in contracts.changing:
        for wish in contracts.components[name].after:
            if wish.name not in group_of:
                problems.append(_unknown(name, wish, "component"))
            elif group_of[wish.name] == group_of[name]:
                problems.append(_together(name, wish, group_of[name]))
            else:
                arcs.append(_arc(name, wish.name, wish, f"{wish.name} before {name}"))
    for batch in contracts.batches:
        for wish in batch.after:
            other = wish.name if wish.name in grouping.groups else group_of.get(wish.name)
            if other is None:
                problems.append(_unknown(f"batch {batch.name}", wish, "batch or component"))
            elif other == batch.name:
                problems.append(_together(f"batch {batch.name}", wish, other))
            else:
                requirement = wish.name if wish.name in group_of else grouping.groups[other].members[0]
                arcs.append(_arc(batch.components[0], requirement, wish, f"{wish.name} before batch {batch.name}"))
    wished = grouping.with_arcs(tuple(arcs))
    cycle = find_cycle(wished.requires)
    if cycle:
        reasons = cycle_reasons(wished, cycle)
        written = [arc.location for arc in arcs if arc.reason in reasons]
        problems.append(
            problem(
                f"a wish contradicts the order that must be: {' -> '.join(cycle)} ({'; '.join(reasons)})",
                "take the `after` away",
                first_place(written),
            )
        )
    if problems:
        raise PlanError(problems)
    return wished


def _arc(dependent: str, requirement: str, wish: Wish, what: str) -> Arc:
    return Arc(dependent, requirement, WISH, f"{what}: by wish (after)", wish.location)


def _unknown(who: str, wish: Wish, kind: str) -> Diagnostic:
    return problem(f"{who} is to come after {wish.name}, which is no {kind} of this rollout", "", wish.location)


def _together(who: str, wish: Wish, group: str) -> Diagnostic:
    return problem(
        f"{who} is to come after {wish.name}, but both move together in batch {group}",
        "take the `after` away, or one of them out of the batch",
        wish.location,
    )


def add_optional(grouping: Grouping, optional: tuple[Arc, ...]) -> Grouping:
    """Add the start orders that are not required, but for those that would close a cycle; a warning names these."""
    group_of = grouping.group_of()
    between = [arc for arc in optional if group_of[arc.dependent] != group_of[arc.requirement]]
    tried = grouping.with_arcs(tuple(between))
    cycle_of = {n: i for i, c in enumerate(strongly_connected(tried.requires)) for n in c}
    kept: list[Arc] = []
    contested: list[Arc] = []
    for arc in between:
        inside = cycle_of[group_of[arc.dependent]] == cycle_of[group_of[arc.requirement]]
        (contested if inside else kept).append(arc)
    # Only arcs inside a cycle can close one, so only they are tried one by one, on their cycle alone.
    graph = {name: set(required) for name, required in grouping.requires.items()}
    dropped: list[str] = []
    for arc in contested:
        dependent, requirement = group_of[arc.dependent], group_of[arc.requirement]
        if _leads_to(graph, requirement, dependent, cycle_of):
            dropped.append(
                f"{arc.dependent} does not wait for {arc.requirement} (required: false): that closes a cycle"
            )
        else:
            graph[dependent].add(requirement)
            kept.append(arc)
    return grouping.with_arcs(tuple(kept), tuple(dropped))


def _leads_to(graph: Mapping[str, Collection[str]], start: str, goal: str, cycle_of: Mapping[str, int]) -> bool:
    """Whether a path leads from one group to another of the same cycle. It could not leave that and come back."""
    here = cycle_of[start]
    seen = {start}
    pending = [start]
    while pending:
        for following in graph[pending.pop()]:
            if following == goal:
                return True
            if following not in seen and cycle_of[following] == here:
                seen.add(following)
                pending.append(following)
    return False
