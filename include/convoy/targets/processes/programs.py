"""The programs of an environment as files: what supervisord reads, what ``launch.py`` reads, and their logs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from convoy.targets.processes import launch
from convoy.targets.processes.layout import Layout

CONTROLLER = "controller"
"""The controller's program. A replica's name always ends with its revision and number, so that none is called so."""

START_SECONDS = 1
START_RETRIES = 2
LOG_BYTES = 10_000_000
LOGS_KEPT = 50
TAIL_LINES = 8
TAIL_BYTES = 2000


def write_program(
    layout: Layout,
    name: str,
    *,
    command: list[str],
    env: dict[str, str],
    directory: str,
    stop_seconds: int = 10,
    keep_trying: bool = False,
) -> None:
    """Write the files of a program. ``keep_trying``: start it again however often it ends at once."""
    description = layout.programs / f"{name}.json"
    _write(description, json.dumps({"command": command, "env": env, "directory": directory}, indent=1))
    lines = [
        f"[program:{name}]",
        # Isolated and without site-packages: nothing but the standard library is needed, and starting is quick.
        f"command={_quoted(sys.executable)} -I -S {_quoted(launch.__file__)} {_quoted(str(description))}",
        "autorestart=true",
        f"startsecs={START_SECONDS}",
        f"startretries={1000000 if keep_trying else START_RETRIES}",
        f"stopwaitsecs={stop_seconds}",
        "stopasgroup=true",
        "killasgroup=true",
        "redirect_stderr=true",
        f"stdout_logfile={layout.logs / f'{name}.log'!s}",
        f"stdout_logfile_maxbytes={LOG_BYTES}",
        "stdout_logfile_backups=1",
    ]
    _write(layout.programs / f"{name}.conf", "\n".join([*lines, ""]))


def delete_program(layout: Layout, name: str) -> None:
    """Delete the files of a program, and not its log."""
    for suffix in (".conf", ".json"):
        (layout.programs / f"{name}{suffix}").unlink(missing_ok=True)


def write_config(layout: Layout) -> None:
    """Write supervisord's own configuration."""
    lines = [
        "[unix_http_server]",
        f"file={layout.socket!s}",
        "chmod=0700",
        "[supervisord]",
        f"identifier={layout.identifier}",
        f"logfile={layout.root / 'supervisord.log'!s}",
        "logfile_maxbytes=10MB",
        "logfile_backups=1",
        f"pidfile={layout.root / 'supervisord.pid'!s}",
        f"childlogdir={layout.logs!s}",
        f"directory={layout.root!s}",
        "nodaemon=false",
        "nocleanup=true",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        "[include]",
        f"files={layout.programs.name}/*.conf",
    ]
    _write(layout.config, "\n".join([*lines, ""]))


def log_tail(layout: Layout, name: str) -> str:
    """The last lines of a program's log."""
    path = layout.logs / f"{name}.log"
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.strip().splitlines()[-TAIL_LINES:])


def prune_logs(layout: Layout, component: str, keep: set[str]) -> None:
    """Delete the oldest logs of a component beyond :data:`LOGS_KEPT`, except those of the programs in ``keep``."""
    found = [
        p for p in layout.logs.glob(f"{component}-*.log") if _is_replica_of(p.stem, component) and p.stem not in keep
    ]
    found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found[LOGS_KEPT:]:
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".1").unlink(missing_ok=True)


def replica_name(component: str, revision: str, ordinal: int) -> str:
    """``checkout-1a2b3c4d-0``."""
    return f"{component}-{revision}-{ordinal}"


def replica_env(component: str, version: str, ordinal: int, host: str, port: int, addresses: dict[str, int]) -> Any:
    """Who a replica is, where it listens, and where the stable addresses of all components are."""
    known = {
        f"CONVOY_ADDRESS_{name.upper().replace('-', '_')}": f"{host}:{number}" for name, number in addresses.items()
    }
    return {
        **known,
        "HOST": host,
        "PORT": str(port),
        "CONVOY_COMPONENT": component,
        "CONVOY_VERSION": version,
        "CONVOY_REPLICA": str(ordinal),
    }


def _is_replica_of(stem: str, component: str) -> bool:
    revision, _, ordinal = stem[len(component) + 1 :].partition("-")
    return len(revision) == 8 and ordinal.isdecimal()


def _write(path: Path, text: str) -> None:
    """Whole or not at all: supervisord reads every file here again whenever a program is added."""
    scratch = path.with_name(f".{path.name}.new")
    scratch.write_text(text)
    scratch.replace(path)


def _quoted(text: str) -> str:
    return f'"{text.replace("%", "%%")}"'
