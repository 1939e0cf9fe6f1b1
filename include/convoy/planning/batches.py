"""From arcs to batches: strongly connected components, merged where the user declared larger ones.

A batch of several components that are joined by a contract arc must switch in one moment (lockstep): every member needs
a strategy that does so. A cycle of start order alone needs no such thing: its versions do serve together.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from convoy.manifest.diagnostics import Diagnostic
from convoy.planning.arcs import CONTRACT, START_ORDER, Analysis
from convoy.planning.breaking import what_would_break
from convoy.planning.contracts import AT_ONCE_STRATEGIES, Contracts, DeclaredBatch
from convoy.planning.errors import PlanError, first_place, problem
from convoy.planning.graph import find_cycle, strongly_connected
from convoy.planning.groups import RESERVED, Group, Grouping, group_name, requirements
from convoy.planning.plan import Arc


def form_batches(contracts: Contracts, analysis: Analysis) -> Grouping:
    """The finest batches that the arcs and the declared batches allow. Raises PlanError with every problem found."""
    problems = [*analysis.problems, *_declared_problems(contracts)]
    if problems:
        raise PlanError(problems)
    graph: dict[str, list[str]] = {name: [] for name in contracts.changing}
    for arc in analysis.arcs:
        graph[arc.dependent].append(arc.requirement)
    cycles = [tuple(sorted(members)) for members in strongly_connected(graph)]
    groups = _name(_merge(cycles, contracts.batches))
    grouping = Grouping(groups, requirements(groups, analysis.arcs), analysis.arcs)
    problems = _order_problems(grouping)
    if not problems:
        judged, warnings, problems = _judge(contracts, grouping, {m: c for c in cycles for m in c})
        grouping = Grouping(judged, grouping.requires, grouping.arcs, (*analysis.warnings, *warnings))
    if problems:
        raise PlanError(problems)
    return grouping


def _declared_problems(contracts: Contracts) -> list[Diagnostic]:
    problems = []
    changing = set(contracts.changing)
    home: dict[str, str] = {}
    names: set[str] = set()
    for batch in contracts.batches:
        if batch.name in RESERVED:
            problems.append(
                problem(f"a batch cannot be called {batch.name}", "that is a task of the DAG itself", batch.location)
            )
        if batch.name in names:
            problems.append(problem(f"two batches are called {batch.name}", "give one another name", batch.location))
        names.add(batch.name)
        if batch.name in changing and batch.name not in batch.components:
            problems.append(
                problem(
                    f"batch {batch.name} has the name of a component that is not in it",
                    "give the batch another name",
                    batch.location,
                )
            )
        for component in batch.components:
            if component not in changing:
                problems.append(
                    problem(
                        f"{component}, in batch {batch.name}, is not part of this rollout",
                        "take it out of the batch, or add it to the rollout's components",
                        batch.location,
                    )
                )
            elif home.setdefault(component, batch.name) != batch.name:
                problems.append(
                    problem(
                        f"{component} is in two batches, {home[component]} and {batch.name}",
                        "take it out of one",
                        batch.location,
                    )
                )
    return problems


def _merge(
    cycles: list[tuple[str, ...]], declared: tuple[DeclaredBatch, ...]
) -> list[tuple[tuple[str, ...], DeclaredBatch | None]]:
    """Join the cycles that a declared batch touches. Raises PlanError for a cycle that two of them touch."""
    home = {component: batch for batch in declared for component in batch.components}
    joined: dict[str, list[str]] = {batch.name: [] for batch in declared}
    merged: list[tuple[tuple[str, ...], DeclaredBatch | None]] = []
    problems = []
    for members in cycles:
        batches = {home[m].name: home[m] for m in members if m in home}
        if len(batches) > 1:
            problems.append(
                problem(
                    f"{', '.join(members)} can only move together, and stand in different batches: "
                    f"{', '.join(sorted(batches))}",
                    "put them into one batch, or break the cycle up",
                    first_place(batch.location for batch in batches.values()),
                )
            )
        elif batches:
            joined[next(iter(batches))] += members
        else:
            merged.append((members, None))
    if problems:
        raise PlanError(problems)
    merged += [(tuple(sorted(joined[batch.name])), batch) for batch in declared]
    return merged


def _name(merged: list[tuple[tuple[str, ...], DeclaredBatch | None]]) -> dict[str, Group]:
    """Names in a fixed order of precedence, so that they do not depend on the order of the documents."""
    named: dict[str, Group] = {}
    taken = {batch.name for _, batch in merged if batch}
    # A single component has the first right to its own name.
    for members, batch in sorted(merged, key=lambda item: (len(item[0]) > 1, item[0])):
        name = batch.name if batch else group_name(members, taken)
        taken.add(name)
        named[name] = Group(name, members, declared=batch)
    return {name: named[name] for name in sorted(named)}


def _order_problems(grouping: Grouping) -> list[Diagnostic]:
    """Merging declared batches may have closed a cycle between batches."""
    cycle = find_cycle(grouping.requires)
    if not cycle:
        return []
    reasons = cycle_reasons(grouping, cycle)
    declared = [g.declared for g in (grouping.groups[n] for n in cycle) if g.declared]
    return [
        problem(
            f"the declared batches close a cycle: {' -> '.join(cycle)} ({'; '.join(reasons)})",
            f"split {' or '.join(sorted({b.name for b in declared}))}, or put all of them into one batch",
            declared[0].location,
        )
    ]


def cycle_reasons(grouping: Grouping, cycle: list[str]) -> list[str]:
    """One reason for each step of a cycle of groups."""
    group_of = grouping.group_of()
    reasons = []
    for dependent, requirement in pairwise(cycle):
        arc = next(
            a for a in grouping.arcs if (group_of[a.dependent], group_of[a.requirement]) == (dependent, requirement)
        )
        reasons.append(arc.reason)
    return reasons


def _judge(
    contracts: Contracts, grouping: Grouping, cycle_of: dict[str, tuple[str, ...]]
) -> tuple[dict[str, Group], list[str], list[Diagnostic]]:
    """Which groups are lockstep, whether their members can do that, and what to tell the reader."""
    group_of = grouping.group_of()
    internal: defaultdict[str, list[Arc]] = defaultdict(list)
    for arc in grouping.arcs:
        if group_of[arc.dependent] == group_of[arc.requirement]:
            internal[group_of[arc.dependent]].append(arc)
    groups: dict[str, Group] = {}
    warnings: list[str] = []
    problems: list[Diagnostic] = []
    for name, group in grouping.groups.items():
        arcs = internal[name]
        lockstep = any(arc.kind == CONTRACT for arc in arcs)
        groups[name] = Group(name, group.members, lockstep, group.declared)
        if group.declared:
            joined = sorted(set(group.members) - set(group.declared.components))
            if joined:
                warnings.append(
                    f"batch {name}: {', '.join(joined)} joined it, because a cycle of arcs ties it to a member"
                )
        if not arcs:
            continue
        cause = "a declared batch" if all(len(cycle_of[m]) == 1 for m in group.members) else "a cycle"
        if lockstep:
            way_out = (
                what_would_break(group.members, arcs)
                if cause == "a cycle"
                else f"take them out of batch {name}, and they move one after the other"
            )
            members = [contracts.components[m] for m in group.members]
            migrating = [m.name for m in members if m.target and any(d.migrates for d in m.target.data.values())]
            able = ("recreate",) if migrating else AT_ONCE_STRATEGIES
            unable = [m.name for m in members if m.current is not None and m.strategy not in able]
            where = first_place(arc.location for arc in arcs if arc.kind == CONTRACT)
            because = "; ".join(arc.reason for arc in arcs[:6]) + ("; ..." if len(arcs) > 6 else "")
            if unable:
                problems.append(
                    problem(
                        f"{', '.join(group.members)} have to switch in one moment ({cause}: {because}), "
                        f"and {', '.join(f'{m} ({contracts.components[m].strategy})' for m in unable)} cannot",
                        f"{way_out}; or use {' or '.join(able)} for {', '.join(unable)}"
                        + (
                            f" (the migration {migrating[0]} takes time, in which they must be down)"
                            if migrating
                            else ""
                        ),
                        group.declared.location if group.declared else where,
                    )
                )
            else:
                warnings.append(f"batch {name} has to switch in one moment; {way_out}")
        else:
            edges = ", ".join(f"{a.dependent} -> {a.requirement}" for a in arcs if a.kind == START_ORDER)
            warnings.append(f"batch {name} starts together ({cause} of start order): {edges}")
    return groups, warnings, problems
