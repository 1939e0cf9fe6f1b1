"""What pods say, in words."""

from __future__ import annotations

from typing import Any

import pytest

from convoy.targets.kubernetes.pods import endpoints, is_ready, problems


def pod(name: str = "web-1", *, ready: bool = True, **more: Any) -> dict[str, Any]:
    status = {"podIP": "10.0.0.7", "conditions": [{"type": "Ready", "status": "True" if ready else "False"}]}
    ports = more.pop("ports", [{"containerPort": 8080}])
    return {
        "metadata": {"name": name, **more.pop("metadata", {})},
        "spec": {"containers": [{"name": "main", "image": "shop/web:1.0.0", "ports": ports}]},
        "status": {**status, **more},
    }


def waiting(reason: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "main", "state": {"waiting": {"reason": reason, "message": "why"}}, **more}]


@pytest.mark.parametrize(
    ("reason", "final"),
    [
        ("CrashLoopBackOff", [True]),
        ("ImagePullBackOff", [True]),
        ("ErrImagePull", [False]),
        ("InvalidImageName", [True]),
        ("CreateContainerConfigError", [True]),
        ("ContainerCreating", []),
        ("PodInitializing", []),
    ],
)
@pytest.mark.parametrize("where", ["containerStatuses", "initContainerStatuses"])
def test_a_container_that_waits(reason: str, final: list[bool], where: str) -> None:
    assert [problem.final for problem in problems([pod(**{where: waiting(reason)})])] == final


def test_a_crash_tells_its_code_and_how_often() -> None:
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    statuses = waiting("CrashLoopBackOff", restartCount=4, lastState=ended)
    text = str(problems([pod(containerStatuses=statuses)])[0])
    assert text == "web-1/main: CrashLoopBackOff, restarted 4 times: it ended with code 137 (OOMKilled)"


def test_what_is_final_comes_first() -> None:
    unscheduled = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node"}]
    found = problems([pod("a", conditions=unscheduled), pod("b", containerStatuses=waiting("ImagePullBackOff"))])
    assert [problem.reason for problem in found] == ["ImagePullBackOff", "FailedScheduling"]


def test_a_pod_that_leaves_has_no_problems_and_does_not_serve() -> None:
    leaving = pod(metadata={"deletionTimestamp": "now"}, containerStatuses=waiting("CrashLoopBackOff"))
    assert problems([leaving]) == []
    assert not is_ready(leaving)
    assert endpoints([leaving], ["web-1"], "1.1.0") == ()


def test_endpoints_are_pods_that_serve_with_port_and_revision() -> None:
    found = endpoints([pod("new"), pod("old"), pod("down", ready=False)], ["new", "down"], "1.1.0")
    assert [(e.replica, e.host, e.port, e.version, e.revision) for e in found] == [
        ("new", "10.0.0.7", 8080, "1.1.0", "new"),
        ("old", "10.0.0.7", 8080, "1.0.0", "old"),
    ]


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ([{"containerPort": 9}, {"containerPort": 80, "name": "http"}], [80]),
        ([{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 9}], [9]),
        ([{"containerPort": 53, "protocol": "UDP"}], []),
        ([], []),
    ],
)
def test_the_port_is_that_called_http_else_the_first_of_tcp(ports: list[Any], expected: list[int]) -> None:
    assert [e.port for e in endpoints([pod(ports=ports)], ["web-1"], "1")] == expected
