"""From contracts to a plan: analyse, group, grant wishes, fit, postpone what cannot be undone, schedule, certify."""

from __future__ import annotations

from collections.abc import Collection

from convoy.planning.arcs import analyse
from convoy.planning.batches import form_batches
from convoy.planning.blast import blast_radius
from convoy.planning.certificate import certify
from convoy.planning.coarsen import TASK_BUDGET, coarsen, group_seconds
from convoy.planning.collector import collector_paused
from convoy.planning.contracts import ComponentContract, Contracts
from convoy.planning.graph import topological_order
from convoy.planning.groups import Group
from convoy.planning.limits import limit_parallel
from convoy.planning.no_return import postpone
from convoy.planning.plan import Batch, Plan, PlannedChange, PointOfNoReturn
from convoy.planning.reversibility import irreversible
from convoy.planning.schedule import schedule
from convoy.planning.wishes import add_optional, grant_wishes


def make_plan(contracts: Contracts, task_budget: int = TASK_BUDGET) -> Plan:
    """The plan for a change set. Raises PlanError with every reason why there is none."""
    with collector_paused():
        return _make_plan(contracts, task_budget)


def _make_plan(contracts: Contracts, task_budget: int) -> Plan:
    analysis = analyse(contracts)
    grouping = form_batches(contracts, analysis)
    grouping = grant_wishes(contracts, grouping)
    grouping = add_optional(grouping, analysis.optional)
    reasons = irreversible(contracts, analysis.links)
    grouping = postpone(grouping, reasons)
    grouping = coarsen(contracts, grouping, task_budget)
    seconds = group_seconds(contracts, grouping)
    grouping = limit_parallel(grouping, seconds, contracts.max_parallel)
    order = topological_order(grouping.requires)
    position = {name: index for index, name in enumerate(order)}
    times = schedule(grouping.requires, seconds, contracts.max_parallel)
    return Plan(
        rollout=contracts.rollout,
        environment=contracts.environment,
        batches=tuple(
            _batch(
                contracts,
                grouping.groups[name],
                sorted(grouping.requires[name], key=position.__getitem__),
                seconds[name],
                reasons,
            )
            for name in order
        ),
        arcs=tuple(sorted(grouping.arcs, key=lambda arc: (arc.dependent, arc.requirement, arc.kind, arc.reason))),
        certificate=certify(contracts, analysis.links, grouping, order),
        rollback_order=tuple(reversed(order)),
        critical_path=times.critical_path,
        makespan=times.makespan,
        lower_bound=times.lower_bound,
        warnings=(*contracts.warnings, *grouping.warnings),
        points_of_no_return=tuple(
            PointOfNoReturn(name, member, reasons[member])
            for name in order
            for member in grouping.groups[name].members
            if member in reasons
        ),
        blast_radius=blast_radius(contracts.uses, contracts.weights, contracts.changing),
    )


def _batch(
    contracts: Contracts, group: Group, requires: list[str], seconds: float, irreversible: Collection[str]
) -> Batch:
    members = [contracts.components[member] for member in group.members]
    declared = group.declared
    runbooks = dict.fromkeys(member.runbook for member in members if member.runbook)
    own = next(iter(runbooks)) if len(runbooks) == 1 else None
    return Batch(
        name=group.name,
        changes=tuple(_change(member) for member in members),
        requires=tuple(requires),
        lockstep=group.lockstep,
        expected_seconds=seconds,
        on_failure=(declared.on_failure if declared else None) or contracts.on_failure,
        reversible=not any(member in irreversible for member in group.members),
        runbook=(declared.runbook if declared else None) or own,
        acceptance=declared.acceptance if declared else None,
    )


def _change(component: ComponentContract) -> PlannedChange:
    assert component.target is not None
    assert component.target.version is not None
    return PlannedChange(component.name, component.from_version, component.target.version)
