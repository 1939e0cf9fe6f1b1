"""A fleet behind the ``command`` target's contract, slow where a test needs a middle of a deployment.

State is a JSON file under an exclusive lock. ``apply`` leaves its process id in ``applying-<component>`` and then waits
as long as ``slow-<component>`` exists. What was really done stands in ``history.jsonl``.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

EXITS = {"lock-held": 10, "fenced": 11, "drift": 12, "refused": 13}


class No(Exception):
    """A refusal with one of the contract's codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def answer(state: dict[str, Any], verb: str, request: dict[str, Any]) -> dict[str, Any]:
    """Do what is asked, in the state."""
    components, locks = state["components"], state["locks"]
    if verb == "prepare":
        return {}
    if verb == "observe":
        return observation(components, request["component"])
    if verb == "acquire":
        return acquire(state, request["components"], request["holder"])
    if verb == "fence":
        held = locks.get(request["holder"]) or refuse("fenced", f"{request['holder']} holds no lock")
        if held["epoch"] == "forward":
            state["token"] += 1
            held.update(epoch="rollback", token=state["token"])
        return {"holder": request["holder"], **held}
    if verb == "release":
        locks.pop(request["holder"], None)
        return {}
    if verb == "locks":
        return {"locks": [{"holder": holder, **held} for holder, held in locks.items()]}
    if verb == "ready":
        known = components.get(request["component"])
        done = known is None or known["generation"] >= request["generation"]
        count = 1 if known else 0
        return {
            "ready": done,
            "failed": False,
            "message": "there",
            "desired": count,
            "updated": count,
            "available": count,
            "endpoints": [],
        }
    return mutate(state, verb, request)


def refuse(code: str, message: str) -> Any:
    """Refuse."""
    raise No(code, message)


def observation(components: dict[str, Any], name: str) -> dict[str, Any]:
    """What is live."""
    known = components.get(name)
    if known is None:
        return {"component": name, "version": None, "generation": 0, "changed_by": None, "state": {}}
    return {"component": name, **known, "state": {"version": known["version"]}}


def acquire(state: dict[str, Any], components: list[str], holder: str) -> dict[str, Any]:
    """Lock all or nothing."""
    own = state["locks"].get(holder)
    if own is not None:
        if own["epoch"] != "forward":
            refuse("fenced", f"{holder} has begun to roll back")
        return {"holder": holder, **own}
    for other, held in state["locks"].items():
        if set(held["components"]) & set(components):
            refuse("lock-held", f"held by {other}")
    state["token"] += 1
    state["locks"][holder] = {"token": state["token"], "epoch": "forward", "components": list(components)}
    return {"holder": holder, **state["locks"][holder]}


def mutate(state: dict[str, Any], verb: str, request: dict[str, Any]) -> dict[str, Any]:
    """``apply`` and ``restore``, fenced by the token."""
    given = request["lock"]
    held = state["locks"].get(given["holder"])
    if held is None or held["token"] != given["token"]:
        refuse("fenced", f"token {given['token']} is not in force")
    name = request["desired"]["component"] if verb == "apply" else request["component"]
    version = request["desired"]["version"] if verb == "apply" else request["prior"]["version"]
    known = state["components"].get(name)
    if version is None:
        state["components"].pop(name, None)
        return {"component": name, "generation": 0, "changed": known is not None, "message": f"{name} is removed"}
    if known is not None and known["version"] == version:
        generation = known["generation"]
        return {"component": name, "generation": generation, "changed": False, "message": f"{name} is at {version}"}
    generation = (known["generation"] if known else 0) + 1
    state["components"][name] = {"version": version, "generation": generation, "changed_by": given["holder"]}
    return {"component": name, "generation": generation, "changed": True, "message": f"{name} goes to {version}"}


def main(folder: Path, verb: str) -> int:
    """One call of the contract."""
    request = json.load(sys.stdin)
    folder.mkdir(parents=True, exist_ok=True)
    if verb == "apply":
        name = request["desired"]["component"]
        (folder / f"applying-{name}").write_text(str(os.getpid()))
        while (folder / f"slow-{name}").exists():
            time.sleep(0.05)
    with (folder / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        path = folder / "state.json"
        state = json.loads(path.read_text()) if path.exists() else {"components": {}, "locks": {}, "token": 0}
        try:
            found = answer(state, verb, request)
        except No as refusal:
            print(json.dumps({"error": refusal.code, "message": str(refusal)}))
            return EXITS[refusal.code]
        scratch = folder / "state.new"
        scratch.write_text(json.dumps(state, indent=1))
        scratch.replace(path)
        if verb in ("apply", "restore") and found["changed"]:
            with (folder / "history.jsonl").open("a") as history:
                history.write(json.dumps([verb, found["component"], found["message"]]) + "\n")
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
