"""The ``kubernetes`` target: existing workloads of a namespace, moved by server-side apply under Leases.

::

    target ──> locks (Leases: who may change what)
       ├─────> apply ──> changes (what a version sets: paths and values; pure)
       ├─────> restore ──> ownership (whose field it was; pure)
       ├─────> gatekeeper ──> readiness ──> status, pods, profiles (what is said of a revision; pure)
       │            └───────> watches (one per kind and namespace, for all gates of a process)
       └─────> rights (which verbs all of this needs)
    all of them ──> client (requests, and what a refusal means)
"""
