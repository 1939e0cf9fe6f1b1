"""The Kubernetes API as plain JSON: fast, and the same with every version of the client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
from kubernetes import config

MERGE = "application/strategic-merge-patch+json"
TIMEOUT = urllib3.Timeout(connect=2, read=10)


class RawApiError(Exception):
    """The API server said no, with a status code of HTTP."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status

    @property
    def temporary(self) -> bool:
        """Whether trying again may help."""
        return self.status == 429 or self.status >= 500


class RawApi:
    """One API server, with the credentials of a kubeconfig. Connection errors are urllib3's own."""

    def __init__(self, kubeconfig: Path) -> None:
        self._client = config.new_client_from_config(str(kubeconfig))
        self._host = self._client.configuration.host
        self._pool = self._client.rest_client.pool_manager

    def ask(self, method: str, path: str, body: Any = None, *, kind: str = "application/json") -> dict[str, Any]:
        """One request. Raises RawApiError."""
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": kind, "Accept": "application/json"}
        response = self._pool.request(
            method, f"{self._host}{path}", body=content, headers=headers, timeout=TIMEOUT, retries=False
        )
        if response.status >= 400:
            raise RawApiError(response.status, response.data.decode(errors="replace"))
        found: dict[str, Any] = json.loads(response.data)
        return found

    def watch(self, path: str, *, since: str, seconds: int, **selectors: str) -> Iterator[dict[str, Any]]:
        """The events after a resource version, for so many seconds. Raises RawApiError."""
        asked = urlencode(
            {
                "watch": "true",
                "resourceVersion": since,
                "timeoutSeconds": seconds,
                "allowWatchBookmarks": "true",
                **selectors,
            }
        )
        response = self._pool.request(
            "GET", f"{self._host}{path}?{asked}", preload_content=False, timeout=TIMEOUT, retries=False
        )
        try:
            if response.status >= 400:
                raise RawApiError(response.status, response.data.decode(errors="replace"))
            for line in response:
                event: dict[str, Any] = json.loads(line)
                if event["type"] == "ERROR":
                    raise RawApiError(int(event["object"]["code"]), str(event["object"].get("message")))
                yield event
        finally:
            response.release_conn()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._pool.clear()
