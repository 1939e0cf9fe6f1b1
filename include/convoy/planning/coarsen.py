"""Fitting a plan into the task budget of one Airflow run.

The scheduler's work per pass grows with the square of a run's tasks, so a run has a budget. A plan that is over it
merges batches of the same level: those never have an arc between them, and merging inside levels cannot close a cycle,
because every arc leads to a lower level. So the proof stays; what is lost is parallelism, and the plan says how much.
Lockstep and declared batches stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from convoy.manifest.models.base import format_duration
from convoy.planning.contracts import ComponentContract, Contracts
from convoy.planning.errors import PlanError, first_place, problem
from convoy.planning.groups import Group, Grouping, group_name, requirements
from convoy.planning.schedule import levels, schedule

TASK_BUDGET = 600
"""Tasks in one run. At 600 a pass of the scheduler costs 0.15 s of CPU."""
TASK_LIMIT = 1200
"""No run may have more tasks than this: at 1,200 a pass costs 0.65 s, at 6,000 already 21 s."""
TASKS_OF_THE_RUN = 3


def group_seconds(contracts: Contracts, grouping: Grouping) -> dict[str, float]:
    """Expected seconds of each group: its slowest member, because members move side by side."""
    return {
        name: max(contracts.components[member].effort.seconds for member in group.members)
        for name, group in grouping.groups.items()
    }


def task_count(contracts: Contracts, grouping: Grouping) -> int:
    """How many tasks the DAG will have."""
    groups = (tuple(contracts.components[m] for m in g.members) for g in grouping.groups.values())
    return TASKS_OF_THE_RUN + sum(_tasks(members) for members in groups)


def _tasks(members: tuple[ComponentContract, ...]) -> int:
    """Snapshot, deploy, ready and undo; metrics if anybody has some; a shift and an analysis for each canary weight."""
    weights = {weight for member in members for weight in member.effort.weights}
    return 4 + int(any(member.effort.metrics for member in members)) + 2 * len(weights)


def coarsen(contracts: Contracts, grouping: Grouping, budget: int = TASK_BUDGET) -> Grouping:
    """Merge ready-together groups until the plan fits the budget, as little as possible; a warning says what it costs.

    A plan that cannot be made to fit is left as coarse as can be, with a warning. Raises PlanError if even then it has
    more than :data:`TASK_LIMIT` tasks, or the budget if that is higher."""
    before = task_count(contracts, grouping)
    if before <= budget:
        return grouping
    by_level = levels(grouping.requires)
    seconds = group_seconds(contracts, grouping)
    widest = max(len(level) for level in by_level)
    low, high = 2, max(2, widest)
    while low < high:
        middle = (low + high) // 2
        if task_count(contracts, _merged(grouping, by_level, seconds, middle)) <= budget:
            high = middle
        else:
            low = middle + 1
    coarse = _merged(grouping, by_level, seconds, low)
    after = task_count(contracts, coarse)
    if after > max(TASK_LIMIT, budget):
        raise PlanError(
            [
                problem(
                    f"the rollout needs {after} tasks even when batches are merged; one run has at most "
                    f"{max(TASK_LIMIT, budget)}",
                    "split it into several rollouts",
                    first_place(contracts.components[name].location for name in contracts.changing),
                )
            ]
        )
    fine = schedule(grouping.requires, seconds, contracts.max_parallel).makespan
    slow = schedule(coarse.requires, group_seconds(contracts, coarse), contracts.max_parallel).makespan
    warning = (
        f"merged {len(grouping.groups)} batches into {len(coarse.groups)} to fit {budget} tasks ({before} before, "
        f"{after} now); expected makespan {format_duration(round(slow))}"
    )
    warning += f" instead of {format_duration(round(fine))}" if round(slow) != round(fine) else ", as before"
    if after > budget:
        warning += f"; still over the budget of {budget}, so the scheduler will be slow: consider splitting the rollout"
    return replace(coarse, warnings=(*coarse.warnings, warning))


def _merged(grouping: Grouping, by_level: list[tuple[str, ...]], seconds: Mapping[str, float], size: int) -> Grouping:
    """Merge up to ``size`` groups of a level into one, those of like duration together."""
    groups: dict[str, Group] = {}
    taken = set(grouping.groups)
    for level in by_level:
        fixed = [n for n in level if grouping.groups[n].lockstep or grouping.groups[n].declared]
        groups |= {name: grouping.groups[name] for name in fixed}
        rest = sorted(set(level) - set(fixed), key=lambda name: (seconds[name], name))
        for start in range(0, len(rest), size):
            part = rest[start : start + size]
            if len(part) == 1:
                groups[part[0]] = grouping.groups[part[0]]
                continue
            members = tuple(sorted(m for name in part for m in grouping.groups[name].members))
            name = group_name(members, taken)
            taken.add(name)
            groups[name] = Group(name, members)
    ordered = {name: groups[name] for name in sorted(groups)}
    return replace(grouping, groups=ordered, requires=requirements(ordered, grouping.arcs))
