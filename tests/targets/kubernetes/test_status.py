"""From status to verdict: the tables, one line per case. Nothing that an object does not say counts as ready."""

from __future__ import annotations

from typing import Any

import pytest

from convoy.targets.kubernetes.objects import BUILT_IN, Ref, ref_of
from convoy.targets.kubernetes.profiles import PROFILES
from convoy.targets.kubernetes.status import progress_of

READY, WAITING, FAILED = "ready", "waiting", "failed"


def verdict(kind: str, live: dict[str, Any], profile: str | None = None) -> str:
    ref = Ref("x/v1", "X", "xs", "shop", "web", profile) if profile else ref_of(BUILT_IN[kind], "shop", "web")
    found = progress_of(ref, live)
    assert not (found.ready and found.failed)
    assert found.message
    return READY if found.ready else FAILED if found.failed else WAITING


def at(generation: int, status: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"generation": generation}, "spec": spec, "status": status}


UP = {"observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
LATE = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, READY),
        ({"observedGeneration": 2}, WAITING),
        ({"observedGeneration": None}, WAITING),
        ({"updatedReplicas": 1}, WAITING),
        ({"updatedReplicas": None}, WAITING),
        ({"replicas": 3}, WAITING),
        ({"availableReplicas": 1}, WAITING),
        ({"readyReplicas": 1}, WAITING),
        ({"conditions": [LATE]}, FAILED),
        ({"conditions": [LATE], "observedGeneration": 2}, WAITING),
        ({"conditions": [{**LATE, "reason": "Other"}]}, READY),
    ],
)
def test_a_deployment(change: dict[str, Any], expected: str) -> None:
    assert verdict("deployment", at(3, {**UP, **change}, replicas=2)) == expected


def test_a_paused_deployment_is_never_ready_before_it_has_rolled() -> None:
    assert verdict("deployment", at(3, UP, replicas=2, paused=True)) == WAITING


SET = {**UP, "currentRevision": "b", "updateRevision": "b"}


@pytest.mark.parametrize(
    ("change", "spec", "expected"),
    [
        ({}, {}, READY),
        ({"observedGeneration": 2}, {}, WAITING),
        ({"currentRevision": "a"}, {}, WAITING),
        ({"updatedReplicas": 1}, {}, WAITING),
        ({"readyReplicas": 1}, {}, WAITING),
        ({"availableReplicas": 1}, {}, WAITING),
        ({"currentRevision": "a", "updatedReplicas": 1}, {"partition": 1}, READY),
        ({"currentRevision": "a", "updatedReplicas": 0}, {"partition": 1}, WAITING),
        ({"currentRevision": "a", "updatedReplicas": 0}, {"type": "OnDelete"}, FAILED),
    ],
)
def test_a_stateful_set(change: dict[str, Any], spec: dict[str, Any], expected: str) -> None:
    strategy = {"type": spec.get("type", "RollingUpdate"), "rollingUpdate": {"partition": spec.get("partition")}}
    assert verdict("statefulSet", at(3, {**SET, **change}, replicas=2, updateStrategy=strategy)) == expected


NODES = {"observedGeneration": 3, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}


@pytest.mark.parametrize(
    ("change", "kind", "expected"),
    [
        ({}, "RollingUpdate", READY),
        ({"observedGeneration": 2}, "RollingUpdate", WAITING),
        ({"updatedNumberScheduled": 1}, "RollingUpdate", WAITING),
        ({"numberAvailable": 1}, "RollingUpdate", WAITING),
        ({"numberAvailable": None}, "RollingUpdate", WAITING),
        ({"updatedNumberScheduled": 0}, "OnDelete", FAILED),
    ],
)
def test_a_daemon_set(change: dict[str, Any], kind: str, expected: str) -> None:
    assert verdict("daemonSet", at(3, {**NODES, **change}, updateStrategy={"type": kind})) == expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], WAITING),
        (["SuccessCriteriaMet"], WAITING),
        (["SuccessCriteriaMet", "Complete"], READY),
        (["FailureTarget"], WAITING),
        (["FailureTarget", "Failed"], FAILED),
        (["Suspended"], WAITING),
    ],
)
def test_a_job(conditions: list[str], expected: str) -> None:
    found = [{"type": kind, "status": "True"} for kind in conditions]
    assert verdict("job", at(1, {"conditions": found, "succeeded": 1})) == expected


