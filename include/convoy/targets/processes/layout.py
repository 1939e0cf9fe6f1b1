"""The folder of an environment: what lies where."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from convoy.targets.base import Refused

LONGEST_SOCKET_PATH = 88
"""Bytes. A Unix socket's path ends at 104 (macOS) or 108 (Linux), and supervisord adds its process id for a moment."""


@dataclass(frozen=True)
class Layout:
    """The files of one environment of the ``processes`` target, below ``root`` (absolute)."""

    environment: str
    root: Path

    @property
    def store(self) -> Path:
        """Desired state, status, locks."""
        return self.root / "store.sqlite3"

    @property
    def config(self) -> Path:
        """supervisord's configuration."""
        return self.root / "supervisord.conf"

    @property
    def programs(self) -> Path:
        """One ``.conf`` and one ``.json`` per program."""
        return self.root / "conf.d"

    @property
    def logs(self) -> Path:
        """One log per replica, and the controller's."""
        return self.root / "logs"

    @property
    def heartbeat(self) -> Path:
        """When the controller last finished a pass."""
        return self.root / "controller.heartbeat"

    @property
    def controller_lock(self) -> Path:
        """Held by the one controller."""
        return self.root / "controller.lock"

    @property
    def lifecycle_lock(self) -> Path:
        """Held by whoever starts or stops the environment."""
        return self.root / "lifecycle.lock"

    @property
    def identifier(self) -> str:
        """How supervisord of this environment names itself, so that it is not taken for another's."""
        return "convoy-" + hashlib.sha256(str(self.root).encode()).hexdigest()[:16]

    @property
    def socket(self) -> Path:
        """supervisord's socket: in the folder, or, where that path is too long, where the file ``socket.path`` says."""
        here = self.root / "supervisor.sock"
        if len(os.fsencode(here)) <= LONGEST_SOCKET_PATH:
            return here
        note = self.root / "socket.path"
        return Path(note.read_text().strip()) if note.exists() else here

    def create(self) -> None:
        """Make the folders, and a short place for the socket where it needs one."""
        self.root.parent.mkdir(parents=True, exist_ok=True)
        # Variables of workloads are written here, and whoever reaches the socket commands supervisord.
        self.root.mkdir(mode=0o700, exist_ok=True)
        for folder in (self.programs, self.logs):
            folder.mkdir(exist_ok=True)
        if len(os.fsencode(self.socket)) > LONGEST_SOCKET_PATH or not self.socket.parent.is_dir():
            place = Path(tempfile.mkdtemp(prefix="convoy-")) / "supervisor.sock"
            note = self.root / "socket.path"
            scratch = note.with_suffix(".new")
            scratch.write_text(f"{place}\n")
            scratch.replace(note)


def layout_of(environment: str, root: str | None = None) -> Layout:
    """The layout of an environment: below ``root``, else ``$CONVOY_HOME/environments/<name>``; CONVOY_HOME defaults to
    ``.convoy`` here. Raises Refused for a folder that supervisord's configuration cannot spell."""
    folder = Path(root) if root else Path(os.environ.get("CONVOY_HOME") or ".convoy") / "environments" / environment
    folder = Path(os.path.abspath(folder.expanduser()))  # noqa: PTH100 (resolve() would follow links that may change)
    if any(text in str(folder) for text in ("\n", '"', "'", " ;", " #", "\t", "%")):
        raise Refused(
            f"the folder of environment {environment} is {str(folder)!r}: quotes, tabs, line breaks, '%', ' ;' and "
            "' #' cannot be written into supervisord's configuration; choose another root or CONVOY_HOME"
        )
    return Layout(environment, folder)
