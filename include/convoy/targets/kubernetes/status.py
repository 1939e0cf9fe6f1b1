"""How far an object has come: the counts and conditions of each kind, as one assessment. Pure.

Nothing counts that the controller said about an earlier generation: ``observedGeneration`` has to have caught up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convoy.targets.kubernetes.objects import Ref, generation_of

TEMPLATE_GENERATION = "pod-template-generation"
REVISION_HASH = "controller-revision-hash"
TEMPLATE_HASH = "pod-template-hash"


@dataclass(frozen=True)
class Progress:
    """What the object itself says. ``available`` counts every revision until the roll is complete.

    ``revision``: label and value that the pods of the deployed revision have, where the object tells."""

    ready: bool
    failed: bool
    message: str
    desired: int = 0
    updated: int = 0
    available: int = 0
    revision: tuple[str, str] | None = None


def progress_of(ref: Ref, live: Mapping[str, Any]) -> Progress:
    """How far an object has come."""
    status = live.get("status") or {}
    if ref.kind in ("ConfigMap", "CronJob"):
        suspended = ref.kind == "CronJob" and (live.get("spec") or {}).get("suspend")
        return Progress(True, False, "it is suspended" if suspended else "it is in place")
    if ref.kind == "Job":
        return job(live)
    if ref.profile is not None:
        from convoy.targets.kubernetes.profiles import custom

        return custom(ref.profile, live)
    if int(status.get("observedGeneration") or 0) < generation_of(live):
        return Progress(False, False, "its controller has not seen the change yet", desired=_desired(ref, live))
    if ref.kind == "Deployment":
        return deployment(live)
    if ref.kind == "StatefulSet":
        return stateful_set(live)
    return daemon_set(live)


def deployment(live: Mapping[str, Any]) -> Progress:
    """A Deployment whose status is of its present generation."""
    spec, status = live["spec"], live.get("status") or {}
    desired = int(spec.get("replicas", 1))
    total, updated = _count(status, "replicas"), _count(status, "updatedReplicas")
    available, up = _count(status, "availableReplicas"), _count(status, "readyReplicas")
    counts = (desired, updated, min(available, updated))
    late = condition(status, "Progressing")
    if late.get("status") == "False" and late.get("reason") == "ProgressDeadlineExceeded":
        return Progress(False, True, f"ProgressDeadlineExceeded: {late.get('message') or 'no message'}", *counts)
    if spec.get("paused"):
        return Progress(False, False, "the Deployment is paused: it does not roll until somebody resumes it", *counts)
    if updated < desired:
        return Progress(False, False, f"{updated} of {desired} replicas are updated", *counts)
    if total > updated:
        return Progress(False, False, f"{total - updated} replicas of another revision are left", *counts)
    if available < desired or up < desired:
        blocked = condition(status, "ReplicaFailure")
        why = f": {blocked.get('message')}" if blocked.get("status") == "True" else ""
        return Progress(False, False, f"{min(available, up)} of {desired} replicas are available{why}", *counts)
    return Progress(True, False, f"{available} of {desired} replicas are up", *counts)


def stateful_set(live: Mapping[str, Any]) -> Progress:
    """A StatefulSet whose status is of its present generation."""
    spec, status = live["spec"], live.get("status") or {}
    desired = int(spec.get("replicas", 1))
    strategy = spec.get("updateStrategy") or {}
    partition = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
    updated, up = _count(status, "updatedReplicas"), _count(status, "readyReplicas")
    available = _count(status, "availableReplicas")
    wanted = max(0, desired - partition)
    at = status.get("updateRevision")
    counts = (wanted, updated, min(available, updated), (REVISION_HASH, str(at)) if at else None)
    if strategy.get("type") == "OnDelete":
        message = "its update strategy is OnDelete: pods change only when somebody deletes them"
        return Progress(False, status.get("currentRevision") != at, message, *counts)
    if updated < wanted:
        return Progress(False, False, f"{updated} of {wanted} replicas are updated", *counts)
    if up < desired or available < desired:
        return Progress(False, False, f"{min(up, available)} of {desired} replicas are available", *counts)
    if not partition and status.get("currentRevision") != at:
        return Progress(False, False, "the last replica is being taken over into the new revision", *counts)
    return Progress(True, False, f"{up} of {desired} replicas are up", *counts)


def daemon_set(live: Mapping[str, Any]) -> Progress:
    """A DaemonSet whose status is of its present generation."""
    status = live.get("status") or {}
    desired, updated = _count(status, "desiredNumberScheduled"), _count(status, "updatedNumberScheduled")
    available = _count(status, "numberAvailable")
    template = (live["metadata"].get("annotations") or {}).get("deprecated.daemonset.template.generation")
    counts = (desired, updated, min(available, updated), (TEMPLATE_GENERATION, template) if template else None)
    if (live["spec"].get("updateStrategy") or {}).get("type") == "OnDelete" and updated < desired:
        message = "its update strategy is OnDelete: pods change only when somebody deletes them"
        return Progress(False, True, message, *counts)
    if updated < desired:
        return Progress(False, False, f"{updated} of {desired} nodes are updated", *counts)
    if available < desired:
        return Progress(False, False, f"{available} of {desired} nodes are available", *counts)
    return Progress(True, False, f"{available} of {desired} nodes are up", *counts)


def job(live: Mapping[str, Any]) -> Progress:
    """A Job. ``SuccessCriteriaMet`` and ``FailureTarget`` come before the end, and are not it."""
    spec, status = live.get("spec") or {}, live.get("status") or {}
    desired, done = int(spec.get("completions") or 1), _count(status, "succeeded")
    counts = (desired, desired, done)
    failed = condition(status, "Failed")
    if failed.get("status") == "True":
        why = f"{failed.get('reason') or 'Failed'}: {failed.get('message') or 'no message'}"
        return Progress(False, True, f"the Job has failed: {why}", *counts)
    if condition(status, "Complete").get("status") == "True":
        return Progress(True, False, "the Job is complete", *counts)
    if spec.get("suspend"):
        return Progress(False, False, "the Job is suspended", *counts)
    tries = f", {_count(status, 'failed')} tries have failed" if status.get("failed") else ""
    return Progress(False, False, f"the Job runs: {done} of {desired} completions{tries}", *counts)


def condition(status: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """A condition, or an empty one."""
    found: Sequence[Mapping[str, Any]] = status.get("conditions") or []
    return next((entry for entry in found if entry.get("type") == kind), {})


def _count(status: Mapping[str, Any], key: str) -> int:
    return int(status.get(key) or 0)


def _desired(ref: Ref, live: Mapping[str, Any]) -> int:
    if ref.kind == "DaemonSet":
        return _count(live.get("status") or {}, "desiredNumberScheduled")
    return int((live.get("spec") or {}).get("replicas", 1))
