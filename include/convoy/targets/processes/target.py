"""The target protocol on top of the store: orders are written, and what the controller says is read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from convoy.targets.base import (
    Applied,
    Desired,
    Endpoint,
    Fenced,
    Lock,
    Observation,
    Readiness,
    Refused,
    TargetUnreachable,
)
from convoy.targets.processes import supervisord
from convoy.targets.processes.controller import alive
from convoy.targets.processes.layout import layout_of
from convoy.targets.processes.ports import HOST
from convoy.targets.processes.report import Report
from convoy.targets.processes.spec import Spec, spec_of
from convoy.targets.processes.store import Order, Store

AWAY = "the controller of this environment does not answer, so nobody knows whether its replicas run"


class ProcessesTarget:
    """Operating-system processes of one environment on this machine. See :class:`convoy.targets.base.Target`."""

    def __init__(self, environment: str, root: str | None = None) -> None:
        self.environment = environment
        self.layout = layout_of(environment, root)
        self._store = Store(self.layout.store)

    def prepare(self) -> None:
        """Start supervisord and the controller, unless they run. They outlive the caller."""
        supervisord.start(self.layout)

    def observe(self, component: str) -> Observation:
        """What is live now.

        ``version`` is one version only where that version is completely rolled out. While a component is on its way,
        the versions are joined: ``1.0.0 and 1.1.0``. None: it does not exist, or its first version is not up yet.
        ``state`` is ``spec`` (and ``stable`` under a canary); with ``transition`` where it is on its way, and
        ``degraded`` where it is not what it was rolled out to be: replicas are down, or the controller is.
        """
        if not self._store.exists:
            return Observation(component, None)
        order, report = self._store.look(component)
        if order is None:
            return Observation(component, None)
        report = report if report and report.generation == order.generation else None
        state: dict[str, Any] = {}
        if order.spec:
            state["spec"] = order.spec.to_dict()
            if order.spec.weight < 100:
                state["stable"] = order.stable.to_dict() if order.stable else None
        degraded = self._degraded(order, report)
        if degraded:
            state["degraded"] = degraded
        if report is None or not report.settled:
            state["transition"] = (report.failed or report.message) if report else "not begun yet"
        return Observation(component, self._version(order, report), order.generation, order.changed_by, state)

    def acquire(self, components: Sequence[str], holder: str) -> Lock:
        """Lock all of the components, or none."""
        self.layout.create()
        self._store.create()
        return self._store.acquire(components, holder)

    def fence(self, holder: str) -> Lock:
        """Only the returned lock may change anything from now on."""
        if not self._store.exists:
            raise Fenced(f"{holder} holds no lock: the environment {self.environment} was never used")
        return self._store.fence(holder)

    def release(self, holder: str) -> None:
        """Give up whatever the holder holds."""
        if self._store.exists:
            self._store.release(holder)

    def locks(self) -> Sequence[Lock]:
        """The locks in force."""
        return self._store.locks() if self._store.exists else ()

    def apply(self, desired: Desired, lock: Lock) -> Applied:
        """Write the desired state; the controller does the rest."""
        spec = spec_of(desired)
        self._must_exist(lock)
        return self._store.apply(desired.component, spec, lock)

    def restore(self, component: str, prior: Observation, lock: Lock) -> Applied:
        """Write the desired state back to what it was."""
        self._must_exist(lock)
        if prior.version is None:
            return self._store.restore(component, None, None, lock)
        try:
            spec = Spec.from_dict(prior.state["spec"])
            stable = Spec.from_dict(prior.state["stable"]) if prior.state.get("stable") else None
        except (KeyError, TypeError) as error:
            raise Refused(f"{component}: the snapshot was not taken by this target: {error!r}") from error
        return self._store.restore(component, spec, stable, lock)

    async def ready(self, component: str, generation: int) -> Readiness:
        """How far the change has come. Raises TargetUnreachable while the controller is away."""
        return await asyncio.to_thread(self._ready, component, generation)

    def endpoints(self, component: str) -> Sequence[Endpoint]:
        """The replicas of a component that are up."""
        report = self._store.look(component)[1] if self._store.exists else None
        return report.endpoints if report else ()

    def address(self, component: str) -> tuple[str, int] | None:
        """The stable address of a component, as host and port; None where it has none yet."""
        report = self._store.look(component)[1] if self._store.exists else None
        return (HOST, report.address) if report and report.address else None

    def _ready(self, component: str, generation: int) -> Readiness:
        order, report = self._store.look(component) if self._store.exists else (None, None)
        if order is None and generation == 0:
            return Readiness(True, False, f"{component} does not exist", 0, 0, 0)
        if order is None or order.generation != generation:
            found = f"generation {order.generation}, ordered by {order.changed_by}" if order else "nothing"
            return Readiness(False, True, f"{component}: generation {generation} is superseded: {found} is", 0, 0, 0)
        if not alive(self.layout):
            raise TargetUnreachable(f"{component}: {AWAY}")
        if report is None or report.generation != generation:
            desired = order.spec.replicas if order.spec else 0
            return Readiness(False, False, f"{component}: the controller has not looked at it yet", desired, 0, 0)
        return report.readiness()

    def _degraded(self, order: Order, report: Report | None) -> str:
        if not alive(self.layout):
            return AWAY
        if report is None or not report.settled or report.readiness().ready:
            return ""
        return report.readiness().message

    def _version(self, order: Order, report: Report | None) -> str | None:
        """One version where it is the only one, the names of all that may be there, or None."""
        settled = report is not None and report.settled
        if settled and (order.spec is None or order.spec.weight == 100):
            return order.spec.version if order.spec else None
        latest = self._store.look(order.component)[1]
        versions = set(latest.versions) if latest else set()
        if order.stable is None and order.spec and versions <= {order.spec.version}:
            return None
        versions |= {spec.version for spec in (order.spec, order.stable) if spec}
        return " and ".join(sorted(versions)) or None

    def _must_exist(self, lock: Lock) -> None:
        if not self._store.exists:
            raise Fenced(f"{lock.holder} holds no lock: the environment {self.environment} was never used")
