"""What a component shall be, checked and normalised; and its revision."""

from __future__ import annotations

import hashlib
import json
import math
import os
from dataclasses import asdict, dataclass
from typing import Any

from convoy.targets.base import Desired, Refused


@dataclass(frozen=True)
class Spec:
    """One desired state of a component. ``workload`` and ``strategy`` are dumps of the manifest models."""

    version: str
    workload: dict[str, Any]
    strategy: dict[str, Any]
    weight: int = 100
    group: tuple[str, ...] = ()

    @property
    def revision(self) -> str:
        """What tells replicas apart: a hash of version and workload. How many replicas there are does not count."""
        workload = {key: value for key, value in self.workload.items() if key != "replicas"}
        text = json.dumps([self.version, workload], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def replicas(self) -> int:
        """How many replicas there shall be in all."""
        return int(self.workload["replicas"])

    @property
    def stop_seconds(self) -> int:
        """Seconds between SIGTERM and SIGKILL."""
        return int(str(self.workload["stop_timeout"]).rstrip("s"))

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "group": list(self.group)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Spec:
        """From JSON. Raises KeyError or TypeError where the shape is another."""
        return cls(**{**data, "group": tuple(data["group"])})


def spec_of(desired: Desired) -> Spec:
    """The checked spec. Raises Refused with everything that is wrong."""
    from pydantic import TypeAdapter, ValidationError

    from convoy.manifest.models.strategy import Strategy
    from convoy.manifest.models.workload import ProcessWorkload

    problems: list[str] = []
    workload: dict[str, Any] = {}
    strategy: dict[str, Any] = {}
    try:
        workload = ProcessWorkload.model_validate(desired.workload).model_dump(mode="json")
    except ValidationError as error:
        problems += [_problem("workload", detail) for detail in error.errors()]
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(Strategy)
        strategy = adapter.validate_python(desired.strategy).model_dump(mode="json")
    except ValidationError as error:
        problems += [_problem("strategy", detail) for detail in error.errors()]
    if workload:
        problems += _environment_problems(workload)
    if not 1 <= desired.weight <= 100:
        problems.append(f"weight is {desired.weight}, it has to be from 1 to 100")
    elif desired.weight < 100 and strategy.get("type") in ("recreate", "blueGreen"):
        problems.append(f"weight is {desired.weight}, but {strategy['type']} knows no shares: use canary")
    group = tuple(sorted(set(desired.group)))
    if len(group) > 1 and desired.component not in group:
        problems.append(f"its group {', '.join(group)} does not include it")
    if len(group) > 1 and desired.weight < 100:
        problems.append("components that switch in one moment cannot move by shares")
    if problems:
        raise Refused(f"{desired.component} {desired.version}: {'; '.join(problems)}")
    return Spec(desired.version, workload, strategy, desired.weight, group if len(group) > 1 else ())


def amount(text: str, of: int, *, up: bool) -> int:
    """A number of replicas from ``2`` or ``25%`` of ``of``, rounded ``up`` or down."""
    if not text.endswith("%"):
        return int(text)
    share = int(text[:-1]) * of / 100
    return math.ceil(share) if up else math.floor(share)


def _problem(where: str, detail: Any) -> str:
    path = ".".join(str(part) for part in (where, *detail["loc"]))
    return f"{path}: {detail['msg']}"


def _environment_problems(workload: dict[str, Any]) -> list[str]:
    problems = []
    directory = workload["directory"]
    if directory is not None and not os.path.isabs(directory):  # noqa: PTH117 (a question about the text)
        problems.append(f"workload.directory {directory!r} is relative: the target knows no folder to start from")
    elif directory is not None and not os.path.isdir(directory):  # noqa: PTH112
        problems.append(f"workload.directory {directory!r} is no folder on this machine")
    for name, value in workload["env"].items():
        if not name or "=" in name or "\0" in name + value:
            problems.append(f"workload.env has {name!r}, which no process can be given")
    if any("\0" in argument for argument in workload["command"]) or not workload["command"][0]:
        problems.append("workload.command has an empty program or a NUL character")
    return problems
