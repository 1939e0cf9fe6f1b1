"""The control plane for tests does what a cluster does, as far as a deployment tool can see."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from kubernetes import client

from tests.kubernetes.control_plane import ControlPlane, ControlPlaneFailed
from tests.kubernetes.fixtures import NODES, programs_or_skip
from tests.kubernetes.observing import rolled_out, true_conditions
from tests.kubernetes.programs import ROOT, ProgramsMissing, find_programs
from tests.kubernetes.waiting import eventually
from tests.kubernetes.workloads import daemon_set, deployment, image_patch, job, stateful_set


@pytest.mark.usefixtures("kubelet")
def test_a_deployment_rolls_to_a_new_version(apps: client.AppsV1Api, core: client.CoreV1Api, namespace: str) -> None:
    """All pods of the old version are replaced."""
    apps.create_namespaced_deployment(namespace, deployment("payment", "shop/payment:1.0.0"))
    eventually("1.0.0", lambda: rolled_out(apps, "payment", namespace))
    apps.patch_namespaced_deployment("payment", namespace, image_patch("shop/payment:1.1.0"))
    eventually("1.1.0", lambda: rolled_out(apps, "payment", namespace))
    running = [pod for pod in core.list_namespaced_pod(namespace).items if not pod.metadata.deletion_timestamp]
    assert [pod.spec.containers[0].image for pod in running] == ["shop/payment:1.1.0"] * 2


@pytest.mark.usefixtures("kubelet")
def test_an_unready_version_ends_with_the_deadline_exceeded(apps: client.AppsV1Api, namespace: str) -> None:
    """The Deployment controller says so itself, and keeps what was ready."""
    apps.create_namespaced_deployment(namespace, deployment("payment", "shop/payment:1.0.0"))
    eventually("1.0.0", lambda: rolled_out(apps, "payment", namespace))
    apps.patch_namespaced_deployment("payment", namespace, image_patch("shop/payment:1.1.0-unready"))

    def exceeded() -> bool:
        conditions = apps.read_namespaced_deployment("payment", namespace).status.conditions
        return ("Progressing", "False", "ProgressDeadlineExceeded") in [
            (c.type, c.status, c.reason) for c in conditions
        ]

    eventually("deadline", exceeded)
    assert apps.read_namespaced_deployment("payment", namespace).status.available_replicas == 2


@pytest.mark.usefixtures("kubelet")
def test_a_stateful_set_comes_up_in_order(apps: client.AppsV1Api, core: client.CoreV1Api, namespace: str) -> None:
    """The second pod waits for the first: where that is not ready, there is no second."""
    apps.create_namespaced_stateful_set(namespace, stateful_set("ledger", "shop/ledger:1.0.0"))
    eventually("up", lambda: apps.read_namespaced_stateful_set("ledger", namespace).status.ready_replicas == 2)
    apps.create_namespaced_stateful_set(namespace, stateful_set("stuck", "shop/ledger:unready"))
    eventually("first", lambda: apps.read_namespaced_stateful_set("stuck", namespace).status.current_replicas == 1)
    names = {pod.metadata.name for pod in core.list_namespaced_pod(namespace).items}
    assert names == {"ledger-0", "ledger-1", "stuck-0"}


@pytest.mark.usefixtures("kubelet")
def test_a_daemon_set_has_a_pod_on_every_node(apps: client.AppsV1Api, core: client.CoreV1Api, namespace: str) -> None:
    """One each."""
    apps.create_namespaced_daemon_set(namespace, daemon_set("agent", "shop/agent:1.0.0"))
    eventually("up", lambda: apps.read_namespaced_daemon_set("agent", namespace).status.number_ready == len(NODES))
    assert sorted(pod.spec.node_name for pod in core.list_namespaced_pod(namespace).items) == sorted(NODES)


@pytest.mark.usefixtures("kubelet")
@pytest.mark.parametrize(
    ("image", "policy", "condition"),
    [
        ("shop/migrate:1", "Never", "Complete"),
        ("shop/migrate:1-slow", "Never", "Complete"),
        ("shop/migrate:1-fail", "Never", "Failed"),
        ("shop/migrate:1-fail", "OnFailure", "Failed"),
    ],
)
def test_a_job_ends(batch: client.BatchV1Api, namespace: str, image: str, policy: str, condition: str) -> None:
    """Complete or Failed, as its container ended; restarts count as failures."""
    batch.create_namespaced_job(namespace, job("migrate", image, policy=policy))
    ended = eventually(
        "end",
        lambda: true_conditions(batch.read_namespaced_job("migrate", namespace).status) & {"Complete", "Failed"},
    )
    assert ended == {condition}


@pytest.mark.usefixtures("kubelet")
def test_a_pod_that_fits_nowhere_is_not_scheduled(core: client.CoreV1Api, namespace: str) -> None:
    """The scheduler is real."""
    container = {"name": "main", "image": "shop/huge:1", "resources": {"requests": {"cpu": "1000"}}}
    core.create_namespaced_pod(namespace, {"metadata": {"name": "huge"}, "spec": {"containers": [container]}})

    def unschedulable() -> bool:
        conditions = core.read_namespaced_pod("huge", namespace).status.conditions or []
        return ("PodScheduled", "Unschedulable") in [(one.type, one.reason) for one in conditions]

    eventually("unschedulable", unschedulable)


@pytest.mark.usefixtures("kubelet")
def test_a_restart_of_the_api_server_is_survived(
    control_plane: ControlPlane, apps: client.AppsV1Api, namespace: str
) -> None:
    """The data is there, and controllers and kubelet go on."""
    apps.create_namespaced_deployment(namespace, deployment("payment", "shop/payment:1.0.0"))
    eventually("1.0.0", lambda: rolled_out(apps, "payment", namespace))
    before = control_plane.processes
    control_plane.restart_apiserver()
    after = control_plane.processes
    assert {name for name in before if before[name] != after[name]} == {"kube-apiserver"}
    apps.patch_namespaced_deployment("payment", namespace, image_patch("shop/payment:1.1.0"))
    eventually("1.1.0", lambda: rolled_out(apps, "payment", namespace))


def test_a_user_may_do_what_the_rules_say_and_nothing_else(
    control_plane: ControlPlane, core: client.CoreV1Api, namespace: str
) -> None:
    """By certificate and by service account token."""
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    for kubeconfig in (
        control_plane.user_kubeconfig("reader", namespace=namespace, rules=rules),
        control_plane.service_account_kubeconfig("robot", namespace=namespace, rules=rules),
    ):
        with control_plane.api_client(kubeconfig) as limited:
            theirs = client.CoreV1Api(limited)
            assert theirs.list_namespaced_pod(namespace).items == []
            for refused in (
                lambda theirs=theirs: theirs.list_namespaced_secret(namespace),
                lambda theirs=theirs: theirs.list_namespaced_pod("default"),
            ):
                with pytest.raises(client.ApiException) as error:
                    refused()
                assert error.value.status == 403


def test_servers_end_with_their_control_plane_and_others_do_not(
    control_plane: ControlPlane, api: client.ApiClient, tmp_path: Path
) -> None:
    """Two at a time share nothing."""
    with ControlPlane(tmp_path) as second:
        started = second.processes
        with second.api_client() as other:
            client.CoreV1Api(other).create_namespace({"metadata": {"name": "of-the-second"}})
    assert sorted(started) == ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]
    for process in started.values():
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
    names = [one.metadata.name for one in client.CoreV1Api(api).list_namespace().items]
    assert "of-the-second" not in names


def test_a_server_that_does_not_start_is_named_and_nothing_stays_behind(tmp_path: Path) -> None:
    """With the end of its log."""
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho out of luck\nexit 3\n")
    broken.chmod(0o755)
    failing = ControlPlane(tmp_path / "plane", replace(programs_or_skip(), apiserver=broken))
    with pytest.raises(ControlPlaneFailed, match=r"(?s)kube-apiserver ended with code 3.*out of luck"), failing:
        pytest.fail("it cannot be ready")
    assert failing.processes == {}


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without any of the servers."""
    monkeypatch.setattr("tests.kubernetes.programs.ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))


@pytest.mark.usefixtures("nothing_installed")
def test_missing_servers_are_named_with_the_way_to_get_them() -> None:
    """Not only that something is missing."""
    with pytest.raises(ProgramsMissing, match=r"kube-scheduler, etcd found: run scripts/build-kube-servers\.sh"):
        find_programs()


@pytest.mark.usefixtures("nothing_installed")
def test_without_servers_tests_skip_but_fail_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """CI is there to run them."""
    monkeypatch.delenv("CONVOY_REQUIRE_KUBERNETES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="build-kube-servers"):
        programs_or_skip()
    monkeypatch.setenv("CONVOY_REQUIRE_KUBERNETES", "1")
    with pytest.raises(pytest.fail.Exception, match="build-kube-servers"):
        programs_or_skip()


def test_the_servers_of_one_place_are_taken_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A place with the API server alone gives none of the three: they have to be of one version. etcd is apart."""
    some, all_of_them = tmp_path / "some", tmp_path / "all"
    for folder, names in (
        (some, ("etcd", "kube-apiserver")),
        (all_of_them, ("kube-apiserver", "kube-controller-manager", "kube-scheduler")),
    ):
        folder.mkdir()
        for name in names:
            (folder / name).touch(mode=0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(some))
    monkeypatch.setenv("PATH", str(all_of_them))
    found = find_programs()
    assert (found.etcd, found.apiserver) == (some / "etcd", all_of_them / "kube-apiserver")


def test_the_build_script_and_the_tests_look_in_the_same_places(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is there is found, and not built again."""
    assets, output = tmp_path / "assets", tmp_path / "output"
    assets.mkdir()
    for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        (assets / name).touch(mode=0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    script = ROOT / "scripts" / "build-kube-servers.sh"
    said = subprocess.run([str(script), str(output)], check=True, capture_output=True, text=True, timeout=60).stdout
    found = find_programs()
    assert [Path(line) for line in said.splitlines()] == [
        found.apiserver,
        found.controller_manager,
        found.scheduler,
        found.etcd,
    ]
    assert list(output.iterdir()) == []
