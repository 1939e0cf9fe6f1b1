"""The four targets, each as a harness that the suite drives."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes import client

from convoy.targets import open_target
from convoy.targets.base import Applied, Desired, Readiness, Target
from convoy.targets.processes.supervisord import stop
from convoy.targets.webhook import WebhookTarget
from tests.conformance import reference_command
from tests.conformance.reference_webhook import serve
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.fixtures import control_plane, kubelet
from tests.kubernetes.workloads import pod_template

__all__ = ["control_plane", "harness", "kubelet"]

SERVER = (
    "import http.server as h, os; "
    "h.ThreadingHTTPServer((os.environ['HOST'], int(os.environ['PORT'])), h.BaseHTTPRequestHandler).serve_forever()"
)


@dataclass
class Harness:
    """A target under test, and what is special about it: how a good and a crashing version look."""

    target: Target
    kind: str
    names: Iterator[int] = field(default_factory=itertools.count)

    def component(self) -> str:
        """The name of a component that no other test uses."""
        return f"component-{next(self.names)}"

    def desired(self, component: str, version: str, *, crash: bool = False, **more: Any) -> Desired:
        """A version that comes up, or one that crashes."""
        if self.kind == "processes":
            command = [sys.executable, "-c", "import sys; sys.exit(3)" if crash else SERVER]
            workload: dict[str, Any] = {"kind": "process", "command": command, "replicas": 1}
        elif self.kind == "kubernetes":
            template = {"replicas": 1, "template": pod_template(component, "shop/main", port=8080)}
            # The fake kubelet goes by the end of the tag.
            change = {"image": "shop/main", "tag": f"{version}-crash" if crash else None, "env": {}}
            workload = {"kind": "deployment", "containers": {"main": change}, "template": template}
        else:
            workload = {"kind": "external", "parameters": {"crash": crash}, "replicas": 1}
        return Desired(component, version, workload, {"type": "rolling"}, **more)

    def readiness(self, component: str, generation: int) -> Readiness:
        """One answer of ``ready``."""
        return asyncio.run(self.target.ready(component, generation))

    def settle(self, applied: Applied, *, within: float = 30.0) -> Readiness:
        """The first answer that is final."""
        deadline = time.monotonic() + within
        while True:
            readiness = self.readiness(applied.component, applied.generation)
            if readiness.ready or readiness.failed:
                return readiness
            assert time.monotonic() < deadline, f"not settled within {within} s: {readiness}"
            time.sleep(0.1)


def _targets(kind: str, folder: Path) -> Iterator[Target]:
    if kind == "processes":
        try:
            yield open_target({"kind": "processes", "root": str(folder)}, "conformance")
        finally:
            stop("conformance", str(folder))
    elif kind == "webhook":
        with serve("sesame") as url:
            connection = SimpleNamespace(host=url, schema=None, port=None, login=None, password="sesame")
            config = {"kind": "webhook", "connection": "deploy", "timeout": 10.0}
            yield WebhookTarget(config, "conformance", resolve_connection=lambda _: connection)
    else:
        command = [sys.executable, reference_command.__file__, str(folder / "fleet.json")]
        config = {"kind": "command", "command": command, "directory": None, "connection": None, "timeout": "30s"}
        yield open_target(config, "conformance")


def _kubernetes(request: pytest.FixtureRequest) -> Iterator[Target]:
    plane: ControlPlane = request.getfixturevalue("control_plane")
    request.getfixturevalue("kubelet")
    with plane.api_client() as api:
        client.CoreV1Api(api).create_namespace({"metadata": {"name": "conformance"}})
    config = {"kind": "kubernetes", "namespace": "conformance", "kubeconfig": str(plane.admin_kubeconfig)}
    yield open_target(config, "conformance")


@pytest.fixture(scope="session", params=["processes", "webhook", "command", "kubernetes"])
def harness(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """One target for the whole session; every test uses components of its own."""
    kubernetes = request.param == "kubernetes"
    found = _kubernetes(request) if kubernetes else _targets(request.param, tmp_path_factory.mktemp(request.param))
    for target in found:
        target.prepare()
        yield Harness(target, request.param)
