"""The pods that are bound to a node, as a stream of events that goes on whatever happens to the API server."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import Any

import urllib3

from tests.kubernetes.raw_api import RawApi, RawApiError

PODS = "/api/v1/pods"
BOUND = "spec.nodeName!="
# A watch ends by itself after so many seconds, which bounds how long stopping takes.
WATCH_SECONDS = 2
RETRY = 0.2
GONE = 410
_log = logging.getLogger(__name__)


class PodWatch:
    """Tells of every pod that is there, changes or goes: ``{"type": "ADDED" | "MODIFIED" | "DELETED", "object": pod}``.

    What was missed while nobody could be asked is made good by a new list: a pod that is not in it was deleted.
    """

    def __init__(self, api: RawApi, tell: Callable[[dict[str, Any]], None]) -> None:
        self._api = api
        self._tell = tell
        self._there: dict[str, dict[str, Any]] = {}

    def run(self, stopping: threading.Event) -> None:
        """Until told to stop. Raises what trying again cannot help."""
        since = ""
        while not stopping.is_set():
            try:
                since = since or self._list()
                for event in self._api.watch(PODS, since=since, seconds=WATCH_SECONDS, fieldSelector=BOUND):
                    since = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] != "BOOKMARK":
                        self._pass_on(event["type"], event["object"])
            except RawApiError as error:
                if error.status != GONE and not error.temporary:
                    raise
                since = ""
                stopping.wait(RETRY)
            except (urllib3.exceptions.HTTPError, json.JSONDecodeError) as error:
                # The API server is away, or was cut off in the middle of a line.
                _log.info("watching pods again after %r", error)
                since = ""
                stopping.wait(RETRY)

    def _list(self) -> str:
        found = self._api.ask("GET", f"{PODS}?fieldSelector={BOUND.replace('=', '%3D')}")
        now = {pod["metadata"]["uid"] for pod in found["items"]}
        for uid in self._there.keys() - now:
            self._pass_on("DELETED", self._there[uid])
        for pod in found["items"]:
            self._pass_on("ADDED", pod)
        return str(found["metadata"]["resourceVersion"])

    def _pass_on(self, kind: str, pod: dict[str, Any]) -> None:
        if kind == "DELETED":
            self._there.pop(pod["metadata"]["uid"], None)
        else:
            self._there[pod["metadata"]["uid"]] = pod
        self._tell({"type": kind, "object": pod})
