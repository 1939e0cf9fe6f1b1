"""Bringing an object back to what was observed: values, absences and owners of exactly the fields that were touched."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from convoy.targets.base import Applied, Drift, Lock, Observation, Refused, TargetUnreachable
from convoy.targets.kubernetes.client import Client, Stale
from convoy.targets.kubernetes.fields import (
    ABSENT,
    Fields,
    Path,
    dotted,
    from_json,
    plain,
    read,
    to_json,
    values_at,
    write,
)
from convoy.targets.kubernetes.locks import Locks
from convoy.targets.kubernetes.objects import CREATED, RESTORER, RUN, STANDS, Ref, notes_of
from convoy.targets.kubernetes.ownership import given_back, managers_at, owners
from convoy.targets.kubernetes.stamp import OWN_PATHS, Stamp, generation_now, is_inert, read_stamp, stands_after

TRIES = 20


def state_of(ref: Ref, live: Mapping[str, Any], paths: set[Any], manager: str) -> dict[str, Any]:
    """What a restore needs: the values at paths, and who owns them. JSON, the same for the same state."""
    fields, stamp = values_at(live, {*paths, *OWN_PATHS}), read_stamp(live)
    entries = [{"at": to_json(path), **({} if value is ABSENT else {"value": value})} for path, value in fields.items()]
    return {
        "object": ref.to_dict(),
        "uid": live["metadata"]["uid"],
        "fields": sorted(entries, key=lambda entry: str(entry["at"])),
        "owners": owners(live, [*paths, *OWN_PATHS], manager),
        # What has to go on standing after a restore: what a rollout had set, or else all of it.
        "stands": sorted(map(to_json, stamp.stands.paths if stamp else paths), key=str),
    }


class Restoration:
    """Writes under a lock that bring back what was."""

    def __init__(self, client: Client, locks: Locks, manager: str) -> None:
        self._client = client
        self._locks = locks
        self._manager = manager

    def back(self, component: str, prior: Observation, lock: Lock) -> Applied:
        """Back to a snapshot. Raises Fenced, Drift, Refused, TargetUnreachable."""
        try:
            ref = Ref.from_dict(prior.state["object"])
            fields: Fields = {from_json(entry["at"]): entry.get("value", ABSENT) for entry in prior.state["fields"]}
            uid, prior_owners = str(prior.state["uid"]), list(prior.state["owners"])
            standing = [from_json(path) for path in prior.state["stands"]]
        except (KeyError, TypeError) as error:
            raise Refused(f"{component}: the snapshot was not taken by this target: {error!r}") from error
        for _ in range(TRIES):
            live = self._client.get(ref)
            self._locks.check(component, lock, ref)
            if live is None or live["metadata"]["uid"] != uid:
                what = "was deleted" if live is None else "was deleted and made anew"
                raise Drift(f"{component}: {ref} {what} since the snapshot; nothing was restored")
            try:
                return self._restore(component, ref, live, fields, prior_owners, standing, prior, lock)
            except Stale:
                continue
        raise TargetUnreachable(f"{ref} changes all the time; it was not restored")

    def remove(self, component: str, ref: Ref | None, lock: Lock) -> Applied:
        """Back to nothing: delete what this run has created. Raises Fenced, Drift, TargetUnreachable."""
        gone = Applied(component, 0, False, f"{component} is absent, as it was")
        for _ in range(TRIES):
            live = self._client.get(ref) if ref else None
            self._locks.check(component, lock, ref)
            if live is None or ref is None or live["metadata"].get("deletionTimestamp"):
                return gone
            by = notes_of(live).get(RUN)
            stamp = read_stamp(live)
            untouched = is_inert(live) or (stamp is not None and stamp.intact(live))
            if by != lock.holder or CREATED not in notes_of(live) or not untouched:
                raise Drift(f"{component}: {ref} did not exist, and now it is {_whose(live)}; nothing was removed")
            try:
                self._client.delete(ref, live)
            except Stale:
                continue
            return Applied(component, 0, True, f"{component} goes away: {ref} did not exist before")
        raise TargetUnreachable(f"{ref} changes all the time; it was not removed")

    def _restore(
        self,
        component: str,
        ref: Ref,
        live: dict[str, Any],
        fields: Fields,
        prior_owners: list[Mapping[str, Any]],
        standing: list[Path],
        prior: Observation,
        lock: Lock,
    ) -> Applied:
        stamp = read_stamp(live)
        wanted = {path: plain(value) for path, value in self._touched(fields, standing, stamp, lock).items()}
        differing = {path for path, value in wanted.items() if plain(read(live, path)) != value}
        extra = {path for path in (stamp.stands.paths if stamp else ()) if path not in fields}
        same_owners = owners(live, fields, self._manager) == prior_owners and not self._restoring(live)
        if not differing and same_owners:
            return Applied(component, generation_now(live), False, f"{component} is as it was: {prior.version}")
        if differing:
            self._must_be_ours(component, ref, live, differing, lock)
            body = deepcopy(live)
            for path, value in {**wanted, **dict.fromkeys(extra, ABSENT)}.items():
                write(body, path, value)
            stands = stands_after(live, body, standing)
            body["metadata"].setdefault("annotations", {})[STANDS] = stands.to_text()
            live = self._client.replace(ref, body, RESTORER)
        body = deepcopy(live)
        body["metadata"]["managedFields"] = given_back(live, prior_owners, self._manager, RESTORER)
        live = self._client.replace(ref, body, RESTORER)
        return Applied(component, generation_now(live), True, f"{component} goes back to {prior.version}")

    def _touched(self, fields: Fields, standing: list[Path], stamp: Stamp | None, lock: Lock) -> Fields:
        """What of a snapshot is to be restored: where this run has changed the object, only what it touched.

        That is what its version sets, and what the version before had set and this one does not."""
        if stamp is None or stamp.run != lock.holder:
            return fields
        touched = {*stamp.stands.paths, *OWN_PATHS}
        if fields.get(("metadata", "annotations", RUN), ABSENT) is not ABSENT:
            touched |= set(standing)
        return {path: value for path, value in fields.items() if path in touched}

    def _must_be_ours(self, component: str, ref: Ref, live: Mapping[str, Any], differing: set[Any], lock: Lock) -> None:
        """What differs from the snapshot has to be what this run left there."""
        stamp = read_stamp(live)
        if notes_of(live).get(RUN) != lock.holder or stamp is None:
            raise Drift(
                f"{component}: {ref} is {_whose(live)}, not what {lock.holder} left there; nothing was restored"
            )
        if stamp.intact(live):
            return
        strangers = {
            f"{dotted(path)} (by {', '.join(managers_at(live, path)) or 'nobody'})"
            for path in stamp.stands.paths
            if self._manager not in managers_at(live, path)
        }
        changed = ", ".join(sorted(strangers)) or ", ".join(sorted(dotted(path) for path in differing))
        raise Drift(f"{component}: {ref} was changed since by somebody else: {changed}; nothing was restored")

    def _restoring(self, live: Mapping[str, Any]) -> bool:
        return any(entry.get("manager") == RESTORER for entry in live["metadata"].get("managedFields") or [])


def _whose(live: Mapping[str, Any]) -> str:
    notes = notes_of(live)
    stamp = read_stamp(live)
    if RUN not in notes:
        return "somebody else's"
    return f"at {stamp.version if stamp else 'an unknown version'}, changed by {notes[RUN]}"
