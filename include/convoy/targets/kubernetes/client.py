"""Requests to an API server, as JSON, and what its refusals mean.

The ``kubernetes`` package does the authentication and the connections; objects stay the JSON that the server speaks,
so that nothing of them is lost on the way. One client per connection and process: it is safe for threads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from convoy.targets.base import Refused, TargetUnreachable
from convoy.targets.kubernetes.objects import Ref, Resource

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
PAGE = 500
WATCH_SECONDS = 290
SILENCE = 90.0
"""A watch over which nothing comes for so many seconds, not even a bookmark, is taken for dead."""
AGAIN = (408, 410, 425, 429)
"""Client errors that may pass by themselves."""
_CONFLICT = re.compile(r'conflict with "(?P<manager>[^"]*)"')


class Stale(TargetUnreachable):
    """The object was changed between reading and writing it, or exists already: read it again."""


class OwnedByOthers(Refused):
    """Other field managers own fields that would be changed. ``owners`` maps each field to its manager."""

    def __init__(self, message: str, owners: Mapping[str, str]) -> None:
        super().__init__(message)
        self.owners = dict(owners)


class Client:
    """One API server. ``connect`` makes an ``ApiClient`` when it is first needed, and again after a 401."""

    def __init__(self, connect: Callable[[], Any], timeout: float = 30.0) -> None:
        self.connect = connect
        self._timeout = timeout
        self._api: Any = None

    def get(self, ref: Ref) -> dict[str, Any] | None:
        """The object, or None."""
        try:
            return self.request("GET", ref.path)
        except _NotFound:
            return None

    def list(self, resource: Resource, namespace: str, selector: str = "") -> list[dict[str, Any]]:
        """All objects that a label selector selects."""
        found: list[dict[str, Any]] = []
        query = {"limit": str(PAGE), **({"labelSelector": selector} if selector else {})}
        while True:
            page = self.request("GET", resource.path(namespace), query=query)
            found += page.get("items") or []
            following = (page.get("metadata") or {}).get("continue")
            if not following:
                return found
            query = {**query, "continue": following}

    def apply(
        self, ref: Ref, body: Mapping[str, Any], manager: str, *, force: bool = False, dry_run: bool = False
    ) -> dict[str, Any]:
        """Server-side apply. Raises OwnedByOthers, Stale."""
        query = {"fieldManager": manager, "force": "true" if force else "false"}
        if dry_run:
            query["dryRun"] = "All"
        whole = {
            "apiVersion": ref.api_version,
            "kind": ref.kind,
            **body,
            "metadata": {**body.get("metadata", {}), "name": ref.name, "namespace": ref.namespace},
        }
        return self.request("PATCH", ref.path, query=query, body=whole, content_type=APPLY)

    def merge(self, ref: Ref, patch: Mapping[str, Any], manager: str) -> dict[str, Any] | None:
        """A merge patch; None where the object does not exist."""
        try:
            return self.request("PATCH", ref.path, query={"fieldManager": manager}, body=patch, content_type=MERGE)
        except _NotFound:
            return None

    def create(self, ref: Ref, body: Mapping[str, Any], manager: str) -> dict[str, Any]:
        """Create; raises Stale where it exists."""
        path = ref.resource.path(ref.namespace)
        return self.request("POST", path, query={"fieldManager": manager}, body=body)

    def replace(self, ref: Ref, body: Mapping[str, Any], manager: str, *, dry_run: bool = False) -> dict[str, Any]:
        """Write the whole object; raises Stale where its resourceVersion is not the live one, or it is gone."""
        query = {"fieldManager": manager, **({"dryRun": "All"} if dry_run else {})}
        try:
            return self.request("PUT", ref.path, query=query, body=body)
        except _NotFound as error:
            raise Stale(f"{ref} is gone") from error

    def delete(self, ref: Ref, live: Mapping[str, Any]) -> None:
        """Delete exactly this object, with what it owns; raises Stale where it was changed meanwhile."""
        metadata = live["metadata"]
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Foreground",
            "preconditions": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]},
        }
        try:
            self.request("DELETE", ref.path, body=options)
        except _NotFound:
            return

    def resource(self, api_version: str, kind: str) -> Resource:
        """How the server calls the resource of a kind. Raises Refused where it has none."""
        root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            known = self.request("GET", root)["resources"]
        except _NotFound as error:
            raise Refused(f"the cluster has no API {api_version}: is its operator installed?") from error
        for entry in known:
            if entry["kind"] == kind and "/" not in entry["name"] and entry.get("namespaced"):
                return Resource(api_version, kind, entry["name"])
        raise Refused(f"the cluster has no namespaced kind {kind} in {api_version}")

    def watch(self, resource: Resource, namespace: str, since: str) -> Iterator[dict[str, Any]]:
        """The changes after a resourceVersion, as they come, for some minutes. Raises as every request does."""
        import urllib3

        query = {
            "watch": "true",
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        path = resource.path(namespace)
        answer = self._open("GET", path, query, None, "application/json", (self._timeout, SILENCE))
        try:
            for line in answer:
                event = json.loads(line)
                if event.get("type") == "ERROR":
                    status = event.get("object") or {}
                    raise translate("WATCH", path, status.get("code"), json.dumps(status))
                yield event
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise TargetUnreachable(f"WATCH {path}: it broke off ({type(error).__name__})") from error
        finally:
            answer.close()

    def log(self, namespace: str, pod: str, container: str, *, previous: bool, lines: int) -> str:
        """The last lines of a container."""
        from convoy.targets.kubernetes.objects import POD

        query = {"container": container, "tailLines": str(lines), **({"previous": "true"} if previous else {})}
        return self._send("GET", f"{POD.path(namespace, pod)}/log", query, None, "text/plain").decode(errors="replace")

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        """One request; the JSON object that is answered. Raises the errors of the target protocol."""
        content = self._send(method, path, query or {}, body, content_type)
        try:
            answer = json.loads(content)
        except ValueError as error:
            raise TargetUnreachable(f"{method} {path}: the answer is not JSON") from error
        if not isinstance(answer, dict):
            raise TargetUnreachable(f"{method} {path}: the answer is no object")
        return answer

    def _send(self, method: str, path: str, query: Mapping[str, str], body: Any, content_type: str) -> bytes:
        import urllib3

        try:
            return bytes(self._open(method, path, query, body, content_type, self._timeout).data)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise TargetUnreachable(f"{method} {path}: no answer ({type(error).__name__})") from error

    def _open(
        self, method: str, path: str, query: Mapping[str, str], body: Any, content_type: str, timeout: Any
    ) -> Any:
        """An answer whose body is still to be read."""
        import urllib3
        from kubernetes.client.exceptions import ApiException

        headers = {"Accept": "application/json", "Content-Type": content_type}
        for again in (True, False):
            if self._api is None:
                self._api = self.connect()
            try:
                return self._api.call_api(
                    path,
                    method,
                    query_params=list(query.items()),
                    header_params=dict(headers),
                    body=body,
                    auth_settings=["BearerToken"],
                    _preload_content=False,
                    _request_timeout=timeout,
                )
            except ApiException as error:
                if error.status == 401 and again:
                    # A token may have been exchanged meanwhile.
                    self._api = None
                    continue
                raise translate(method, path, error.status, error.body, error.reason) from error
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise TargetUnreachable(f"{method} {path}: no answer ({type(error).__name__})") from error
        raise AssertionError("unreachable")


class _NotFound(Refused):
    """There is no such object."""


def translate(method: str, path: str, status: int | None, content: Any, reason: Any = "") -> Exception:
    """The error that an answer stands for."""
    try:
        answer = json.loads(content) if content else {}
    except ValueError:
        answer = {}
    answer = answer if isinstance(answer, dict) else {}
    text = str(answer.get("message") or reason or "no message")
    said = f"{method} {path}: {text}"
    if status == 404:
        return _NotFound(said)
    if status == 409:
        return _conflict(said, answer)
    if not status or status >= 500 or status in AGAIN:
        return TargetUnreachable(f"{said} (status {status or 'none'})")
    if status == 401:
        return Refused(f"{said}: the API server does not know who we are; check the Airflow connection")
    if status == 403:
        return Refused(f"{said}: it is forbidden; `convoy rbac` writes the Role that is needed")
    return Refused(said)


def _conflict(said: str, answer: Mapping[str, Any]) -> Exception:
    causes = (answer.get("details") or {}).get("causes") or []
    owners = {}
    for cause in causes:
        if cause.get("reason") == "FieldManagerConflict":
            match = _CONFLICT.search(str(cause.get("message")))
            owners[str(cause.get("field"))] = match["manager"] if match else "somebody"
    if owners:
        return OwnedByOthers(said, owners)
    return Stale(said)
