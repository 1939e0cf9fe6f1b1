"""A Kubernetes control plane for tests: etcd, API server, controller manager and scheduler, on loopback, as any user.

What there is not: nodes. :mod:`tests.kubernetes.fake_kubelet` adds them, and plays the containers. With a real
scheduler and real controllers this is the cluster that a deployment tool sees: server-side apply, conflicts, RBAC,
quotas, rollouts, deadlines and Jobs are the real thing.
"""

from __future__ import annotations

import random
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from kubernetes import client, config

from tests.kubernetes.certificates import Authority
from tests.kubernetes.command_lines import HOST, CommandLines
from tests.kubernetes.programs import Programs, find_programs

START_TIMEOUT = 120.0
# Below the range from which operating systems take ports for outgoing connections, so that the API server gets its own
# port again after a restart.
LOWEST_PORT, HIGHEST_PORT = 20000, 32000
PORTS = ("etcd", "peer", "api", "controllers", "scheduler")
APISERVER = "kube-apiserver"
RBAC = "rbac.authorization.k8s.io"


class ControlPlaneFailed(Exception):
    """A server ended, or did not become ready in time; with the end of its log."""


class ControlPlane:
    """Use it as a context manager. ``folder`` gets the data, the certificates, the kubeconfigs and the logs.

    Start it in the main thread: where the kernel can do so, the servers end with the thread that started them.
    """

    def __init__(self, folder: Path, programs: Programs | None = None) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(folder / "certificates")
        ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
        self._commands = CommandLines(programs or find_programs(), self.authority, folder, ports)
        self._health = {
            "etcd": f"{self._commands.etcd_address}/health",
            APISERVER: f"{self._commands.api_address}/readyz",
            "kube-controller-manager": f"https://{HOST}:{ports['controllers']}/healthz",
            "kube-scheduler": f"https://{HOST}:{ports['scheduler']}/healthz",
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.address = self._commands.api_address
        self.admin_kubeconfig = self._certificate_kubeconfig("admin", "default", ("system:masters",))

    def __enter__(self) -> ControlPlane:
        """Start everything; nothing stays behind if one of the servers fails."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End everything."""
        self.stop()

    def start(self) -> None:
        """Start the four servers and wait until each says that it is ready. Raises ControlPlaneFailed."""
        self._run("etcd", self._commands.etcd())
        self._wait("etcd")
        self._run(APISERVER, self._commands.apiserver())
        self._wait(APISERVER)
        self._run("kube-controller-manager", self._commands.controller_manager())
        self._run("kube-scheduler", self._commands.scheduler())
        self._wait("kube-controller-manager")
        self._wait("kube-scheduler")

    def stop(self) -> None:
        """End the servers that this object started, the last one first. Their data is of no use: no long goodbye."""
        for name in reversed(list(self._running)):
            self._kill(name)

    def kill_apiserver(self) -> None:
        """Cut the API server off in the middle of whatever it does."""
        self._kill(APISERVER)

    def restart_apiserver(self) -> None:
        """Start the API server again, with the same port and data. Kills it first if it runs.

        Controllers back off longer after each loss within two minutes, up to half a minute: restart it once per test.
        """
        if APISERVER in self._running:
            self._kill(APISERVER)
        self._run(APISERVER, self._commands.apiserver())
        self._wait(APISERVER)

    @property
    def processes(self) -> dict[str, int]:
        """The process ids of what runs, by the name of the program."""
        return {name: process.pid for name, process in self._running.items()}

    def api_client(self, kubeconfig: Path | None = None) -> client.ApiClient:
        """A client: the administrator's, or that of another kubeconfig."""
        return config.new_client_from_config(str(kubeconfig or self.admin_kubeconfig))

    def user_kubeconfig(
        self, name: str, *, namespace: str, rules: Sequence[dict[str, Any]] = (), groups: tuple[str, ...] = ()
    ) -> Path:
        """The kubeconfig of a user who may do in the namespace what ``rules`` say (as in a Role), and nothing else."""
        self._grant(name, namespace, rules, {"kind": "User", "name": name, "apiGroup": RBAC})
        return self._certificate_kubeconfig(name, namespace, groups)

    def service_account_kubeconfig(self, name: str, *, namespace: str, rules: Sequence[dict[str, Any]] = ()) -> Path:
        """The same for a service account, which is made here, with a token that is good for one hour."""
        self._grant(name, namespace, rules, {"kind": "ServiceAccount", "name": name, "namespace": namespace})
        with self.api_client() as api:
            core = client.CoreV1Api(api)
            core.create_namespaced_service_account(namespace, {"metadata": {"name": name}})
            asked = {"spec": {"expirationSeconds": 3600}}
            token = core.create_namespaced_service_account_token(name, namespace, asked).status.token
        file = self.folder / f"{namespace}-{name}.kubeconfig"
        return self.authority.kubeconfig(file, self.address, namespace=namespace, token=token)

    def _grant(self, name: str, namespace: str, rules: Sequence[dict[str, Any]], subject: dict[str, str]) -> None:
        if not rules:
            return
        binding = {
            "metadata": {"name": name},
            "roleRef": {"kind": "Role", "name": name, "apiGroup": RBAC},
            "subjects": [subject],
        }
        with self.api_client() as api:
            rbac = client.RbacAuthorizationV1Api(api)
            rbac.create_namespaced_role(namespace, {"metadata": {"name": name}, "rules": list(rules)})
            rbac.create_namespaced_role_binding(namespace, binding)

    def _certificate_kubeconfig(self, name: str, namespace: str, groups: tuple[str, ...]) -> Path:
        file = self.folder / f"{namespace}-{name.replace(':', '-')}.kubeconfig"
        certificate = self.authority.user(name, groups)
        return self.authority.kubeconfig(file, self.address, namespace=namespace, certificate=certificate)

    def _run(self, name: str, command: list[str]) -> None:
        # If the tests are killed, the kernel ends the servers too.
        dying = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
        with self._log(name).open("ab") as log:
            process = subprocess.Popen(
                [*dying, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )
        self._running[name] = process

    def _kill(self, name: str) -> None:
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def _wait(self, name: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        answer = "no answer yet"
        while time.monotonic() < deadline:
            if (code := self._running[name].poll()) is not None:
                raise ControlPlaneFailed(f"{name} ended with code {code}\n{self._last_lines(name)}")
            answer = self._ask(self._health[name])
            if answer == "200":
                return
            time.sleep(0.05)
        raise ControlPlaneFailed(
            f"{name} not ready within {START_TIMEOUT:g} s, last: {answer}\n{self._last_lines(name)}"
        )

    def _ask(self, address: str) -> str:
        trusting = ssl.create_default_context(cafile=str(self.authority.certificate_file))
        try:
            with urllib.request.urlopen(address, timeout=5, context=trusting) as response:
                return str(response.status)
        except OSError as error:
            return repr(error)

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _last_lines(self, name: str) -> str:
        lines = self._log(name).read_text(errors="replace").splitlines()[-20:]
        return "\n".join([f"the end of {self._log(name)}:", *lines])


def _free_ports(count: int) -> list[int]:
    found: list[int] = []
    with ExitStack() as held:
        for port in random.SystemRandom().sample(range(LOWEST_PORT, HIGHEST_PORT), 200):
            probe = held.enter_context(socket.socket())
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                return found
    raise ControlPlaneFailed(f"no {count} free ports between {LOWEST_PORT} and {HIGHEST_PORT} on {HOST}")
