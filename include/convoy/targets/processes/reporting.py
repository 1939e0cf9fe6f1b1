"""From a scene and a decided step to the report about a component, and to its route."""

from __future__ import annotations

from collections.abc import Collection

from convoy.targets.processes.lockstep import waiting_for
from convoy.targets.processes.moves import Step, wanted
from convoy.targets.processes.report import ReplicaReport, Report
from convoy.targets.processes.router import Route
from convoy.targets.processes.scene import Row, Scene
from convoy.targets.processes.store import Order


def report_on(
    order: Order, scene: Scene, step: Step, *, settled: bool, failed: str, drained: Collection[str]
) -> Report:
    """The report about a component after a step; ``drained`` are the programs that the step drains."""
    rows = scene.rows_of(order.component)
    new = order.spec.revision if order.spec else None
    desired = wanted(order.spec, order.stable).get(new, 0) if new else 0
    staying = {row.program for row in rows if not row.leaving and row.program not in drained}
    replicas = tuple(_replica(row, scene, row.program in staying, step.serving) for row in rows)
    available = sum(replica.up and replica.revision == new for replica in replicas)
    others = sum(row.revision != new for row in rows)
    return Report(
        generation=order.generation,
        revision=new,
        desired=desired,
        updated=sum(row.revision == new and row.program in staying for row in rows),
        available=available,
        settled=settled,
        failed=failed,
        message=_message(order, scene, desired, available, others, settled),
        serving=tuple(sorted(step.serving)),
        address=scene.addresses.get(order.component),
        replicas=replicas,
    )


def route_of(order: Order, scene: Scene, report: Report) -> Route | None:
    """Where the component's address leads; None where nothing of it is there, nor shall be."""
    if report.address is None or (order.spec is None and not scene.rows_of(order.component)):
        return None
    return Route(
        report.address, tuple((replica.program, replica.port) for replica in report.replicas if replica.routed)
    )


def _replica(row: Row, scene: Scene, staying: bool, serving: Collection[str]) -> ReplicaReport:
    up = staying and scene.conditions[row.program].up
    return ReplicaReport(row.program, row.version, row.revision, row.port, up, up and row.revision in serving)


def _message(order: Order, scene: Scene, desired: int, available: int, others: int, settled: bool) -> str:
    if order.spec is None:
        return f"{order.component} is being removed: {others} replicas left" if others else f"{order.component} is gone"
    text = f"{available} of {desired} replicas of {order.spec.version} are up"
    if settled:
        return text
    if others:
        text += f", {others} of another revision {'are' if others > 1 else 'is'} left"
    if order.move.lockstep:
        holding = waiting_for(order.component, order.move.lockstep, scene.members)
        if holding:
            text += f"; waits for {', '.join(holding)} to switch in one moment"
    return text
