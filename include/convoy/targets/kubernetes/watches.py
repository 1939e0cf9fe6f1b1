"""What a namespace is like, kept up to date by one watch per kind of object, for every gate of this process.

A watch may lag behind, or be dead without knowing it. So what it says is good for *not yet* only: a gate that sees an
end asks the API server itself (:mod:`convoy.targets.kubernetes.gatekeeper`).
"""

from __future__ import annotations

import threading
import time
from typing import Any

from convoy.targets.base import TargetError
from convoy.targets.kubernetes.client import Client
from convoy.targets.kubernetes.objects import Ref, Resource

IDLE = 60.0
"""Seconds without a question after which a watch ends."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between tries after a failure; doubled each time."""


class NotKnown(Exception):
    """The watch is not, or not any more, up to date: ask the API server."""


class Watch:
    """All objects of one kind in a namespace. The thread starts with the first question, and ends when nobody asks."""

    def __init__(self, client: Client, resource: Resource, namespace: str) -> None:
        self._client = client
        self._resource = resource
        self._namespace = namespace
        self._guard = threading.Lock()
        self._objects: dict[str, dict[str, Any]] = {}
        self._known = False
        self._thread: threading.Thread | None = None
        self._asked = 0.0
        self._stop = threading.Event()

    def objects(self) -> dict[str, dict[str, Any]]:
        """The objects by name. Raises NotKnown."""
        with self._guard:
            self._asked = time.monotonic()
            if self._thread is None:
                name = f"watch-{self._namespace}-{self._resource.plural}"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()
            if not self._known:
                raise NotKnown(str(self._resource))
            return dict(self._objects)

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._idle():
            try:
                since = self._list()
                pause = FIRST_PAUSE
                self._follow(since)
            except TargetError:
                # An outage, a watch that expired (410), or a right that is missing: until it is over, gates ask.
                self._forget()
                self._stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _list(self) -> str:
        page = self._client.request("GET", self._resource.path(self._namespace), query={"resourceVersion": "0"})
        kind = {"apiVersion": self._resource.api_version, "kind": self._resource.kind}
        found = {item["metadata"]["name"]: {**kind, **item} for item in page.get("items") or []}
        with self._guard:
            self._objects, self._known = found, True
        return str(page["metadata"]["resourceVersion"])

    def _follow(self, since: str) -> None:
        for event in self._client.watch(self._resource, self._namespace, since):
            found = event["object"]
            if event["type"] in ("ADDED", "MODIFIED"):
                with self._guard:
                    self._objects[found["metadata"]["name"]] = found
            elif event["type"] == "DELETED":
                with self._guard:
                    self._objects.pop(found["metadata"]["name"], None)
            if self._idle():
                return

    def _idle(self) -> bool:
        with self._guard:
            if self._thread is not threading.current_thread():
                # Somebody asked after all, a moment too late: another thread has taken over.
                return True
            if time.monotonic() - self._asked < IDLE:
                return False
            self._objects, self._known, self._thread = {}, False, None
            return True

    def _forget(self) -> None:
        with self._guard:
            self._objects, self._known = {}, False


class Watches:
    """The watches of one API server. Answers like a :class:`Client`, and raises NotKnown where it cannot."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._guard = threading.Lock()
        self._watches: dict[tuple[Resource, str], Watch] = {}

    def get(self, ref: Ref) -> dict[str, Any] | None:
        """The object as it was last seen."""
        return self._watch(ref.resource, ref.namespace).objects().get(ref.name)

    def list(self, resource: Resource, namespace: str, selector: str = "") -> list[dict[str, Any]]:
        """All objects that a label selector selects. Selectors that are more than pairs are not understood."""
        wanted = dict(term.split("=", 1) for term in selector.split(",") if term.count("=") == 1 and "(" not in term)
        if len(wanted) != len(selector.split(",")):
            raise NotKnown(selector)
        objects = self._watch(resource, namespace).objects().values()
        return [one for one in objects if wanted.items() <= (one["metadata"].get("labels") or {}).items()]

    def log(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> str:
        """Nothing: an end is looked at by asking."""
        return ""

    def _watch(self, resource: Resource, namespace: str) -> Watch:
        with self._guard:
            key = (resource, namespace)
            if key not in self._watches:
                self._watches[key] = Watch(self._client, resource, namespace)
            return self._watches[key]
