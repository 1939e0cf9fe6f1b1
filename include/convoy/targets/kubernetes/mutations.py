"""Bringing an object to a version: read, check the lock, server-side apply of what the version sets, no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convoy.targets.base import Applied, Lock, Refused, TargetUnreachable
from convoy.targets.kubernetes import changes
from convoy.targets.kubernetes.client import Client, OwnedByOthers, Stale
from convoy.targets.kubernetes.fields import (
    Fields,
    body_of,
    digest,
    dotted,
    leaves,
    read,
)
from convoy.targets.kubernetes.locks import Locks
from convoy.targets.kubernetes.objects import CREATED, INERT, RESTORER, RUN, TOKEN, VERSION, Ref, notes_of
from convoy.targets.kubernetes.stamp import Stands, generation_now, is_inert, read_stamp, stamped, stands_after

TRIES = 20
CAUSE_FIELD = ".metadata.annotations.kubernetes.io/change-cause"


@dataclass(frozen=True)
class Order:
    """What an object shall become. ``versions``: the workload at each version that the manifests know, which is what a
    snapshot goes by."""

    component: str
    version: str
    kind: str
    ref: Ref
    workload: Mapping[str, Any]
    versions: Mapping[str, Mapping[str, Any]]
    strategy: Mapping[str, Any]


class Mutations:
    """Writes under a lock. ``manager`` owns what is set; fields of ``take`` may be taken over, nobody else's."""

    def __init__(self, client: Client, locks: Locks, manager: str, take: Sequence[str] = ()) -> None:
        self._client = client
        self._locks = locks
        self._manager = manager
        self._take = tuple(take)

    def bring(self, order: Order, lock: Lock) -> Applied:
        """Bring the object to the version. Raises Fenced, Refused, TargetUnreachable."""
        template = changes.created(order.component, order.workload)
        for _ in range(TRIES):
            live = self._client.get(order.ref)
            self._locks.check(order.component, lock, order.ref)
            if live is not None and live["metadata"].get("deletionTimestamp"):
                raise Refused(f"{order.component}: {order.ref} is being deleted")
            must_move_as_wanted(order, live or template)
            try:
                if live is None:
                    self._create_inert(order, template, lock)
                    continue
                return self._apply(order, template, live, lock)
            except Stale:
                continue
        raise TargetUnreachable(f"{order.ref} changes all the time; it was not brought to {order.version}")

    def dry_run(self, order: Order) -> dict[str, Any] | None:
        """What the server says to the change, without doing it; None where it would be created.

        Raises Refused with the server's reason: admission, quota, validation, ownership, rights."""
        template = changes.created(order.component, order.workload)
        live = self._client.get(order.ref)
        fields = self._fields(order, template, live)
        if live is None and template is None:
            raise Refused(f"{order.component}: {order.ref} does not exist, and its workload has no template")
        must_move_as_wanted(order, live or template)
        try:
            return self._client.apply(order.ref, body_of(fields), self._manager, dry_run=True)
        except OwnedByOthers as error:
            if all(owner in self._may_take for owner in error.owners.values()):
                return self._client.apply(order.ref, body_of(fields), self._manager, force=True, dry_run=True)
            raise self._conflict(order, error) from error

    def _fields(self, order: Order, template: Mapping[str, Any] | None, live: Mapping[str, Any] | None) -> Fields:
        """All that is set: what the version says, and the template where the object is ours."""
        ours = live is None or CREATED in notes_of(live)
        whole = dict(leaves(template)) if ours and template else {}
        base = template if live is None else live
        return {**whole, **changes.touched(order.component, order.version, order.workload, base)}

    def _create_inert(self, order: Order, template: Mapping[str, Any] | None, lock: Lock) -> None:
        """Create what does nothing yet. A lock that is lost in this moment is noticed before it is brought to life."""
        if template is None:
            raise Refused(
                f"{order.component}: {order.ref} does not exist; a {order.kind} is created only from a template"
            )
        fields = {**self._fields(order, template, None), **changes.inert(order.kind)}
        if order.kind == "configMap":
            fields = {}
        notes = {INERT: "true", CREATED: "true", RUN: lock.holder, TOKEN: str(lock.token), VERSION: order.version}
        for key, value in notes.items():
            fields[("metadata", "annotations", key)] = value
        made = self._client.apply(order.ref, body_of(fields), self._manager)
        others = {entry.get("manager") for entry in made["metadata"].get("managedFields") or []} - {self._manager}
        if others:
            # Somebody else has created it in this very moment: what was merged into theirs goes out again.
            self._client.apply(order.ref, {}, self._manager)
            raise Stale(f"{order.ref} was created by {', '.join(sorted(map(str, others)))} at the same time")
        try:
            self._locks.check(order.component, lock, order.ref)
        except BaseException:
            discard(self._client, order.ref, made)
            raise

    def _apply(self, order: Order, template: Mapping[str, Any] | None, live: dict[str, Any], lock: Lock) -> Applied:
        fields = self._fields(order, template, live)
        stamp, desired = read_stamp(live), digest(fields)
        ours = CREATED in notes_of(live)
        wanted = (lock.holder, order.version, desired)
        if stamp is not None and stamp.intact(live) and (stamp.run, stamp.version, stamp.desired) == wanted:
            message = f"{order.component} is already {order.version}"
            return Applied(order.component, generation_now(live), False, message)
        if stamp is not None and stamp.run == lock.holder and stamp.component != order.component:
            raise Refused(
                f"{order.component}: {order.ref} is {stamp.component} in this run; one object is one component"
            )
        if not ours:
            self._must_be_covered(order, fields, live)
        if order.kind == "custom":
            fields = self._no_more_than(order, fields, live, lock, ours)
        stands = stands_after(live, self._foreseen(order, fields, live, lock, ours), fields)
        _, taken = self._send(order, fields, stands, live, lock, ours)
        before = stamp.version if stamp else None
        message = f"{order.component} goes {f'from {before} ' if before else ''}to {order.version}"
        if taken:
            message += f" (took over {'; '.join(taken)})"
        return Applied(order.component, stands.generation, True, message)

    def _no_more_than(self, order: Order, fields: Fields, live: dict[str, Any], lock: Lock, ours: bool) -> Fields:
        """The fields in a form that changes no others: lists of custom resources may have no keys to merge by."""
        for form in (fields, changes.whole_lists(fields, live)):
            stands = stands_after(live, live, form)
            after = self._send(order, form, stands, live, lock, ours, dry_run=True)[0]
            if not changes.further_changes(form, live, after):
                return form
        raise Refused(
            f"{order.component}: {order.ref} would change in more than what the manifest sets; nothing was done"
        )

    def _foreseen(self, order: Order, fields: Fields, live: dict[str, Any], lock: Lock, ours: bool) -> dict[str, Any]:
        """The object as it will be at these fields.

        Where values are more than texts the server is asked: it spells them in its own way (1000m is 1)."""
        if all(isinstance(value, str) or "env" in path for path, value in fields.items()):
            return body_of(fields)
        return self._send(order, fields, stands_after(live, live, fields), live, lock, ours, dry_run=True)[0]

    def _send(
        self,
        order: Order,
        fields: Fields,
        stands: Stands,
        live: dict[str, Any],
        lock: Lock,
        ours: bool,
        dry_run: bool = False,
    ) -> tuple[dict[str, Any], list[str]]:
        """Server-side apply on exactly this resourceVersion; the object, and whose fields were taken over."""
        desired, cause, force = (
            digest(self._fields(order, changes.created(order.component, order.workload), live)),
            True,
            False,
        )
        taken: list[str] = []
        for _ in range(3):
            whole = stamped(
                fields,
                stands,
                desired,
                component=order.component,
                version=order.version,
                lock=lock,
                created=ours,
                cause=cause,
            )
            body = body_of(whole)
            body["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
            try:
                return self._client.apply(order.ref, body, self._manager, force=force, dry_run=dry_run), taken
            except OwnedByOthers as error:
                foreign = {field: owner for field, owner in error.owners.items() if owner not in self._may_take}
                if set(foreign) == {CAUSE_FIELD}:
                    cause = False
                    continue
                if foreign:
                    raise self._conflict(order, error) from error
                force = True
                taken = [f"{field.lstrip('.')} of {owner}" for field, owner in sorted(error.owners.items())]
        raise TargetUnreachable(f"{order.ref}: the owners of its fields change all the time")

    @property
    def _may_take(self) -> tuple[str, ...]:
        # A restore that was ended half-way has left fields with its own manager.
        return (*self._take, self._manager, RESTORER)

    def _conflict(self, order: Order, error: OwnedByOthers) -> Refused:
        whose = "; ".join(f"{field.lstrip('.')} is owned by {owner}" for field, owner in sorted(error.owners.items()))
        names = ", ".join(sorted({owner for owner in error.owners.values() if owner not in self._may_take}))
        return OwnedByOthers(
            f"{order.component}: {order.ref} has fields of others, and nothing was changed: {whose}. Take the field "
            f"out of what they apply, or let the environment's target take it: takeFieldsFrom: [{names}]",
            error.owners,
        )

    def _must_be_covered(self, order: Order, fields: Fields, live: Mapping[str, Any]) -> None:
        """A field that no snapshot can have had could not be restored: it is not touched."""
        stamp = read_stamp(live)
        covered = set(changes.paths_for_snapshot(order.component, order.versions, live, order.kind))
        covered |= set(stamp.stands.paths) if stamp else set()
        missing = [path for path in fields if path not in covered]
        if missing:
            raise Refused(
                f"{order.component}: the snapshot does not have {', '.join(map(dotted, missing))}, since the target "
                "was not told of this version's workload; nothing was changed"
            )


def discard(client: Client, ref: Ref, made: Mapping[str, Any]) -> None:
    """Remove what was created and never brought to life, unless somebody else has done so meanwhile."""
    for _ in range(TRIES):
        live = client.get(ref)
        if live is None or not is_inert(live) or live["metadata"]["uid"] != made["metadata"]["uid"]:
            return
        try:
            client.delete(ref, live)
        except Stale:
            continue
        return
    raise TargetUnreachable(f"{ref} changes all the time; it was created asleep, and not removed")


def must_move_as_wanted(order: Order, live: Mapping[str, Any] | None) -> None:
    """Refuse a way of moving that the object does not take: versions that may not meet would meet."""
    wanted = str(order.strategy.get("type") or "rolling")
    if wanted == "rolling" or order.kind in ("configMap", "cronJob"):
        return
    how = read(live or {}, ("spec", "strategy", "type"))
    if wanted == "recreate" and order.kind == "deployment" and how == "Recreate":
        return
    hint = "give the Deployment strategy.type: Recreate" if wanted == "recreate" else "choose rolling or recreate"
    raise Refused(f"{order.component}: {order.ref} does not move by strategy {wanted} with this target; {hint}")
