"""The fake kubelet says of pods what a real one would say."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
import uuid
from contextlib import closing
from typing import Any

import pytest
from kubernetes import client

from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.fake_kubelet import FakeKubelet
from tests.kubernetes.observing import rolled_out, waiting_reasons
from tests.kubernetes.waiting import eventually
from tests.kubernetes.workloads import MATCH, deployment

pytestmark = pytest.mark.usefixtures("kubelet")
IMAGE = "shop/payment:1.0.0"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("missing", "ImagePullBackOff"),
        ("crash", "CrashLoopBackOff"),
        ("misconfigured", "CreateContainerConfigError"),
        ("creating", "ContainerCreating"),
    ],
)
def test_why_a_container_does_not_run_is_seen(
    apps: client.AppsV1Api, core: client.CoreV1Api, namespace: str, behaviour: str, reason: str
) -> None:
    """In the status of the pod, as from a real kubelet."""
    apps.create_namespaced_deployment(namespace, deployment("payment", f"shop/payment:1.0.0-{behaviour}"))
    eventually(reason, lambda: waiting_reasons(core, namespace) == {reason})


def test_an_unknown_behaviour_is_seen(apps: client.AppsV1Api, core: client.CoreV1Api, namespace: str) -> None:
    """A typing error in a test does not look like a healthy pod."""
    annotations = {"fake-kubelet/behaviour": "reddy"}
    apps.create_namespaced_deployment(namespace, deployment("payment", "shop/payment:1.0.0", annotations=annotations))
    eventually("seen", lambda: waiting_reasons(core, namespace) == {"CreateContainerConfigError"})


def test_restarts_are_counted(apps: client.AppsV1Api, core: client.CoreV1Api, namespace: str) -> None:
    """More and more of them, with the code of the last end."""
    apps.create_namespaced_deployment(namespace, deployment("payment", "shop/payment:crash", replicas=1))

    def crashed() -> Any:
        found = [pod.status.container_statuses for pod in core.list_namespaced_pod(namespace).items]
        return found[0][0] if found and found[0] and found[0][0].restart_count >= 2 else None

    assert eventually("two restarts", crashed).last_state.terminated.exit_code == 1


def test_logs_are_read_through_the_api_server(apps: client.AppsV1Api, core: client.CoreV1Api, namespace: str) -> None:
    """The last lines of what crashed."""
    apps.create_namespaced_deployment(namespace, deployment("payment", "shop/payment:crash", replicas=1))
    eventually("crash", lambda: waiting_reasons(core, namespace) == {"CrashLoopBackOff"})
    pod = core.list_namespaced_pod(namespace).items[0].metadata.name
    # As it comes: some versions of the client make "b'...'" of it otherwise.
    answer = core.read_namespaced_pod_log(pod, namespace, tail_lines=1, previous=True, _preload_content=False)
    assert answer.data == b"main: error: cannot go on\n"


def test_readiness_changes_while_a_pod_runs(apps: client.AppsV1Api, kubelet: FakeKubelet, namespace: str) -> None:
    """Gone, and back again."""
    image = "shop/payment:1.0.0"
    apps.create_namespaced_deployment(namespace, deployment("payment", image))
    eventually("ready", lambda: rolled_out(apps, "payment", namespace))
    kubelet.behave(namespace, image, "unready")
    eventually("unready", lambda: not apps.read_namespaced_deployment("payment", namespace).status.ready_replicas)
    kubelet.behave(namespace, image, None)
    eventually("ready again", lambda: rolled_out(apps, "payment", namespace))


def test_half_of_the_pods_become_ready(apps: client.AppsV1Api, namespace: str) -> None:
    """Two of four."""
    apps.create_namespaced_deployment(namespace, deployment("payment", "shop/payment:1.0.0-ready-half", replicas=4))
    eventually(
        "half",
        lambda: (
            (status := apps.read_namespaced_deployment("payment", namespace).status).ready_replicas == 2
            and status.unavailable_replicas == 2
        ),
    )


def free_port() -> int:
    """A port on which nobody listens, on any address."""
    with closing(socket.socket()) as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def get(address: str) -> tuple[int, str]:
    """Status and body; 0 where nobody listens, or not any more."""
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return 0, ""


def serving(name: str, port: int, *, behaviour: dict[str, Any] | None = None) -> dict[str, Any]:
    """A Deployment of one pod that answers on loopback."""
    found = deployment(name, IMAGE, replicas=1, port=port, annotations={"fake-kubelet/serve": "true"})
    container = found["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "BEHAVIOUR", "value": json.dumps(behaviour or {})}]
    return found


def test_a_pod_answers_at_its_address(
    apps: client.AppsV1Api, core: client.CoreV1Api, kubelet: FakeKubelet, namespace: str
) -> None:
    """With its version, as long as it is ready, and no longer than it runs."""
    port = free_port()
    apps.create_namespaced_deployment(namespace, serving("payment", port))
    eventually("ready", lambda: rolled_out(apps, "payment", namespace, 1))
    address = f"http://{core.list_namespaced_pod(namespace).items[0].status.pod_ip}:{port}/healthz"
    assert get(address) == (200, '{"status": "ok", "version": "1.0.0"}')
    kubelet.behave(namespace, IMAGE, "unready")
    eventually("unhealthy", lambda: get(address)[0] == 503)
    kubelet.behave(namespace, IMAGE, "crash")
    eventually("gone", lambda: get(address)[0] == 0)
    kubelet.behave(namespace, IMAGE, None)
    eventually("back", lambda: get(address)[0] == 200)
    apps.delete_namespaced_deployment("payment", namespace)
    eventually("deleted", lambda: get(address)[0] == 0)


def test_a_pod_counts_errors_as_told(
    apps: client.AppsV1Api, core: client.CoreV1Api, kubelet: FakeKubelet, namespace: str
) -> None:
    """By its environment, and by the test while it runs."""
    port = free_port()
    apps.create_namespaced_deployment(namespace, serving("payment", port, behaviour={"errors": 0.25, "health": 500}))
    eventually("ready", lambda: rolled_out(apps, "payment", namespace, 1))
    address = f"http://{core.list_namespaced_pod(namespace).items[0].status.pod_ip}:{port}"
    assert get(f"{address}/healthz")[0] == 500
    assert 'app_requests_total{code="500",version="1.0.0"} 25.0' in get(f"{address}/metrics")[1]
    kubelet.answer(namespace, IMAGE, errors=1.0)
    assert 'app_requests_total{code="500",version="1.0.0"} 125.0' in get(f"{address}/metrics")[1]
    assert get(f"{address}/healthz")[0] == 200


def test_a_pod_whose_port_is_taken_does_not_run(apps: client.AppsV1Api, core: client.CoreV1Api, namespace: str) -> None:
    """It says why; a test does not talk to a stranger."""
    with closing(socket.socket()) as taken:
        taken.bind(("", 0))
        taken.listen()
        apps.create_namespaced_deployment(namespace, serving("payment", taken.getsockname()[1]))
        eventually("refused", lambda: waiting_reasons(core, namespace) == {"CreateContainerConfigError"})
    waiting = core.list_namespaced_pod(namespace).items[0].status.container_statuses[0].state.waiting
    assert "cannot serve" in waiting.message


@pytest.mark.slow
def test_the_pods_of_a_lost_node_move_and_the_node_comes_back(
    control_plane: ControlPlane, apps: client.AppsV1Api, core: client.CoreV1Api, namespace: str
) -> None:
    """The node controller notices by itself, after its grace period."""
    pool = uuid.uuid4().hex[:8]
    lost, spare = f"lost-{pool}", f"spare-{pool}"
    found = deployment("payment", IMAGE, replicas=1)
    found["spec"]["template"]["spec"]["nodeSelector"] = {"pool": pool}
    taints = [{"key": "pool", "value": pool, "effect": "NoSchedule"}]
    found["spec"]["template"]["spec"]["tolerations"] = [{"key": "pool", "operator": "Exists"}]

    def ready(node: str) -> bool:
        conditions = core.read_node(node).status.conditions
        return [one.status for one in conditions if one.type == "Ready"] == ["True"]

    def places() -> set[str]:
        pods = core.list_namespaced_pod(namespace, label_selector=f"{MATCH}=payment").items
        return {pod.spec.node_name for pod in pods if not pod.metadata.deletion_timestamp}

    certificate = control_plane.authority.server(f"kubelet-{pool}")
    with FakeKubelet(control_plane.admin_kubeconfig, certificate=certificate) as mine:
        mine.add_node(lost, labels={"pool": pool}, taints=taints)
        apps.create_namespaced_deployment(namespace, found)
        eventually("ready", lambda: rolled_out(apps, "payment", namespace, 1))
        assert places() == {lost}
        mine.add_node(spare, labels={"pool": pool}, taints=taints)
        mine.lose_node(lost)
        eventually("noticed", lambda: not ready(lost))
        eventually("moved", lambda: places() == {spare} and rolled_out(apps, "payment", namespace, 1))
        mine.return_node(lost)
        eventually("back", lambda: ready(lost))
