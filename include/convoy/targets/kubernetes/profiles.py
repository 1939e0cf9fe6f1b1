"""Custom resources: how each operator says that it is done. Pure.

``kstatus`` are the conventions that most operators keep: ``observedGeneration``, and the conditions ``Ready``,
``Reconciling``, ``Stalled``. What says nothing is not ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from convoy.targets.kubernetes.fields import ABSENT, read
from convoy.targets.kubernetes.objects import generation_of
from convoy.targets.kubernetes.status import Progress, condition


def custom(profile: str, live: Mapping[str, Any]) -> Progress:
    """How far a custom resource has come."""
    return PROFILES[profile](live)


def kstatus(live: Mapping[str, Any]) -> Progress:
    """The common conventions."""
    status = live.get("status") or {}
    waiting = _unseen(live)
    if waiting:
        return waiting
    stalled = condition(status, "Stalled")
    if stalled.get("status") == "True":
        return Progress(False, True, f"it is stalled: {_said(stalled)}")
    reconciling = condition(status, "Reconciling")
    if reconciling.get("status") == "True":
        return Progress(False, False, f"it is being reconciled: {_said(reconciling)}")
    ready = condition(status, "Ready")
    if ready.get("status") == "True" and _current(ready, live):
        return Progress(True, False, f"it is ready: {_said(ready)}")
    if not ready:
        return Progress(False, False, "it has no condition Ready yet")
    return Progress(False, False, f"it is not ready: {_said(ready)}")


def flux(live: Mapping[str, Any]) -> Progress:
    """Flux's HelmRelease and Kustomization: kstatus, but a suspended one never moves."""
    if (live.get("spec") or {}).get("suspend"):
        return Progress(False, True, "it is suspended: Flux does nothing with it")
    found = kstatus(live)
    exhausted = condition(live.get("status") or {}, "Ready")
    if not found.ready and exhausted.get("reason") in ("RetriesExceeded", "UpgradeFailed", "InstallFailed"):
        remediation = condition(live.get("status") or {}, "Reconciling").get("status") != "True"
        return Progress(False, found.failed or (remediation and not _unseen(live)), found.message)
    return found


def argo_rollout(live: Mapping[str, Any]) -> Progress:
    """Argo's Rollout: ``status.phase``. A pause within its steps is a wait, an abort is final."""
    status, spec = live.get("status") or {}, live.get("spec") or {}
    # It writes observedGeneration as text.
    seen = str(status.get("observedGeneration") or "")
    desired = int(spec.get("replicas", 1))
    counts = (desired, int(status.get("updatedReplicas") or 0), int(status.get("availableReplicas") or 0))
    at = status.get("currentPodHash")
    revision = ("rollouts-pod-template-hash", str(at)) if at else None
    if not seen.isdecimal() or int(seen) < generation_of(live):
        return Progress(False, False, "its controller has not seen the change yet", desired)
    said = str(status.get("message") or status.get("phase") or "no phase yet")
    if status.get("abort") or status.get("phase") == "Degraded":
        return Progress(False, True, f"the Rollout is degraded: {said}", *counts, revision)
    done = at is not None and status.get("phase") == "Healthy" and status.get("stableRS") == at
    return Progress(done, False, f"the Rollout is {'healthy' if done else f'not done: {said}'}", *counts, revision)


def argocd_application(live: Mapping[str, Any]) -> Progress:
    """Argo CD's Application: synced to the wanted revision, and healthy. It counts no observedGeneration."""
    status, spec = live.get("status") or {}, live.get("spec") or {}
    health, sync = status.get("health") or {}, status.get("sync") or {}
    wanted = read(spec, ("source", "targetRevision"))
    compared = read(sync, ("comparedTo", "source", "targetRevision"))
    said = f"sync {sync.get('status') or 'Unknown'}, health {health.get('status') or 'Unknown'}"
    if wanted is not ABSENT and compared != wanted:
        return Progress(False, False, f"Argo CD has not compared revision {wanted} yet ({said})")
    operation = status.get("operationState") or {}
    if operation.get("phase") in ("Failed", "Error"):
        of_now = read(operation, ("syncResult", "source", "targetRevision"))
        if wanted is ABSENT or of_now == wanted:
            return Progress(False, True, f"the sync has failed: {operation.get('message') or operation['phase']}")
    if sync.get("status") == "Synced" and health.get("status") == "Healthy":
        return Progress(True, False, said)
    if sync.get("status") == "Synced" and health.get("status") == "Degraded":
        return Progress(False, True, f"{said}: {health.get('message') or 'no message'}")
    return Progress(False, False, said)


def flagger_canary(live: Mapping[str, Any]) -> Progress:
    """Flagger's Canary: ``status.phase``; a Failed analysis is final."""
    status = live.get("status") or {}
    phase = str(status.get("phase") or "")
    said = f"the Canary is {phase or 'without a phase'}, weight {status.get('canaryWeight', 0)}"
    if phase == "Failed":
        return Progress(False, True, f"{said}: {_said(condition(status, 'Promoted'))}")
    return Progress(phase in ("Succeeded", "Initialized"), False, said)


PROFILES: dict[str, Callable[[Mapping[str, Any]], Progress]] = {
    "kstatus": kstatus,
    "flux-helmrelease": flux,
    "flux-kustomization": flux,
    "argo-rollout": argo_rollout,
    "argocd-application": argocd_application,
    "flagger-canary": flagger_canary,
}


def _unseen(live: Mapping[str, Any]) -> Progress | None:
    seen = (live.get("status") or {}).get("observedGeneration")
    if not isinstance(seen, int) or seen < generation_of(live):
        return Progress(False, False, "its controller has not seen the change yet")
    return None


def _current(found: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    seen = found.get("observedGeneration")
    return seen is None or int(seen) >= generation_of(live)


def _said(found: Mapping[str, Any]) -> str:
    return str(found.get("message") or found.get("reason") or "no message")
