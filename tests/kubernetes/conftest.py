"""The fixtures of :mod:`tests.kubernetes.fixtures`."""

from tests.kubernetes.fixtures import api, apps, batch, control_plane, core, kubeconfig, kubelet, namespace

__all__ = ["api", "apps", "batch", "control_plane", "core", "kubeconfig", "kubelet", "namespace"]
