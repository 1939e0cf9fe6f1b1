"""A real Kubernetes control plane without root and without containers, on loopback, for the tests.

``scripts/build-kube-servers.sh`` gets the servers once. A conftest elsewhere imports what it needs::

    from tests.kubernetes.fixtures import control_plane, kubelet, namespace

and all of them share one control plane per test session, with two nodes, and have a namespace per test.

=====================  ==============================================================================
``control_plane``      starts etcd, API server, controller manager and scheduler; users and their rights
``fake_kubelet``       plays the pods: ready, crashing, missing their image, on a lost node, serving HTTP
``custom_resources``   our own small Gateway API, Argo, Flux and Flagger definitions
``workloads``          short manifests; ``observing`` and ``waiting`` ask until something is so
=====================  ==============================================================================

What is real: the API with its validation, server-side apply, RBAC, quotas and garbage collection; the scheduler; every
controller of Kubernetes. What is not: containers, networks, volumes, and the controllers of custom resources.
"""
