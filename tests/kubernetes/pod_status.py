"""What a kubelet would say of a pod whose containers behave in a given way: a pure function.

A container behaves as the annotation :data:`ANNOTATION` of its pod says, else as the end of its image's tag does:
``shop/payment:1.1.0-crash`` and ``payment:crash`` crash, ``payment:1.1.0`` does what its pod is for, which is to run
(Deployment and the like) or to end well (Job).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

BEHAVIOURS = {
    "ready": "runs, and is ready",
    "unready": "runs, and never is ready",
    "slow": "starts unready; after the delay it is ready, or done where the pod is to end",
    "ready-half": "of the pods of one owner every second one is ready, the others are not",
    "creating": "stays at ContainerCreating",
    "missing": "its image cannot be pulled: ImagePullBackOff",
    "misconfigured": "refers to what is not there: CreateContainerConfigError",
    "crash": "ends with code 1 again and again: CrashLoopBackOff; where it is not to be restarted, it fails",
    "done": "ends with code 0, again and again where it is to be restarted",
    "fail": "ends with code 1",
}
ANNOTATION = "fake-kubelet/behaviour"
DELAY_ANNOTATION = "fake-kubelet/delay-seconds"
DEFAULT_DELAY = 2.0
# A real kubelet waits 10 s, 20 s, 40 s; tests have less time.
RESTART_EVERY = 1.0
MOST_RESTARTS = 20
AGAIN = ("crash", "done again")
_TAG = re.compile(r"(?:^|-)(" + "|".join(sorted(BEHAVIOURS, key=len, reverse=True)) + r")$")


@dataclass
class Played:
    """What the kubelet remembers of a pod, beyond what the API server has."""

    ip: str
    # Whether it is the first, third, fifth pod of its owner.
    odd: bool
    # How each container behaves, and since when; "" is what the pod is for.
    since: dict[str, tuple[str, float]] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)
    conditions: dict[str, tuple[str, float]] = field(default_factory=dict)
    # Why the containers cannot run, whatever their behaviour.
    problem: str | None = None


@dataclass(frozen=True)
class Container:
    """One container at one moment. ``state`` is a behaviour that needs no further thought, ``done again`` or
    ``initializing``."""

    name: str
    state: str
    status: dict[str, Any]


def containers_of(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """The init containers, and then the others."""
    return [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]


def behaviour_of(pod: dict[str, Any], image: str) -> str | None:
    """What the annotation says, else the tag; None if they say nothing.

    An annotation that nobody understands is a misconfigured container: the test that wrote it has to notice.
    """
    told = (pod["metadata"].get("annotations") or {}).get(ANNOTATION)
    if told is not None:
        return told if told in BEHAVIOURS else "misconfigured"
    found = _TAG.search(tag_of(image))
    return found.group(1) if found else None


def tag_of(image: str) -> str:
    """``1.1.0`` of ``registry:5000/shop/payment:1.1.0@sha256:...``; latest if there is none."""
    _, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    return tag or "latest"


def status_of(
    pod: dict[str, Any], behaviours: dict[str, str | None], played: Played, now: float
) -> tuple[dict[str, Any], float | None]:
    """The status to report now, and when to look again (None: nothing changes by itself).

    ``behaviours`` has one entry per container and init container.
    """
    spec = pod["spec"]
    policy = spec.get("restartPolicy", "Always")
    delay = _delay(pod, played)
    for name, behaviour in behaviours.items():
        if name not in played.since or played.since[name][0] != (behaviour or ""):
            played.since[name] = (behaviour or "", now)

    def play(container: dict[str, Any], aim: str, restarted: str) -> Container:
        behaviour, since = played.since[container["name"]]
        if played.problem:
            return _container(container, "misconfigured", since, played, now)
        state = _state(behaviour or aim, aim, restarted, now - since >= delay, played.odd)
        return _container(container, state, since, played, now)

    first: list[Container] = []
    for container in spec.get("initContainers") or []:
        if container.get("restartPolicy") == "Always":
            first.append(play(container, "ready", "Always"))
        else:
            # Whatever the policy, an init container that has ended well is not started again.
            first.append(play(container, "done", "Never" if policy == "Never" else "OnFailure"))
    blocked = any(one.state not in ("done", "ready") for one in first)
    aim = "ready" if policy == "Always" else "done"
    main = [
        _container(one, "initializing", now, played, now) if blocked else play(one, aim, policy)
        for one in spec["containers"]
    ]
    phase = _phase(first, main, blocked, policy)
    status: dict[str, Any] = {
        "phase": phase,
        "hostIP": "127.0.0.1",
        "hostIPs": [{"ip": "127.0.0.1"}],
        "podIP": played.ip,
        "podIPs": [{"ip": played.ip}],
        "startTime": pod["status"].get("startTime") or moment(now),
        "conditions": _conditions(first, main, blocked, phase, played, now),
        "containerStatuses": [one.status for one in main],
    }
    if first:
        status["initContainerStatuses"] = [one.status for one in first]
    due = [since + delay for behaviour, since in played.since.values() if behaviour == "slow" and since + delay > now]
    for one in (*first, *main):
        if one.state in AGAIN and played.restarts[one.name] < MOST_RESTARTS:
            due.append(now + RESTART_EVERY)
    return status, min(due, default=None)


def log_lines(status: dict[str, Any], container: str, previous: bool) -> list[str] | None:
    """What a container has written, by the status that was reported; None if it has not run."""
    known = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    found = next((one for one in known if one["name"] == container), None)
    if found is None:
        return None
    started = f"{container}: starting {found['image']}"
    if found["state"].get("running") and not previous:
        return [started, f"{container}: serving"]
    ended = found["state"].get("terminated") or found["lastState"].get("terminated")
    if ended is None:
        return None
    return [started, f"{container}: done" if ended["exitCode"] == 0 else f"{container}: error: cannot go on"]


def moment(seconds: float) -> str:
    """A time as Kubernetes writes it."""
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _delay(pod: dict[str, Any], played: Played) -> float:
    told = (pod["metadata"].get("annotations") or {}).get(DELAY_ANNOTATION)
    try:
        return DEFAULT_DELAY if told is None else float(told)
    except ValueError:
        played.problem = f"{DELAY_ANNOTATION}: {told!r} is no number of seconds"
        return DEFAULT_DELAY


def _state(behaviour: str, aim: str, policy: str, waited: bool, odd: bool) -> str:
    if behaviour == "slow":
        behaviour = aim if waited else "unready"
    if behaviour == "ready-half":
        behaviour = "ready" if odd else "unready"
    if behaviour == "crash" and policy == "Never":
        return "fail"
    if behaviour == "fail" and policy != "Never":
        return "crash"
    if behaviour == "done" and policy == "Always":
        return "done again"
    return behaviour


def _container(container: dict[str, Any], state: str, since: float, played: Played, now: float) -> Container:
    name, image = container["name"], container["image"]
    if state in AGAIN:
        counted = 1 + int((now - since) / RESTART_EVERY)
        played.restarts[name] = min(MOST_RESTARTS, max(played.restarts.get(name, 0), counted))
    waiting = {
        "initializing": ("PodInitializing", ""),
        "creating": ("ContainerCreating", ""),
        "missing": ("ImagePullBackOff", f'Back-off pulling image "{image}": not found'),
        "misconfigured": ("CreateContainerConfigError", played.problem or 'configmap "settings" not found'),
    }
    waiting.update(dict.fromkeys(AGAIN, ("CrashLoopBackOff", f"back-off 10s restarting failed container={name}")))
    times = {"startedAt": moment(since), "finishedAt": moment(since)}
    well = state in ("done", "done again")
    ended = {"exitCode": 0 if well else 1, "reason": "Completed" if well else "Error", **times}
    states: dict[str, Any]
    if state in waiting:
        reason, message = waiting[state]
        states = {"waiting": {"reason": reason, **({"message": message} if message else {})}}
    elif state in ("done", "fail"):
        states = {"terminated": ended}
    else:
        states = {"running": {"startedAt": moment(since)}}
    pulled = state not in ("initializing", "creating", "missing")
    status = {
        "name": name,
        "image": image,
        "imageID": f"sha256:{hashlib.sha256(image.encode()).hexdigest()}" if pulled else "",
        "ready": state == "ready",
        "started": state in ("ready", "unready"),
        "restartCount": played.restarts.get(name, 0),
        "state": states,
        "lastState": {"terminated": ended} if state in AGAIN else {},
    }
    return Container(name, state, status)


def _phase(first: list[Container], main: list[Container], blocked: bool, policy: str) -> str:
    if policy != "Always" and any(one.state == "fail" for one in first):
        return "Failed"
    states = {one.state for one in main}
    if blocked or states & {"creating", "missing", "misconfigured", "initializing"}:
        return "Pending"
    if states <= {"done", "fail"}:
        return "Failed" if "fail" in states else "Succeeded"
    return "Running"


def _conditions(
    first: list[Container], main: list[Container], blocked: bool, phase: str, played: Played, now: float
) -> list[dict[str, Any]]:
    idle = [one.name for one in main if one.state != "ready"]
    reason: dict[str, str] = {}
    if phase in ("Succeeded", "Failed"):
        reason = {"reason": "PodCompleted" if phase == "Succeeded" else "PodFailed"}
    elif idle:
        reason = {"reason": "ContainersNotReady", "message": f"containers with unready status: [{' '.join(idle)}]"}
    found = []
    for kind, holds, why in (
        ("Initialized", not blocked, {"reason": "ContainersNotInitialized"} if blocked else {}),
        ("ContainersReady", not idle, reason),
        ("Ready", not idle, reason),
    ):
        status = str(bool(holds))
        if played.conditions.get(kind, ("", 0.0))[0] != status:
            played.conditions[kind] = (status, now)
        since = moment(played.conditions[kind][1])
        # A strategic merge keeps what is not named: the reason of before has to be taken away.
        found.append(
            {"type": kind, "status": status, "reason": None, "message": None, "lastTransitionTime": since, **why}
        )
    return found
