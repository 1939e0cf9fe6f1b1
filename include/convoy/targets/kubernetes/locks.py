"""Locks and the fence, by compare-and-set on Leases.

A mutation reads the object, then checks the Lease, then writes with the object's resourceVersion. Whoever takes the
lock away first changes the Lease, and then marks the object, which changes its resourceVersion. So a mutation that had
checked before either lands before the lock was gone for good, or finds another resourceVersion, checks again, and is
refused. What does not exist yet cannot be marked: it is created inert, the Lease is checked again, and only then it is
brought to life, by a mutation like any other.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from convoy.targets.base import Fenced, Lock, LockHeld, TargetUnreachable
from convoy.targets.kubernetes.client import Client, Stale
from convoy.targets.kubernetes.leases import (
    COUNTER,
    SELECTOR,
    Held,
    fenced_holders,
    lease_ref,
    locks_of,
    next_count,
    now,
    read_lease,
    released,
    taken,
    written,
)
from convoy.targets.kubernetes.objects import LEASE, MARK, TOKEN, Ref, ref_of

TRIES = 20
MARKER = "convoy-fence"
"""The field manager of the mark that a fence leaves."""


class Locks:
    """The locks of one namespace. ``duration`` in seconds: when a lock that is not renewed may be taken over."""

    def __init__(self, client: Client, namespace: str, duration: float | None = None) -> None:
        self._client = client
        self._namespace = namespace
        self._duration = duration

    def acquire(self, components: Sequence[str], holder: str) -> Lock:
        """All, or none."""
        wanted = sorted(set(components))
        for name in wanted:
            lease_ref(name, self._namespace)
        for _ in range(TRIES):
            leases, counter = self._all()
            self._may_lock(leases, counter, wanted, holder)
            mine = [held for held in leases.values() if held.holder == holder]
            missing = [name for name in wanted if leases.get(name) is None or leases[name].holder != holder]
            token = max((held.token for held in mine), default=0)
            if not missing:
                for held in mine:
                    # Again, in case the call that took it did not get so far.
                    self._mark(held.bound, token)
                return Lock(holder, token, "forward", tuple(sorted(held.component for held in mine)))
            if not mine:
                token = self._token(max((held.token for held in leases.values()), default=0))
            if self._take(leases, missing, holder, token):
                # Not what was taken, but what is there: another task of the same run may have taken a part.
                continue
        raise TargetUnreachable(f"the Leases of {', '.join(wanted)} change all the time; nothing was locked")

    def fence(self, holder: str) -> Lock:
        """Only the returned lock may change anything from now on."""
        leases, counter = self._all()
        mine = [held for held in leases.values() if held.holder == holder]
        if not mine:
            raise Fenced(f"{holder} holds no lock in namespace {self._namespace}")
        fenced = [held.token for held in mine if held.epoch == "rollback"]
        token = max(fenced) if fenced else self._token(max(held.token for held in mine), fenced=holder)
        if fenced and holder not in fenced_holders(counter):
            self._token(token, fenced=holder)
        parts = []
        for held in sorted(mine, key=lambda held: held.component):
            parts.append(self._change(held.component, holder, token))
        for held in parts:
            self._mark(held.bound, token)
        return Lock(holder, token, "rollback", tuple(held.component for held in parts))

    def release(self, holder: str) -> None:
        """Give up whatever the holder holds."""
        for held in self._all()[0].values():
            found: Held | None = held
            for _ in range(TRIES):
                if found is None or found.holder != holder:
                    break
                try:
                    self._write(released(found))
                    break
                except Stale:
                    found = self.look(found.component)
            else:
                raise TargetUnreachable(f"the Lease of {held.component} changes all the time; it was not released")

    def locks(self) -> Sequence[Lock]:
        """The locks in force."""
        return locks_of(self._all()[0].values())

    def look(self, component: str) -> Held | None:
        """The Lease of a component."""
        live = self._client.get(lease_ref(component, self._namespace))
        return read_lease(live) if live else None

    def check(self, component: str, lock: Lock, bound: Ref | None) -> Held:
        """Refuse a lock that is not in force on the component; remember which object it is, before it is changed.

        Raises Fenced."""
        for _ in range(TRIES):
            held = self.look(component)
            if held is None or not held.is_of(lock):
                found = (
                    f"{held.holder} has token {held.token} ({held.epoch})" if held and held.holder else "nobody does"
                )
                raise Fenced(
                    f"token {lock.token} ({lock.epoch}) of {lock.holder} is not in force on {component}: {found}"
                )
            if (bound is None or held.bound == bound) and held.duration is None:
                return held
            try:
                # Where locks expire, this renews it too.
                return self._write(replace(held, bound=bound or held.bound))
            except Stale:
                continue
        raise TargetUnreachable(f"the Lease of {component} changes all the time")

    def renew(self, holder: str) -> None:
        """Tell that the holder is alive; needed only where locks expire."""
        for held in self._all()[0].values():
            if held.holder == holder and held.duration is not None:
                try:
                    self._write(held)
                except Stale:
                    # Somebody else has just written it; if that was not the holder, the next mutation is refused.
                    continue

    def _all(self) -> tuple[dict[str, Held], dict[str, Any] | None]:
        found = self._client.list(LEASE, self._namespace, SELECTOR)
        leases = [read_lease({**LEASE_KIND, **live}) for live in found if live["metadata"]["name"] != COUNTER]
        counter = next((live for live in found if live["metadata"]["name"] == COUNTER), None)
        return {held.component: held for held in leases if held is not None}, counter

    def _may_lock(
        self, leases: dict[str, Held], counter: dict[str, Any] | None, wanted: Iterable[str], holder: str
    ) -> None:
        rolling_back = any(held.holder == holder and held.epoch == "rollback" for held in leases.values())
        if rolling_back or holder in fenced_holders(counter):
            raise Fenced(f"{holder} has begun to roll back; it gets no lock again")
        time = now()
        others: dict[str, list[str]] = {}
        for name in wanted:
            held = leases.get(name)
            if held and held.holder and held.holder != holder and not held.expired(time):
                others.setdefault(held.holder, []).append(name)
        if others:
            raise LockHeld("; ".join(f"{', '.join(names)} locked by {who}" for who, names in sorted(others.items())))

    def _take(self, leases: dict[str, Held], missing: Sequence[str], holder: str, token: int) -> bool:
        """Take each; where one was taken meanwhile, give back what this call took. Whether all were taken."""
        got: list[Held] = []
        for name in missing:
            before = leases.get(name) or Held(name, None, 0, "forward", None, None, None)
            try:
                got.append(self._write(taken(before, holder, token, "forward", self._duration)))
            except Stale:
                for held in got:
                    self._give_back(held)
                return False
            except BaseException:
                for held in got:
                    self._give_back(held)
                raise
            if before.live is not None:
                # Whoever had it before may have a mutation on its way.
                self._mark(before.bound, token)
        return True

    def _give_back(self, held: Held) -> None:
        try:
            self._write(released(held))
        except Stale:
            # Another task of the same run uses it already, or it was taken over: not ours to give.
            return

    def _change(self, component: str, holder: str, token: int) -> Held:
        for _ in range(TRIES):
            held = self.look(component)
            if held is None or held.holder != holder:
                raise Fenced(f"{holder} has lost its lock on {component} to {held.holder if held else 'nobody'}")
            if (held.token, held.epoch) == (token, "rollback"):
                return held
            try:
                return self._write(replace(held, token=token, epoch="rollback"))
            except Stale:
                continue
        raise TargetUnreachable(f"the Lease of {component} changes all the time; it was not fenced")

    def _mark(self, bound: Ref | None, token: int) -> None:
        if bound is not None:
            # Never the same twice: where nothing changes, the resourceVersion would not either.
            mark = f"{token}-{uuid.uuid4().hex[:8]}"
            self._client.merge(bound, {"metadata": {"annotations": {MARK: mark}}}, MARKER)

    def _token(self, at_least: int, fenced: str | None = None) -> int:
        """One more than every token before."""
        ref = ref_of(LEASE, self._namespace, COUNTER)
        for _ in range(TRIES):
            live = self._client.get(ref)
            body = next_count(live, self._namespace, at_least, fenced)
            try:
                if live is None:
                    self._client.create(ref, body, COUNTER)
                else:
                    self._client.replace(ref, body, COUNTER)
            except Stale:
                continue
            return int(body["metadata"]["annotations"][TOKEN])
        raise TargetUnreachable("the Lease that counts tokens changes all the time")

    def _write(self, held: Held) -> Held:
        ref = lease_ref(held.component, self._namespace)
        body = written(held, self._namespace, now())
        write = self._client.create if held.live is None else self._client.replace
        after = read_lease(write(ref, body, COUNTER))
        assert after is not None
        return after


LEASE_KIND = {"apiVersion": LEASE.api_version, "kind": LEASE.kind}
"""What a list leaves out of its items."""
