"""A deployment system in one dictionary: the reference for both contracts.

It keeps every promise of the target protocol and runs nothing: a version is up at once, unless the workload's
parameters say that it crashes. ``state`` is JSON, so that it can be kept in memory or in a file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Complaint(Exception):
    """An error answer: ``code`` is lock-held, fenced, drift or refused."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def empty() -> dict[str, Any]:
    """The state of a fleet in which nothing ever happened."""
    return {"components": {}, "locks": {}, "fenced": [], "token": 0}


class Fleet:
    """Answers the verbs on a state. Whoever calls holds a mutual exclusion around each call, and keeps the state."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state

    def answer(self, verb: str, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request. Raises Complaint."""
        verbs: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "prepare": lambda request: {},
            "observe": lambda request: self._observe(request["component"]),
            "acquire": self._acquire,
            "fence": lambda request: self._fence(request["holder"]),
            "release": lambda request: self._release(request["holder"]),
            "locks": lambda request: {"locks": list(self.state["locks"].values())},
            "apply": self._apply,
            "restore": self._restore,
            "ready": self._ready,
        }
        if verb not in verbs:
            raise Complaint("refused", f"there is no verb {verb}")
        return verbs[verb](request)

    # --- locks -----------------------------------------------------------------------------------------------

    def _acquire(self, request: dict[str, Any]) -> dict[str, Any]:
        holder, wanted = request["holder"], request["components"]
        if holder in self.state["fenced"]:
            raise Complaint("fenced", f"{holder} has begun to roll back")
        for lock in self.state["locks"].values():
            both = sorted(set(wanted) & set(lock["components"]))
            if both and lock["holder"] != holder:
                raise Complaint("lock-held", f"{', '.join(both)} locked by {lock['holder']}")
        mine = self.state["locks"].get(holder)
        token = mine["token"] if mine else self._next_token()
        held = sorted({*wanted, *(mine["components"] if mine else ())})
        lock = {"holder": holder, "token": token, "epoch": "forward", "components": held}
        self.state["locks"][holder] = lock
        return lock

    def _fence(self, holder: str) -> dict[str, Any]:
        lock = self.state["locks"].get(holder)
        if lock is None:
            raise Complaint("fenced", f"{holder} holds no lock")
        if lock["epoch"] != "rollback":
            lock.update(token=self._next_token(), epoch="rollback")
            self.state["fenced"].append(holder)
        return dict(lock)

    def _release(self, holder: str) -> dict[str, Any]:
        self.state["locks"].pop(holder, None)
        return {}

    def _check(self, component: str, lock: dict[str, Any]) -> None:
        live = self.state["locks"].get(lock["holder"])
        mine = live is not None and component in live["components"]
        if not mine or (live["token"], live["epoch"]) != (lock["token"], lock["epoch"]):
            raise Complaint("fenced", f"token {lock['token']} of {lock['holder']} is not in force on {component}")

    def _next_token(self) -> int:
        self.state["token"] += 1
        return int(self.state["token"])

    # --- components ------------------------------------------------------------------------------------------

    def _observe(self, component: str) -> dict[str, Any]:
        found = self.state["components"].get(component, {"generation": 0, "changed_by": None, "spec": None})
        spec = found["spec"]
        return {
            "component": component,
            "version": spec["version"] if spec else None,
            "generation": found["generation"],
            "changed_by": found["changed_by"],
            "state": {"spec": spec} if spec else {},
        }

    def _apply(self, request: dict[str, Any]) -> dict[str, Any]:
        desired = request["desired"]
        component = desired["component"]
        self._check(component, request["lock"])
        if desired["workload"].get("kind") != "external":
            raise Complaint("refused", f"{component}: only external workloads run here")
        return self._become(component, {k: v for k, v in desired.items() if k != "component"}, request["lock"])

    def _restore(self, request: dict[str, Any]) -> dict[str, Any]:
        component, prior = request["component"], request["prior"]
        self._check(component, request["lock"])
        live = self._observe(component)
        spec = prior["state"]["spec"] if prior["version"] is not None else None
        if live["state"].get("spec") != spec and live["changed_by"] != request["lock"]["holder"]:
            raise Complaint("drift", f"{component} is {live['version']}, changed by {live['changed_by']}")
        return self._become(component, spec, request["lock"])

    def _become(self, component: str, spec: dict[str, Any] | None, lock: dict[str, Any]) -> dict[str, Any]:
        live = self._observe(component)
        what = spec["version"] if spec else "absent"
        if live["state"].get("spec") == spec:
            return {
                "component": component,
                "generation": live["generation"],
                "changed": False,
                "message": f"{component} is already {what}",
            }
        generation = live["generation"] + 1
        self.state["components"][component] = {
            "generation": generation,
            "changed_by": lock["holder"],
            "spec": spec,
            "before": live["state"].get("spec"),
        }
        message = f"{component} goes from {live['version'] or 'absent'} to {what}"
        return {"component": component, "generation": generation, "changed": True, "message": message}

    def _ready(self, request: dict[str, Any]) -> dict[str, Any]:
        component = request["component"]
        found = self.state["components"].get(component)
        nobody = {"desired": 0, "updated": 0, "available": 0, "endpoints": []}
        generation = found["generation"] if found else 0
        if generation != request["generation"]:
            return {"ready": False, "failed": True, "message": f"superseded by generation {generation}", **nobody}
        spec = found["spec"] if found else None
        if spec is None:
            return {"ready": True, "failed": False, "message": f"{component} is gone", **nobody}
        crashes = bool(spec["workload"]["parameters"].get("crash"))
        count = spec["workload"]["replicas"]
        endpoints = [
            {
                "replica": f"{component}-{n}",
                "host": "127.0.0.1",
                "port": 9,
                "version": spec["version"],
                "revision": "new",
            }
            for n in range(0 if crashes else count)
        ]
        return {
            "ready": not crashes,
            "failed": crashes,
            "message": f"{component} {spec['version']} {'crashes' if crashes else 'is up'}",
            "desired": count,
            "updated": count,
            "available": len(endpoints),
            "endpoints": endpoints,
        }
