"""The folder that an embedded Airflow lives in, and the small files through which its programs know of each other."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

USER = "admin"


@dataclass(frozen=True)
class Home:
    """Paths below ``root`` (``$CONVOY_HOME``), and reading and writing what is kept there."""

    root: Path

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME: airflow.cfg with the secrets, the SQLite database, the task logs."""
        return self.root / "airflow"

    @property
    def launcher(self) -> Path:
        """The launcher's own files: ports, the monitor's state, holds."""
        return self.root / "embedded"

    @property
    def logs(self) -> Path:
        """What each component writes to its output."""
        return self.launcher / "logs"

    @property
    def ports_file(self) -> Path:
        """The ports, picked once."""
        return self.launcher / "ports.json"

    @property
    def passwords_file(self) -> Path:
        """The login, in the form of Airflow's SimpleAuthManager."""
        return self.airflow / "passwords.json"

    @property
    def state_file(self) -> Path:
        """What the monitor says about itself and its children."""
        return self.launcher / "monitor.json"

    @property
    def environments(self) -> Path:
        """The environments of the ``processes`` target."""
        return self.root / "environments"

    def hold_file(self, component: str) -> Path:
        """While this file exists, the monitor does not start the component again."""
        return self.launcher / "hold" / component

    def make(self) -> None:
        """Create the folders; they hold secrets and a database, so nobody else may look."""
        for folder in (self.airflow, self.logs, self.launcher / "hold"):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.airflow, self.launcher):
            folder.chmod(0o700)

    def write_secrets(self) -> None:
        """Generate the login and the keys, once. They are in files with mode 600, and in no process's environment:
        what a rollout starts inherits that."""
        if not self.passwords_file.exists():
            alphabet = string.ascii_letters + string.digits
            password = "".join(secrets.choice(alphabet) for _ in range(20))
            write_private(self.passwords_file, json.dumps({USER: password}) + "\n")
        config = self.airflow / "airflow.cfg"
        if not config.exists():
            fernet_key = base64.urlsafe_b64encode(os.urandom(32)).decode()
            write_private(
                config,
                f"[core]\nfernet_key = {fernet_key}\n\n[api]\nsecret_key = {secrets.token_hex(32)}\n\n"
                f"[api_auth]\njwt_secret = {secrets.token_hex(32)}\n",
            )

    @property
    def password(self) -> str:
        """The password of the user ``admin``. Raises OSError before the first start."""
        return str(json.loads(self.passwords_file.read_text(encoding="utf-8"))[USER])

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock: one ``up`` or ``down`` at a time. Waits for the other to end."""
        self.launcher.mkdir(parents=True, exist_ok=True)
        with (self.launcher / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, never readable by others in between, whole or not at all."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
    scratch.replace(path)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object, whole or not at all."""
    write_private(path, json.dumps(value, indent=1) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file, or None where there is no file. Raises ValueError where it is something else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if not isinstance(value, dict):
        raise ValueError(f"{path}: not a JSON object")
    return value
