"""``ready``: the object, its pods where they tell more, and the last lines of a container that ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convoy.targets.base import Readiness, Refused
from convoy.targets.kubernetes.client import Client
from convoy.targets.kubernetes.objects import POD, REPLICA_SET, RUN, VERSION, Ref, notes_of
from convoy.targets.kubernetes.pods import Problem, endpoints, is_ready, label, leaving, problems
from convoy.targets.kubernetes.stamp import generation_now, is_inert, read_stamp
from convoy.targets.kubernetes.status import TEMPLATE_HASH, Progress, progress_of
from convoy.targets.kubernetes.watches import Watches

LOG_LINES = 5
LONGEST_LINE = 200
REVISION = "deployment.kubernetes.io/revision"


class Reader:
    """Reads how far a change has come, from the API server or from what a watch knows."""

    def __init__(self, client: Client | Watches) -> None:
        self._client = client

    def ready(self, component: str, ref: Ref | None, generation: int) -> Readiness:
        """One answer about the change with this generation."""
        live = self._client.get(ref) if ref else None
        if live is None or ref is None:
            gone = generation == 0
            message = f"{component} is gone" if gone else f"{component}: {ref or 'its object'} was deleted"
            return Readiness(gone, not gone, message, 0, 0, 0)
        if live["metadata"].get("deletionTimestamp"):
            return Readiness(False, generation != 0, f"{component}: {ref} is being deleted", 0, 0, 0)
        if is_inert(live) or generation_now(live) != generation:
            by = notes_of(live).get(RUN, "somebody else")
            stamp = read_stamp(live)
            if stamp is not None and not stamp.intact(live):
                by = "somebody else, after the rollout did"
            message = f"generation {generation} is superseded by {generation_now(live)}, changed by {by}"
            return Readiness(False, True, f"{component}: {message}", 0, 0, 0)
        progress = progress_of(ref, live)
        if ref.kind in ("ConfigMap", "CronJob") or _selector(live) is None:
            return _answer(component, progress, progress.available, (), "")
        return self._with_pods(component, ref, live, progress)

    def _with_pods(self, component: str, ref: Ref, live: Mapping[str, Any], progress: Progress) -> Readiness:
        version = notes_of(live).get(VERSION) or "unknown"
        pods = [pod for pod in self._client.list(POD, ref.namespace, _selector(live) or "") if not leaving(pod)]
        new = self._new(ref, live, progress, pods)
        up = sum(is_ready(pod) for pod in new)
        wrong = [] if progress.ready else problems(new)
        found = endpoints(pods, [str(pod["metadata"]["name"]) for pod in new], version)
        said = ""
        if wrong:
            said = f"{wrong[0]}{self._log(ref.namespace, wrong[0])}"
            if len(wrong) > 1:
                said += f" (and {len(wrong) - 1} more)"
        # The object's word is of some moments ago; pods that are not up are none, whatever it says.
        available = min(progress.available, up) if progress.ready else up
        if ref.kind == "Job":
            available = progress.available
        dead = bool(wrong) and wrong[0].final and ref.kind != "Job"
        failed = progress.failed or dead
        text = "; ".join(part for part in (said, progress.message) if part)
        return _answer(component, progress, available, found, text, failed=failed)

    def _new(
        self, ref: Ref, live: Mapping[str, Any], progress: Progress, pods: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """The pods of the deployed revision."""
        if progress.revision is not None:
            key, value = progress.revision
            return [pod for pod in pods if label(pod, key) == value]
        if ref.kind != "Deployment" or progress.ready:
            return pods
        revision = notes_of(live).get(REVISION)
        sets = self._client.list(REPLICA_SET, ref.namespace, _selector(live) or "")
        mine = [s for s in sets if any(o.get("uid") == live["metadata"]["uid"] for o in _owners(s))]
        hashes = {label(s, TEMPLATE_HASH) for s in mine if notes_of(s).get(REVISION) == revision}
        return [pod for pod in pods if label(pod, TEMPLATE_HASH) in hashes]

    def _log(self, namespace: str, problem: Problem) -> str:
        """The last lines of a container that ended."""
        if problem.container is None or problem.reason != "CrashLoopBackOff":
            return ""
        try:
            text = self._client.log(
                namespace, problem.pod, problem.container, previous=problem.restarts > 0, lines=LOG_LINES
            )
        except Refused as error:
            return f"; its log cannot be read ({error})"
        lines = " | ".join(line.strip()[:LONGEST_LINE] for line in text.strip().splitlines()[-LOG_LINES:])
        return f"; its last lines: {lines}" if lines else ""


def _answer(
    component: str, progress: Progress, available: int, found: Any, text: str, *, failed: bool | None = None
) -> Readiness:
    failed = progress.failed if failed is None else failed
    return Readiness(
        ready=progress.ready and not failed and available >= progress.desired,
        failed=failed,
        message=f"{component}: {text or progress.message}",
        desired=progress.desired,
        updated=progress.updated,
        available=available,
        endpoints=found,
    )


def _owners(live: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return live["metadata"].get("ownerReferences") or []


def _selector(live: Mapping[str, Any]) -> str | None:
    """The label selector of an object, as a query; None where it has none that can be used."""
    selector = (live.get("spec") or {}).get("selector") or {}
    labels = selector.get("matchLabels") if isinstance(selector, Mapping) else None
    if not isinstance(labels, Mapping) or not labels:
        return None
    terms = [f"{key}={value}" for key, value in sorted(labels.items())]
    for expression in selector.get("matchExpressions") or []:
        key, operator, values = expression["key"], expression["operator"], expression.get("values") or []
        terms.append(
            {"Exists": key, "DoesNotExist": f"!{key}"}.get(operator, f"{key} {operator.lower()} ({','.join(values)})")
        )
    return ",".join(terms)
