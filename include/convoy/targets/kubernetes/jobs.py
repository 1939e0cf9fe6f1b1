"""Jobs: created or adopted under a name that follows from rollout, component and content, and never twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from convoy.targets.base import Applied, Desired, Drift, Lock, Observation, Refused, TargetUnreachable
from convoy.targets.kubernetes import changes
from convoy.targets.kubernetes.client import Client, Stale
from convoy.targets.kubernetes.fields import Fields, body_of, digest, leaves
from convoy.targets.kubernetes.locks import Locks
from convoy.targets.kubernetes.mutations import discard
from convoy.targets.kubernetes.objects import CREATED, INERT, JOB, RUN, Ref, notes_of, ref_of
from convoy.targets.kubernetes.stamp import generation_now, is_inert, stamped, stands_after
from convoy.targets.kubernetes.status import condition

TRIES = 20
UNDO = "convoy.dev/undo"
"""On a Job that may be rolled back: the Job that undoes it, as JSON, or ``leave``."""
LEAVE = "leave"
UNDOES = "undoes"
UNDONE = "undone"
"""The version of a component whose Job was undone and that had none before."""


def job_ref(namespace: str, component: str, rollout: str, content: Any) -> Ref:
    """The Job's name: the same for the same rollout, component and content."""
    text = json.dumps([rollout, component, content], sort_keys=True)
    return ref_of(JOB, namespace, f"{component[:44].rstrip('-')}-{hashlib.sha256(text.encode()).hexdigest()[:12]}")


def rollout_of(lock: Lock) -> str:
    """The rollout that a lock belongs to, without the run."""
    return lock.holder.partition("/")[0]


