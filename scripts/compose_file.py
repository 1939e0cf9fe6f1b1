"""docker-compose.yaml read as Docker Compose reads it, and carried over to one machine without containers."""

from __future__ import annotations

import base64
import os
import re
import secrets
import socket
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# What the Dockerfile copies, and what the images know by themselves.
IMAGE_FOLDERS = {"/opt/convoy/dags": ROOT / "dags", "/opt/convoy/plugins": ROOT / "plugins"}
PORTS = {
    "postgres": [5432],
    "redis": [6379],
    "api-server": [8080],
    "scheduler": [8974, 8793],
    "triggerer": [8794],
    "worker": [8793],
    "prometheus": [9090],
}


class Failed(Exception):
    """Something in docker-compose.yaml does not work."""


class Place:
    """Where things of the containers are on this machine: folders for volumes, ports for hosts, values for secrets."""

    def __init__(self, compose: dict[str, Any], work: Path, secrets: dict[str, str]) -> None:
        self.work, self.secrets = work, secrets
        self.logs = work / "logs"
        self.logs.mkdir()
        self.ports = free_ports(PORTS)
        self.folders: dict[str, Path] = dict(IMAGE_FOLDERS)
        for service in compose["services"].values():
            for volume in [*service.get("volumes", []), *service.get("tmpfs", [])]:
                self._add_volume(volume)

    def _add_volume(self, text: str) -> None:
        source, _, rest = text.partition(":")
        if source.startswith("/"):  # a tmpfs: path and options
            self.folders[source] = self._folder(source)
            return
        inside = rest.split(":")[0]
        self.folders[inside] = (ROOT / source).resolve() if source.startswith(".") else self._folder(source)

    def _folder(self, name: str) -> Path:
        folder = self.work / "volumes" / name.strip("/").replace("/", "-")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def here(self, text: str, service: str) -> str:
        """A value of the compose file, with this machine's paths, hosts and ports."""
        for inside in sorted(self.folders, key=len, reverse=True):
            text = re.sub(rf"(?<![\w/]){re.escape(inside)}(?![\w-])", str(self.folders[inside]), text)
        for name, ports in self.ports.items():
            for port, free in ports.items():
                text = re.sub(rf"\b{name}:{port}\b", f"127.0.0.1:{free}", text)
        for port, free in self.ports.get(service, {}).items():
            text = re.sub(rf"localhost:{port}\b", f"127.0.0.1:{free}", text)
            text = re.sub(rf"(?<![\w.:]){port}(?!\w)", str(free), text)
        return text


def free_ports(wanted: dict[str, list[int]]) -> dict[str, dict[int, int]]:
    """A free loopback port for each port of each service, all different."""
    held, found = [], {}
    for name, ports in wanted.items():
        found[name] = {}
        for port in ports:
            probe = socket.socket()
            probe.bind(("127.0.0.1", 0))
            held.append(probe)
            found[name][port] = probe.getsockname()[1]
    for probe in held:
        probe.close()
    return found


def make_secrets() -> dict[str, str]:
    """What a person puts into .env."""
    names = re.findall(r"^([A-Z_]+)=$", (ROOT / "deploy" / "env.example").read_text(), re.MULTILINE)
    found = {name: secrets.token_hex(24) for name in names}
    found["FERNET_KEY"] = base64.urlsafe_b64encode(os.urandom(32)).decode()
    return found


def interpolate(value: Any, variables: dict[str, str]) -> Any:
    """The Compose file's own ${...}: required with a message, with a default, and $$ for a dollar sign."""
    if isinstance(value, dict):
        return {key: interpolate(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolate(item, variables) for item in value]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        name, kind, rest = match[1], match[2], match[3] or ""
        if variables.get(name):
            return variables[name]
        if kind == ":-":
            return rest
        raise Failed(f"docker-compose.yaml wants {name}, which deploy/env.example does not have: {rest}")

    return re.sub(r"\$\$|\$\{([A-Z_]+)(?:(:-|:\?)([^}]*))?\}", replace, value)


def in_order(services: dict[str, Any]) -> list[str]:
    """Each service after those that it depends on."""
    found: list[str] = []

    def add(name: str) -> None:
        for other in services[name].get("depends_on", {}):
            add(other)
        if name not in found:
            found.append(name)

    for name in services:
        add(name)
    return found
