"""Fixtures for tests on a real control plane; a conftest elsewhere may import them. All share one control plane."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client

from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.fake_kubelet import FakeKubelet
from tests.kubernetes.programs import Programs, ProgramsMissing, find_programs

NODES = ("node-a", "node-b")
_control_plane = pytest.StashKey[ControlPlane]()
_kubelet = pytest.StashKey[FakeKubelet]()


def programs_or_skip() -> Programs:
    """The servers. Without them the test skips, and says how to get them; where they are required it fails."""
    try:
        return find_programs()
    except ProgramsMissing as missing:
        if os.environ.get("CONVOY_REQUIRE_KUBERNETES"):
            pytest.fail(f"the servers of Kubernetes have to be there: {missing}", pytrace=False)
        pytest.skip(f"no Kubernetes servers: {missing}")


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ControlPlane:
    """The control plane of this test session, ended with it."""
    stash = request.config.stash
    # Every conftest that imports this fixture has a fixture of its own; the stash makes it one control plane.
    if _control_plane not in stash:
        started = ControlPlane(tmp_path_factory.mktemp("control-plane"), programs_or_skip())
        request.config.add_cleanup(started.stop)
        started.start()
        stash[_control_plane] = started
    return stash[_control_plane]


@pytest.fixture(scope="session")
def kubelet(request: pytest.FixtureRequest, control_plane: ControlPlane) -> FakeKubelet:
    """Two nodes that play every pod. A test that loses a node brings a kubelet of its own."""
    stash = request.config.stash
    if _kubelet not in stash:
        started = FakeKubelet(control_plane.admin_kubeconfig, certificate=control_plane.authority.server("kubelet"))
        request.config.add_cleanup(started.stop)
        started.start(NODES)
        stash[_kubelet] = started
    return stash[_kubelet]


@pytest.fixture(scope="session")
def kubeconfig(control_plane: ControlPlane) -> Path:
    """The administrator's kubeconfig."""
    return control_plane.admin_kubeconfig


@pytest.fixture
def api(control_plane: ControlPlane) -> Iterator[client.ApiClient]:
    """The administrator's client."""
    with control_plane.api_client() as found:
        yield found


@pytest.fixture
def apps(api: client.ApiClient) -> client.AppsV1Api:
    """Deployments and the like, as the administrator."""
    return client.AppsV1Api(api)


@pytest.fixture
def batch(api: client.ApiClient) -> client.BatchV1Api:
    """Jobs, as the administrator."""
    return client.BatchV1Api(api)


@pytest.fixture
def core(api: client.ApiClient) -> client.CoreV1Api:
    """Pods, nodes and namespaces, as the administrator."""
    return client.CoreV1Api(api)


@pytest.fixture
def namespace(request: pytest.FixtureRequest, api: client.ApiClient) -> Iterator[str]:
    """A namespace of this test alone. Its deletion is asked for at the end, and not waited for."""
    stash = request.config.stash
    name = f"test-{uuid.uuid4().hex[:10]}"
    core = client.CoreV1Api(api)
    core.create_namespace({"metadata": {"name": name}})
    yield name
    core.delete_namespace(name)
    if _kubelet in stash:
        stash[_kubelet].check()
