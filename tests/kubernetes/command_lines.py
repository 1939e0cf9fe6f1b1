"""How each server of the control plane is started: every flag, and why."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.kubernetes.certificates import Authority
from tests.kubernetes.programs import Programs

HOST = "127.0.0.1"
# A node without a heartbeat for this many seconds counts as lost (Kubernetes itself says 50); its pods are evicted
# after two more.
NODE_GRACE = 10
EVICTION = 2


class CommandLines:
    """The command line of each server; makes the certificates and files that it names."""

    def __init__(self, programs: Programs, authority: Authority, folder: Path, ports: Mapping[str, int]) -> None:
        self._programs = programs
        self._authority = authority
        self._folder = folder
        self._ports = ports
        self._certificate, self._key = authority.server("server")
        self._tokens_public, self._tokens_private = authority.signing_key("service-accounts")
        self.etcd_address = f"http://{HOST}:{ports['etcd']}"
        self.api_address = f"https://{HOST}:{ports['api']}"

    def etcd(self) -> list[str]:
        """One member. Its data need not survive a power cut."""
        peer = f"http://{HOST}:{self._ports['peer']}"
        return [
            str(self._programs.etcd),
            "--name=test",
            f"--data-dir={self._folder / 'etcd'}",
            f"--listen-client-urls={self.etcd_address}",
            f"--advertise-client-urls={self.etcd_address}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=test={peer}",
            "--unsafe-no-fsync",
        ]

    def apiserver(self) -> list[str]:
        """With RBAC, and without the admission that wants a token in every pod: no container ever reads one."""
        return [
            str(self._programs.apiserver),
            f"--etcd-servers={self.etcd_address}",
            f"--bind-address={HOST}",
            f"--advertise-address={HOST}",
            f"--secure-port={self._ports['api']}",
            # An address on loopback may not be an endpoint of the service `kubernetes`, which nobody asks for here.
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.96.0.0/16",
            f"--tls-cert-file={self._certificate}",
            f"--tls-private-key-file={self._key}",
            f"--client-ca-file={self._authority.certificate_file}",
            f"--service-account-issuer={self.api_address}",
            f"--service-account-key-file={self._tokens_public}",
            f"--service-account-signing-key-file={self._tokens_private}",
            "--authorization-mode=Node,RBAC",
            "--disable-admission-plugins=ServiceAccount",
            # For logs; the names of the nodes mean nothing to a resolver.
            "--kubelet-preferred-address-types=InternalIP",
            f"--default-not-ready-toleration-seconds={EVICTION}",
            f"--default-unreachable-toleration-seconds={EVICTION}",
            "--profiling=false",
        ]

    def controller_manager(self) -> list[str]:
        """Every controller, each with its own account, as in a real cluster."""
        return [
            str(self._programs.controller_manager),
            f"--kubeconfig={self._kubeconfig('kube-controller-manager')}",
            *self._serving("controllers"),
            "--use-service-account-credentials",
            f"--service-account-private-key-file={self._tokens_private}",
            f"--root-ca-file={self._authority.certificate_file}",
            "--node-monitor-period=1s",
            f"--node-monitor-grace-period={NODE_GRACE}s",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
        ]

    def scheduler(self) -> list[str]:
        """Tries a pod that fits nowhere again soon: nodes come and go in tests."""
        file = self._folder / "scheduler.yaml"
        content = {
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "clientConnection": {"kubeconfig": str(self._kubeconfig("kube-scheduler")), "qps": 200, "burst": 400},
            "leaderElection": {"leaderElect": False},
            "podInitialBackoffSeconds": 1,
            "podMaxBackoffSeconds": 2,
        }
        file.write_text(yaml.safe_dump(content))
        serving = [flag for flag in self._serving("scheduler") if not flag.startswith("--leader-elect")]
        return [str(self._programs.scheduler), f"--config={file}", *serving]

    def _serving(self, name: str) -> list[str]:
        return [
            f"--bind-address={HOST}",
            f"--secure-port={self._ports[name]}",
            f"--tls-cert-file={self._certificate}",
            f"--tls-private-key-file={self._key}",
            "--leader-elect=false",
            "--profiling=false",
        ]

    def _kubeconfig(self, name: str) -> Path:
        certificate = self._authority.user(f"system:{name}")
        return self._authority.kubeconfig(
            self._folder / f"{name}.kubeconfig", self.api_address, certificate=certificate
        )
