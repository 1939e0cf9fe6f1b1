"""The contract of the ``webhook`` and ``command`` targets: one set of verbs, requests and answers, as JSON.

What is sent is exactly the protocol of :mod:`convoy.targets.base`. What comes back is checked field by field: an answer
that does not keep the contract counts as no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from convoy.targets.base import (
    Applied,
    Desired,
    Drift,
    Endpoint,
    Fenced,
    Lock,
    LockHeld,
    Observation,
    Readiness,
    Refused,
    TargetError,
    TargetUnreachable,
)

VERSION = 1
VERBS = ("prepare", "observe", "acquire", "fence", "release", "locks", "apply", "restore", "ready")

ERRORS: dict[str, type[TargetError]] = {
    "lock-held": LockHeld,
    "fenced": Fenced,
    "drift": Drift,
    "refused": Refused,
}
"""The codes that an error answer carries in ``error``."""

LONGEST_ANSWER = 16 * 1024 * 1024
"""Bytes."""


class BadAnswer(TargetUnreachable):
    """The answer does not keep the contract. Mutations are idempotent, so asking again is safe."""


def request(environment: str, **fields: Any) -> dict[str, Any]:
    """The body of a request."""
    return {"convoy": VERSION, "environment": environment, **fields}


def apply_fields(desired: Desired, lock: Lock) -> dict[str, Any]:
    """The fields of ``apply``."""
    return {"desired": asdict(desired), "lock": asdict(lock)}


def restore_fields(component: str, prior: Observation, lock: Lock) -> dict[str, Any]:
    """The fields of ``restore``."""
    return {"component": component, "prior": asdict(prior), "lock": asdict(lock)}


def observation(answer: Any, component: str) -> Observation:
    """The answer to ``observe``. Raises BadAnswer, as all of these do."""
    got = _Fields(answer, "observe")
    return Observation(
        component=got.same("component", component),
        version=got.text("version", optional=True),
        generation=got.whole("generation"),
        changed_by=got.text("changed_by", optional=True),
        state=got.mapping("state"),
    )


def lock(answer: Any, holder: str, verb: str) -> Lock:
    """The answer to ``acquire`` and ``fence``."""
    got = _Fields(answer, verb)
    epoch = got.text("epoch") or ""
    wanted = "forward" if verb == "acquire" else "rollback"
    if epoch != wanted:
        got.fail(f"epoch is {epoch!r}, it has to be {wanted!r}")
    return Lock(got.same("holder", holder), got.whole("token"), epoch, tuple(got.texts("components")))


def locks(answer: Any) -> Sequence[Lock]:
    """The answer to ``locks``."""
    found = []
    for entry in _Fields(answer, "locks").sequence("locks"):
        got = _Fields(entry, "locks")
        found.append(
            Lock(got.text("holder") or "", got.whole("token"), got.text("epoch") or "", tuple(got.texts("components")))
        )
    return found


def applied(answer: Any, component: str, verb: str) -> Applied:
    """The answer to ``apply`` and ``restore``."""
    got = _Fields(answer, verb)
    return Applied(
        component=got.same("component", component),
        generation=got.whole("generation"),
        changed=got.flag("changed"),
        message=got.text("message") or "",
    )


def readiness(answer: Any) -> Readiness:
    """The answer to ``ready``."""
    got = _Fields(answer, "ready")
    endpoints = []
    for entry in got.sequence("endpoints"):
        one = _Fields(entry, "ready")
        revision = one.text("revision") or ""
        if revision not in ("new", "old"):
            one.fail(f"revision is {revision!r}, it has to be new or old")
        endpoints.append(
            Endpoint(
                one.text("replica") or "",
                one.text("host") or "",
                one.whole("port"),
                one.text("version") or "",
                revision,
            )
        )
    return Readiness(
        ready=got.flag("ready"),
        failed=got.flag("failed"),
        message=got.text("message") or "",
        desired=got.whole("desired"),
        updated=got.whole("updated"),
        available=got.whole("available"),
        endpoints=tuple(endpoints),
    )


class _Fields:
    """Reads the fields of one JSON object, and says precisely what is wrong with it."""

    def __init__(self, value: Any, verb: str) -> None:
        self._verb = verb
        if not isinstance(value, Mapping):
            self.fail(f"it has a {type(value).__name__} where a JSON object belongs")
        self._value = value

    def fail(self, problem: str) -> None:
        raise BadAnswer(f"the answer to {self._verb} breaks the contract: {problem}")

    def _get(self, name: str, kinds: tuple[type, ...], what: str) -> Any:
        if name not in self._value:
            self.fail(f"{name} is missing")
        value = self._value[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            self.fail(f"{name} is {value!r}, it has to be {what}")
        return value

    def text(self, name: str, *, optional: bool = False) -> str | None:
        kinds = (str, type(None)) if optional else (str,)
        value: str | None = self._get(name, kinds, "a text or null" if optional else "a text")
        return value

    def same(self, name: str, expected: str) -> str:
        value = self.text(name)
        if value != expected:
            self.fail(f"{name} is {value!r}, the question was about {expected!r}")
        return expected

    def whole(self, name: str) -> int:
        return int(self._get(name, (int,), "a whole number"))

    def flag(self, name: str) -> bool:
        return bool(self._get(name, (bool,), "true or false"))

    def mapping(self, name: str) -> dict[str, Any]:
        return dict(self._get(name, (dict,), "an object"))

    def sequence(self, name: str) -> list[Any]:
        return list(self._get(name, (list,), "a list"))

    def texts(self, name: str) -> list[str]:
        values = self.sequence(name)
        if not all(isinstance(value, str) for value in values):
            self.fail(f"{name} is {values!r}, it has to be a list of texts")
        return values