def ready(status: str, **more: Any) -> dict[str, Any]:
    return {"type": "Ready", "status": status, **more}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, WAITING),
        ({"observedGeneration": 3}, WAITING),
        ({"observedGeneration": 3, "conditions": [ready("True")]}, READY),
        ({"observedGeneration": 2, "conditions": [ready("True")]}, WAITING),
        ({"conditions": [ready("True")]}, WAITING),
        ({"observedGeneration": 3, "conditions": [ready("True", observedGeneration=2)]}, WAITING),
        ({"observedGeneration": 3, "conditions": [ready("False")]}, WAITING),
        ({"observedGeneration": 3, "conditions": [ready("Unknown")]}, WAITING),
        ({"observedGeneration": 3, "conditions": [ready("True"), {"type": "Reconciling", "status": "True"}]}, WAITING),
        ({"observedGeneration": 3, "conditions": [{"type": "Stalled", "status": "True"}]}, FAILED),
        ({"observedGeneration": 2, "conditions": [{"type": "Stalled", "status": "True"}]}, WAITING),
    ],
)
def test_kstatus(status: dict[str, Any], expected: str) -> None:
    assert verdict("", at(3, status), "kstatus") == expected


@pytest.mark.parametrize(
    ("spec", "conditions", "expected"),
    [
        ({}, [ready("True")], READY),
        ({"suspend": True}, [ready("True")], FAILED),
        ({}, [ready("False", reason="UpgradeFailed")], FAILED),
        ({}, [ready("False", reason="UpgradeFailed"), {"type": "Reconciling", "status": "True"}], WAITING),
        ({}, [ready("False", reason="ArtifactFailed")], WAITING),
    ],
)
def test_flux(spec: dict[str, Any], conditions: list[dict[str, Any]], expected: str) -> None:
    live = at(3, {"observedGeneration": 3, "conditions": conditions}, **spec)
    assert verdict("", live, "flux-helmrelease") == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Healthy", "stableRS": "b", "currentPodHash": "b"}, READY),
        ({"phase": "Healthy", "stableRS": "a", "currentPodHash": "b"}, WAITING),
        ({"phase": "Healthy", "stableRS": "b", "currentPodHash": "b", "observedGeneration": "2"}, WAITING),
        ({"phase": "Healthy", "stableRS": "b", "currentPodHash": "b", "observedGeneration": "6b5f"}, WAITING),
        ({"phase": "Healthy"}, WAITING),
        ({"phase": "Paused"}, WAITING),
        ({"phase": "Degraded"}, FAILED),
        ({"phase": "Progressing", "abort": True}, FAILED),
        ({}, WAITING),
    ],
)
def test_a_rollout_of_argo(status: dict[str, Any], expected: str) -> None:
    assert verdict("", at(3, {"observedGeneration": "3", **status}, replicas=1), "argo-rollout") == expected


def synced(health: str, compared: str = "v2", sync: str = "Synced", **more: Any) -> dict[str, Any]:
    source = {"source": {"targetRevision": compared}}
    return {"sync": {"status": sync, "comparedTo": source}, "health": {"status": health}, **more}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (synced("Healthy"), READY),
        (synced("Healthy", compared="v1"), WAITING),
        (synced("Progressing"), WAITING),
        (synced("Degraded"), FAILED),
        (synced("Degraded", compared="v1"), WAITING),
        (synced("Healthy", sync="OutOfSync"), WAITING),
        (synced("Missing"), WAITING),
        ({}, WAITING),
        (
            synced("Healthy", operationState={"phase": "Failed", "syncResult": {"source": {"targetRevision": "v2"}}}),
            FAILED,
        ),
        (
            synced("Healthy", operationState={"phase": "Failed", "syncResult": {"source": {"targetRevision": "v1"}}}),
            READY,
        ),
    ],
)
def test_an_application_of_argo_cd(status: dict[str, Any], expected: str) -> None:
    assert verdict("", at(3, status, source={"targetRevision": "v2"}), "argocd-application") == expected


@pytest.mark.parametrize(
    ("phase", "expected"),
    [("Succeeded", READY), ("Initialized", READY), ("Progressing", WAITING), ("Failed", FAILED), ("", WAITING)],
)
def test_a_canary_of_flagger(phase: str, expected: str) -> None:
    assert verdict("", at(3, {"phase": phase}), "flagger-canary") == expected


@pytest.mark.parametrize("profile", PROFILES)
def test_a_resource_without_a_status_is_not_ready(profile: str) -> None:
    """No data is no success."""
    assert verdict("", {"metadata": {"generation": 1}}, profile) == WAITING
