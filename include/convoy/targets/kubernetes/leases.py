"""One Lease as a lock: what its fields and annotations mean. Pure.

A component's Lease stays when it is released: it remembers which object the component is. The Lease ``convoy`` counts
the tokens, and remembers who began to roll back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from convoy.targets.base import Lock, Refused
from convoy.targets.kubernetes.objects import COMPONENT, LEASE, TOKEN, Ref, ref_of

COUNTER = "convoy"
PREFIX = "convoy."
LABELS = {"app.kubernetes.io/managed-by": "convoy"}
SELECTOR = "app.kubernetes.io/managed-by=convoy"
EPOCH = "convoy.dev/epoch"
OBJECT = "convoy.dev/object"
COMPONENT_OF = "convoy.dev/component"
FENCED = "convoy.dev/fenced"
REMEMBERED = 500
"""How many holders that rolled back are remembered."""


@dataclass(frozen=True)
class Held:
    """A component's Lease. ``holder`` None: free. ``live`` is the object that the server has, or None."""

    component: str
    holder: str | None
    token: int
    epoch: str
    bound: Ref | None
    renewed: datetime | None
    duration: float | None
    live: dict[str, Any] | None = None

    def expired(self, now: datetime) -> bool:
        """Whether it may be taken over."""
        if self.duration is None or self.renewed is None:
            return False
        return now > self.renewed + timedelta(seconds=self.duration)

    def is_of(self, lock: Lock) -> bool:
        """Whether this lock is in force on the component."""
        return (self.holder, self.token, self.epoch) == (lock.holder, lock.token, lock.epoch)


def lease_ref(component: str, namespace: str) -> Ref:
    """The Lease of a component. Raises Refused for what cannot be one's name."""
    if not COMPONENT.fullmatch(component):
        raise Refused(f"{component!r} is no name of a component")
    return ref_of(LEASE, namespace, f"{PREFIX}{component}")


def read_lease(live: dict[str, Any]) -> Held | None:
    """What a Lease says; None for one that is not a component's."""
    metadata, spec = live["metadata"], live.get("spec") or {}
    if not metadata["name"].startswith(PREFIX):
        return None
    notes = metadata.get("annotations") or {}
    bound = None
    if OBJECT in notes:
        try:
            bound = Ref.from_dict(json.loads(notes[OBJECT]))
        except (ValueError, TypeError) as error:
            raise Refused(f"the annotation {OBJECT} of Lease {metadata['name']} cannot be read: {error}") from error
    try:
        token = int(notes.get(TOKEN, "0"))
    except ValueError as error:
        raise Refused(f"the annotation {TOKEN} of Lease {metadata['name']} is no number") from error
    return Held(
        component=metadata["name"].removeprefix(PREFIX),
        holder=spec.get("holderIdentity") or None,
        token=token,
        epoch=notes.get(EPOCH, "forward"),
        bound=bound,
        renewed=_time(spec.get("renewTime")),
        duration=spec.get("leaseDurationSeconds"),
        live=live,
    )


def written(held: Held, namespace: str, now: datetime) -> dict[str, Any]:
    """The Lease as it is sent: with the resourceVersion of the one that it follows."""
    ref = lease_ref(held.component, namespace)
    before = (held.live or {}).get("metadata") or {}
    notes = {**(before.get("annotations") or {}), TOKEN: str(held.token), EPOCH: held.epoch}
    if held.bound is not None:
        notes[OBJECT] = json.dumps(held.bound.to_dict(), sort_keys=True)
    metadata: dict[str, Any] = {
        "name": ref.name,
        "namespace": ref.namespace,
        "labels": {**(before.get("labels") or {}), **LABELS},
        "annotations": notes,
    }
    if before:
        metadata["resourceVersion"] = before["resourceVersion"]
    spec: dict[str, Any] = {"renewTime": _stamp(now)}
    if held.holder is not None:
        spec["holderIdentity"] = held.holder
    if held.duration is not None:
        spec["leaseDurationSeconds"] = int(held.duration)
    return {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": metadata, "spec": spec}


def locks_of(leases: Iterable[Held]) -> list[Lock]:
    """The locks in force: one per holder, with the epoch and the token of its latest Lease."""
    by_holder: dict[str, list[Held]] = {}
    for held in leases:
        if held.holder is not None:
            by_holder.setdefault(held.holder, []).append(held)
    locks = []
    for holder, parts in sorted(by_holder.items()):
        latest = max(parts, key=lambda part: part.token)
        locks.append(Lock(holder, latest.token, latest.epoch, tuple(sorted(part.component for part in parts))))
    return locks


def taken(held: Held, holder: str, token: int, epoch: str, duration: float | None) -> Held:
    """The Lease in somebody's hands."""
    return replace(held, holder=holder, token=token, epoch=epoch, duration=duration)


def released(held: Held) -> Held:
    """The Lease in nobody's hands."""
    return replace(held, holder=None, epoch="forward", duration=None)


def fenced_holders(counter: Mapping[str, Any] | None) -> list[str]:
    """Who began to roll back."""
    notes = ((counter or {}).get("metadata") or {}).get("annotations") or {}
    try:
        found = json.loads(notes.get(FENCED, "[]"))
    except ValueError as error:
        raise Refused(f"the annotation {FENCED} of Lease {COUNTER} cannot be read: {error}") from error
    return [str(holder) for holder in found]


def next_count(counter: dict[str, Any] | None, namespace: str, at_least: int, fenced: str | None) -> dict[str, Any]:
    """The counter after one more token, and one more holder that rolls back."""
    before = (counter or {}).get("metadata") or {}
    notes = before.get("annotations") or {}
    holders = fenced_holders(counter)
    if fenced is not None and fenced not in holders:
        holders = [*holders, fenced][-REMEMBERED:]
    try:
        count = int(notes.get(TOKEN, "0"))
    except ValueError as error:
        raise Refused(f"the annotation {TOKEN} of Lease {COUNTER} is no number") from error
    metadata: dict[str, Any] = {
        "name": COUNTER,
        "namespace": namespace,
        "labels": {**(before.get("labels") or {}), **LABELS},
        "annotations": {**notes, TOKEN: str(max(count, at_least) + 1), FENCED: json.dumps(holders)},
    }
    if before:
        metadata["resourceVersion"] = before["resourceVersion"]
    return {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": metadata, "spec": {}}


def now() -> datetime:
    """The time of this machine, in UTC."""
    return datetime.now(timezone.utc)


def _stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=timezone.utc)
        except ValueError:
            continue
    return None