class Jobs:
    """Starts Jobs under a lock, and undoes them."""

    def __init__(self, client: Client, locks: Locks, manager: str, namespace: str) -> None:
        self._client = client
        self._locks = locks
        self._manager = manager
        self._namespace = namespace

    def start(self, desired: Desired, lock: Lock) -> Applied:
        """Start the Job of a version, or adopt the one that is there. Raises Fenced, Refused, TargetUnreachable."""
        workload, fields = desired.workload, self._fields(desired)
        namespace = str(workload.get("namespace") or self._namespace)
        name = str(workload.get("name") or desired.component)
        ref = job_ref(namespace, name, rollout_of(lock), digest(fields))
        ref = self._not_undone(desired.component, ref, lock)
        undo = LEAVE if workload.get("leave_on_rollback") else json.dumps(workload.get("rollback"), sort_keys=True)
        return self._run(desired.component, desired.version, ref, fields, undo, lock)

    def dry_run(self, desired: Desired) -> None:
        """What the server says to the Job, without making it. Raises Refused."""
        fields = self._fields(desired)
        ref = ref_of(
            JOB, str(desired.workload.get("namespace") or self._namespace), f"{desired.component[:50]}-dry-run"
        )
        self._client.apply(ref, body_of(fields), self._manager, dry_run=True)

    def _fields(self, desired: Desired) -> Fields:
        workload = desired.workload
        spec = _spec(workload.get("template"), desired.component)
        set_by_version = changes.touched(desired.component, desired.version, workload, {"spec": spec})
        return {**dict(leaves({"spec": spec})), **set_by_version}

    def _not_undone(self, component: str, ref: Ref, lock: Lock) -> Ref:
        """The Job of this name; where it was undone since, the next one after it. Raises Refused."""
        for _ in range(TRIES):
            live = self._client.get(ref)
            if live is None or not isinstance(_undoing(live), dict):
                return ref
            undo = self._client.get(_undo_ref(component, ref, live, lock))
            if undo is None:
                return ref
            if condition(undo.get("status") or {}, "Complete").get("status") != "True":
                raise Refused(f"{component}: {ref} is being undone, and that has not come to its end")
            ref = job_ref(ref.namespace, component, rollout_of(lock), [ref.name, live["metadata"]["uid"]])
        raise Refused(f"{component}: its Job was undone {TRIES} times; delete the old Jobs")

    def undo(self, component: str, ref: Ref, prior: Observation, lock: Lock) -> Applied:
        """Undo the Job that a run started: remove one that never began; else run the one that undoes it.

        ``ref`` is the component's present Job, ``prior`` what was observed before. Raises Fenced, Drift, Refused."""
        before = Ref.from_dict(prior.state["object"]) if prior.version is not None else None
        for _ in range(TRIES):
            live = self._client.get(ref)
            self._locks.check(component, lock, ref)
            if ref == before:
                generation = generation_now(live) if live else 0
                return Applied(component, generation, False, f"{component}: no other Job was started than {ref}")
            if live is None or live["metadata"].get("deletionTimestamp"):
                return self._as_before(component, before, lock, False)
            if notes_of(live).get(RUN) != lock.holder:
                raise Drift(f"{component}: {ref} was started by {notes_of(live).get(RUN)}; nothing was undone")
            text = notes_of(live).get(UNDO, "null")
            if text == UNDOES:
                return Applied(component, generation_now(live), False, f"{component} is undone by {ref}")
            if text != LEAVE and _began(live):
                return self._undo_by_job(component, ref, live, prior.version or UNDONE, lock)
            try:
                self._client.delete(ref, live)
            except Stale:
                continue
            return self._as_before(component, before, lock, True)
        raise TargetUnreachable(f"{ref} changes all the time; it was not removed")

    def _as_before(self, component: str, before: Ref | None, lock: Lock, changed: bool) -> Applied:
        """The Job of this run is gone; the one before it, if there was one, is the component's again."""
        live = self._client.get(before) if before else None
        if before is not None:
            self._locks.check(component, lock, before)
        message = f"{component}: its Job is removed" if changed else f"{component}: there is no Job, as before"
        return Applied(component, generation_now(live) if live else 0, changed, message)

    def _undo_by_job(self, component: str, ref: Ref, live: Mapping[str, Any], version: str, lock: Lock) -> Applied:
        spec = _undoing(live)
        if not isinstance(spec, dict):
            raise Refused(
                f"{component}: {ref} {_how_far(live)}, and what it did cannot be undone: give its workload a rollback "
                "Job, or leaveOnRollback where there is nothing to undo"
            )
        if not _ended(live):
            raise Refused(f"{component}: {ref} still runs; it is not stopped half-way. Try again when it has ended")
        undo = _undo_ref(component, ref, live, lock)
        fields = dict(leaves({"spec": _spec(spec, component)}))
        return self._run(component, version, undo, fields, UNDOES, lock)

    def _run(self, component: str, version: str, ref: Ref, fields: Fields, undo: str, lock: Lock) -> Applied:
        for _ in range(TRIES):
            live = self._client.get(ref)
            self._locks.check(component, lock, ref)
            if live is not None and not is_inert(live):
                if CREATED not in notes_of(live):
                    raise Refused(f"{component}: there is a {ref} that Convoy has not made")
                message = f"{component}: {ref} is there already, and adopted"
                return Applied(component, generation_now(live), False, message)
            undoing: Fields = {("metadata", "annotations", UNDO): undo}
            # What a Job does cannot be changed once it is there: nothing of it has to be looked at again.
            stands = stands_after(live, {}, ())
            whole = stamped(
                fields,
                stands,
                digest(fields),
                component=component,
                version=version,
                lock=lock,
                created=True,
                cause=False,
            )
            body = body_of({**whole, **undoing})
            if live is None:
                body["spec"]["suspend"] = True
                body["metadata"]["annotations"][INERT] = "true"
            else:
                body["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
            try:
                made = self._client.apply(ref, body, self._manager)
            except Stale:
                continue
            if live is not None:
                return Applied(component, stands.generation, True, f"{component}: {ref} is started")
            try:
                self._locks.check(component, lock, ref)
            except BaseException:
                discard(self._client, ref, made)
                raise
        raise TargetUnreachable(f"{ref} changes all the time; it was not started")


def _spec(template: Any, component: str) -> dict[str, Any]:
    if not isinstance(template, Mapping) or not isinstance(template.get("template"), Mapping):
        raise Refused(f"{component}: the template of a Job is its spec, with a template of pods in it")
    pods = dict(template["template"])
    pods["spec"] = {"restartPolicy": "Never", **(pods.get("spec") or {})}
    return {**template, "template": pods}


def _undoing(live: Mapping[str, Any]) -> Any:
    """The spec of the Job that undoes this one, or None."""
    try:
        return json.loads(notes_of(live).get(UNDO, "null"))
    except ValueError:
        return None


def _undo_ref(component: str, ref: Ref, live: Mapping[str, Any], lock: Lock) -> Ref:
    content = [digest(dict(leaves({"spec": _undoing(live)}))), live["metadata"]["uid"]]
    return job_ref(ref.namespace, f"{component[:38]}-undo", rollout_of(lock), content)


def _began(live: Mapping[str, Any]) -> bool:
    status = live.get("status") or {}
    counts = any(int(status.get(key) or 0) for key in ("active", "succeeded", "failed", "ready"))
    return counts or bool(status.get("startTime"))


def _ended(live: Mapping[str, Any]) -> bool:
    status = live.get("status") or {}
    return any(condition(status, kind).get("status") == "True" for kind in ("Complete", "Failed"))


def _how_far(live: Mapping[str, Any]) -> str:
    return "has ended" if _ended(live) else "has begun"
