"""A namespace of a real control plane, and a target in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.fake_kubelet import FakeKubelet
from tests.kubernetes.fixtures import api, control_plane, kubeconfig, kubelet, namespace
from tests.targets.kubernetes.world import World

__all__ = ["api", "control_plane", "kubeconfig", "kubelet", "namespace", "world"]


@pytest.fixture
def world(control_plane: ControlPlane, kubelet: FakeKubelet, namespace: str) -> Iterator[World]:
    """A namespace with nothing in it."""
    found = World(control_plane, kubelet, namespace)
    yield found
    found.close()
