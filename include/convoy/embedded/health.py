"""Asking the running Airflow how its components are."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime

HEARTBEATS = {
    "scheduler": "latest_scheduler_heartbeat",
    "dag_processor": "latest_dag_processor_heartbeat",
    "triggerer": "latest_triggerer_heartbeat",
}
# The API is on this machine: a proxy from the environment would be wrong.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Health:
    """Each component's state. ``api-server`` is healthy if it answers; ``heartbeats`` are seconds since the epoch."""

    components: dict[str, str]
    heartbeats: dict[str, float]

    @property
    def healthy(self) -> bool:
        """Whether every component is."""
        return all(state == "healthy" for state in self.components.values())

    def waiting_for(self, since: float = 0.0) -> list[str]:
        """The components that are not healthy, or gave no sign of life after ``since`` (seconds since the epoch)."""
        late = [name for name, at in self.heartbeats.items() if at < since]
        return sorted({name for name, state in self.components.items() if state != "healthy"} | set(late))


def ask(url: str, *, timeout: float = 5.0) -> Health:
    """The health of all components. Where the API does not answer, nothing else is known: all are ``unknown``."""
    try:
        with _OPENER.open(f"{url}/api/v2/monitor/health", timeout=timeout) as answer:
            body = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError) as error:
        names = [name.replace("_", "-") for name in HEARTBEATS]
        return Health({"api-server": f"no answer ({error})", **dict.fromkeys(names, "unknown")}, {})
    components = {"api-server": "healthy", "database": str(body["metadatabase"]["status"])}
    heartbeats = {}
    for key, field in HEARTBEATS.items():
        found = body.get(key) or {}
        name = key.replace("_", "-")
        components[name] = str(found.get("status") or "not running")
        heartbeats[name] = _seconds(found.get(field))
    return Health(components, heartbeats)


def _seconds(text: str | None) -> float:
    """0 for a component that never gave a sign of life."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else 0.0
