"""The target protocol for a namespace of a Kubernetes cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from convoy.gates.settings import seconds
from convoy.targets.base import Applied, Desired, Lock, Observation, Readiness, Refused
from convoy.targets.connections import Connection, Resolver
from convoy.targets.kubernetes import changes, rights
from convoy.targets.kubernetes.bindings import Bindings, kind_of
from convoy.targets.kubernetes.client import Client
from convoy.targets.kubernetes.connect import from_connection, from_kubeconfig, shared
from convoy.targets.kubernetes.gatekeeper import Gatekeeper
from convoy.targets.kubernetes.jobs import UNDONE, Jobs
from convoy.targets.kubernetes.locks import Locks
from convoy.targets.kubernetes.mutations import Mutations, Order
from convoy.targets.kubernetes.objects import COMPONENT, RUN, Ref, notes_of
from convoy.targets.kubernetes.restoration import Restoration, state_of
from convoy.targets.kubernetes.stamp import generation_now, is_inert, read_stamp


class KubernetesTarget:
    """Workloads of one namespace. See :class:`convoy.targets.base.Target`.

    ``config`` is the environment's target; its ``workloads``, if there, map components to their workload at each
    version, so that a snapshot knows beforehand which fields a rollout will touch. ``resolve_connection`` takes the
    place of Airflow's connections, for tests and tools."""

    def __init__(self, config: Mapping[str, Any], environment: str, resolve_connection: Resolver | None = None) -> None:
        self.environment = environment
        self.namespace = str(config["namespace"])
        if not COMPONENT.fullmatch(self.namespace):
            raise ValueError(f"{self.namespace!r} is no name of a namespace")
        self._manager = str(config.get("field_manager") or "convoy")
        duration = seconds(config, "lock_duration") if config.get("lock_duration") is not None else None
        timeout = seconds(config, "timeout") if config.get("timeout") is not None else 30.0
        self._connection = Connection(str(config.get("connection")), resolve_connection)
        kubeconfig, context = config.get("kubeconfig"), config.get("context")

        def connect() -> Any:
            if kubeconfig:
                return from_kubeconfig(str(kubeconfig), context)
            return from_connection(self._connection, context)

        self._by_connection = not kubeconfig
        workloads = config.get("workloads") or {}
        self._client = Client(connect, timeout)
        self._locks = Locks(self._client, self.namespace, duration)
        self._bindings = Bindings(self._client, self._locks, self.namespace, workloads)
        self._mutations = Mutations(self._client, self._locks, self._manager, config.get("take_fields_from") or ())
        self._restoration = Restoration(self._client, self._locks, self._manager)
        self._jobs = Jobs(self._client, self._locks, self._manager, self.namespace)
        # Tasks come and go; gates wait by the thousand in one process.
        address = (kubeconfig, config.get("connection"), context, timeout, resolve_connection)
        self._shared, watches = shared(address, connect, timeout)
        self._waiting = Bindings(self._shared, Locks(self._shared, self.namespace), self.namespace, workloads)
        self._gatekeeper = Gatekeeper(self._shared, watches)
        self._refs: dict[str, Ref | None] = {}

    def prepare(self) -> None:
        """Reach the API server, and see that we may use Leases in the namespace."""
        self._locks.locks()

    def observe(self, component: str) -> Observation:
        """What is live now.

        ``version`` is what Convoy has brought the object to, as long as what it set still stands; else the version of
        the manifests whose fields the object has; else the tag of its image."""
        ref = self._bindings.of(component)
        live = self._client.get(ref) if ref else None
        if live is None or ref is None or is_inert(live) or live["metadata"].get("deletionTimestamp"):
            return Observation(component, None)
        versions, kind = self._bindings.versions(component), kind_of(ref)
        stamp = read_stamp(live)
        standing = stamp is not None and stamp.intact(live)
        if stamp is not None and standing:
            version: str | None = None if stamp.version == UNDONE else stamp.version
        else:
            version = changes.version_of(component, versions, live, kind)
        if version is None:
            return Observation(component, None)
        paths = {*changes.paths_for_snapshot(component, versions, live, kind), *(stamp.stands.paths if stamp else ())}
        return Observation(
            component=component,
            version=version,
            generation=generation_now(live),
            changed_by=notes_of(live).get(RUN) if standing else None,
            state=state_of(ref, live, paths, self._manager),
        )

    def acquire(self, components: Sequence[str], holder: str) -> Lock:
        """Lock all of the components, or none."""
        return self._locks.acquire(components, holder)

    def fence(self, holder: str) -> Lock:
        """Only the returned lock may change anything from now on."""
        return self._locks.fence(holder)

    def release(self, holder: str) -> None:
        """Give up whatever the holder holds."""
        self._locks.release(holder)

    def renew(self, holder: str) -> None:
        """Tell that the holder is alive; needed only where the environment gives locks a duration."""
        self._locks.renew(holder)

    def locks(self) -> Sequence[Lock]:
        """The locks in force."""
        return self._locks.locks()

    def apply(self, desired: Desired, lock: Lock) -> Applied:
        """Server-side apply of what the version sets, under the lock."""
        _must_be_whole(desired)
        self._refs.pop(desired.component, None)
        if desired.workload.get("kind") == "job":
            return self._jobs.start(desired, lock)
        return self._mutations.bring(self._order(desired), lock)

    def restore(self, component: str, prior: Observation, lock: Lock) -> Applied:
        """What was observed, under the lock: values, absences, and owners."""
        self._refs.pop(component, None)
        ref = self._bindings.of(component)
        if ref is not None and ref.kind == "Job":
            return self._jobs.undo(component, ref, prior, lock)
        if prior.version is None:
            return self._restoration.remove(component, ref, lock)
        return self._restoration.back(component, prior, lock)

    async def ready(self, component: str, generation: int) -> Readiness:
        """How far the change has come. Requests go through threads, over connections that are kept."""
        if self._by_connection:
            await self._connection.aget()
        # Should the credentials have to be read again: this connection was looked up just now, off the threads.
        self._shared.connect = self._client.connect
        return await asyncio.to_thread(self._ready, component, generation)

    def refusals(self, desired: Sequence[Desired]) -> list[str]:
        """Everything that the cluster would refuse to these changes, one line each, before anything is touched.

        First the rights, for the rollback too; where none is missing, a dry run of every change on the server:
        validation, admission, quota, and who owns the fields."""
        found = self.missing_rights([one.workload for one in desired])
        if found:
            return found
        for one in desired:
            try:
                self.dry_run(one)
            except Refused as error:
                found.append(str(error))
        return found

    def dry_run(self, desired: Desired) -> None:
        """Ask the server what it would say to a change. Raises Refused."""
        _must_be_whole(desired)
        if desired.workload.get("kind") == "job":
            self._jobs.dry_run(desired)
        else:
            self._mutations.dry_run(self._order(desired))

    def missing_rights(self, workloads: Sequence[Mapping[str, Any]]) -> list[str]:
        """The verbs that a run with these workloads, or its rollback, would need and we do not have, one line each."""
        return rights.missing(self._client, rights.needed(workloads, self.namespace, self._bindings.resource_of))

    def _order(self, desired: Desired) -> Order:
        ref = self._bindings.of_workload(desired.component, desired.workload)
        return Order(
            component=desired.component,
            version=desired.version,
            kind=kind_of(ref),
            ref=ref,
            workload={**desired.workload, "kind": kind_of(ref)},
            versions=self._bindings.versions(desired.component),
            strategy=desired.strategy,
        )

    def _ready(self, component: str, generation: int) -> Readiness:
        if self._refs.get(component) is None:
            self._refs[component] = self._waiting.of(component)
        return self._gatekeeper.ready(component, self._refs[component], generation)


def _must_be_whole(desired: Desired) -> None:
    """Refuse what would need two revisions side by side, or a switch of several components in one moment."""
    if desired.weight != 100:
        raise Refused(f"{desired.component}: a share of {desired.weight} % is not possible with this target")
    if len(desired.group) > 1:
        together = ", ".join(sorted(desired.group))
        raise Refused(f"{desired.component}: {together} cannot switch in one moment with this target (lockstep)")
