"""Where the servers of a control plane are."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVERS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
HOW_TO_GET = (
    "run scripts/build-kube-servers.sh once (it builds them with Go, about ten minutes), or put etcd, "
    f"{', '.join(SERVERS)} into the folder $KUBEBUILDER_ASSETS or on $PATH"
)


class ProgramsMissing(Exception):
    """A server is not on this machine."""


@dataclass(frozen=True)
class Programs:
    """The four programs."""

    etcd: Path
    apiserver: Path
    controller_manager: Path
    scheduler: Path


def find_programs() -> Programs:
    """The servers in ``$KUBEBUILDER_ASSETS``, on ``$PATH``, or where scripts/build-kube-servers.sh puts them.

    The three of Kubernetes come from one place, for they have to be of one version. Raises ProgramsMissing.
    """
    places = [place for place in (os.environ.get("KUBEBUILDER_ASSETS"), os.environ.get("PATH"), str(_built())) if place]
    servers = next((found for place in places if None not in (found := _find(SERVERS, place))), None)
    etcd = next((found[0] for place in places if None not in (found := _find(("etcd",), place))), None)
    if servers is None or etcd is None:
        missing = ([] if servers else list(SERVERS)) + ([] if etcd else ["etcd"])
        raise ProgramsMissing(f"no {', '.join(missing)} found: {HOW_TO_GET}")
    apiserver, controller_manager, scheduler = (Path(str(path)) for path in servers)
    return Programs(Path(etcd), apiserver, controller_manager, scheduler)


def _find(names: tuple[str, ...], place: str) -> list[str | None]:
    return [shutil.which(name, path=place) for name in names]


def _built() -> Path:
    """The folder of the build script. Only go.mod names the version; the script reads it there too."""
    text = (Path(__file__).parent / "servers" / "go.mod").read_text()
    pinned = re.search(r"^\s*k8s\.io/kubernetes v(\S+)", text, re.MULTILINE)
    if pinned is None:
        raise ProgramsMissing("tests/kubernetes/servers/go.mod names no version of k8s.io/kubernetes")
    return ROOT / ".cache" / "kube-servers" / pinned.group(1)
