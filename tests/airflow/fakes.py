"""What an operator meets when it runs: a task instance, its stores, and a target; all in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from convoy.targets.base import (
    Applied,
    Desired,
    Drift,
    Fenced,
    Lock,
    LockHeld,
    Observation,
    Readiness,
    TargetUnreachable,
)


class Run:
    """The state of one DAG run: XComs, task states and state stores, shared by all of its tasks."""

    def __init__(self, dag_id: str, states: dict[str, str] | None = None) -> None:
        self.dag_id = dag_id
        self.xcoms: dict[tuple[str, str], Any] = {}
        self.states = states if states is not None else {}
        self.stores: dict[str, dict[str, Any]] = defaultdict(dict)
        self.assets: dict[str, dict[str, Any]] = defaultdict(dict)
        self.outlet_events: dict[str, Any] = defaultdict(SimpleNamespace)

    def context(self, task_id: str, try_number: int = 1, max_tries: int = 0, **params: Any) -> dict[str, Any]:
        """The context of one task."""
        return {
            "ti": TaskInstance(self, task_id, try_number, max_tries),
            "task_state_store": Store(self.stores[task_id]),
            "params": params,
            "asset_state_store": ByAsset(self.assets, Store),
            "outlet_events": ByAsset(self.outlet_events, lambda found: found),
        }

    def events(self, task_id: str) -> list[str]:
        """The names of the events that a task emitted."""
        return [event["data"]["event"] for event in self.xcoms.get((task_id, "events"), [])]


class TaskInstance:
    """As far as our operators use one."""

    def __init__(self, run: Run, task_id: str, try_number: int, max_tries: int) -> None:
        self._run = run
        self.dag_id, self.run_id, self.task_id = run.dag_id, "run-1", task_id
        self.try_number, self.max_tries, self.id = try_number, max_tries, "ti"

    def xcom_push(self, *, key: str, value: Any) -> None:
        self._run.xcoms[self.task_id, key] = value

    def xcom_pull(self, *, task_ids: str, key: str) -> Any:
        return self._run.xcoms.get((task_ids, key))

    def get_task_states(self, *, dag_id: str, run_ids: list[str]) -> dict[str, dict[str, str]]:
        return {run_ids[0]: dict(self._run.states)}


class Store:
    """A task state store or an asset state store."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def get(self, key: str, default: Any = None) -> Any:
        return self._values.get(key, default)

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        self._values[key] = value


class ByAsset:
    """Something by asset."""

    def __init__(self, values: dict[str, Any], wrap: Any) -> None:
        self._values, self._wrap = values, wrap

    def __getitem__(self, asset: Any) -> Any:
        return self._wrap(self._values[asset.name])


class Fleet:
    """A target in memory. ``away``: how many of the next calls get no answer."""

    def __init__(self, **versions: str) -> None:
        self.live: dict[str, tuple[str, int, str | None]] = {n: (v, 1, None) for n, v in versions.items()}
        self.held: dict[str, Lock] = {}
        self.token = 0
        self.away = 0
        self.done: list[str] = []

    def _answer(self) -> None:
        if self.away:
            self.away -= 1
            raise TargetUnreachable("no answer")

    def prepare(self) -> None:
        self._answer()

    def observe(self, component: str) -> Observation:
        self._answer()
        if component not in self.live:
            return Observation(component, None)
        version, generation, by = self.live[component]
        return Observation(component, version, generation, by, {"version": version})

    def acquire(self, components: Sequence[str], holder: str) -> Lock:
        self._answer()
        for other in self.held.values():
            if other.holder != holder and set(other.components) & set(components):
                raise LockHeld(f"held by {other.holder}")
        if holder not in self.held:
            self.token += 1
            self.held[holder] = Lock(holder, self.token, "forward", tuple(components))
        return self.held[holder]

    def fence(self, holder: str) -> Lock:
        self._answer()
        if self.held[holder].epoch == "forward":
            self.token += 1
            self.held[holder] = Lock(holder, self.token, "rollback", self.held[holder].components)
        return self.held[holder]

    def release(self, holder: str) -> None:
        self._answer()
        self.held.pop(holder, None)

    def locks(self) -> Sequence[Lock]:
        return list(self.held.values())

    def _move(self, component: str, version: str | None, lock: Lock) -> Applied:
        self._answer()
        if self.held.get(lock.holder) != lock:
            raise Fenced("superseded")
        self.done.append(f"{component} {version}")
        if version is None:
            self.live.pop(component, None)
            return Applied(component, 0, True, f"{component} is removed")
        generation = self.live.get(component, ("", 0, None))[1] + 1
        self.live[component] = (version, generation, lock.holder)
        return Applied(component, generation, True, f"{component} goes to {version}")

    def apply(self, desired: Desired, lock: Lock) -> Applied:
        return self._move(desired.component, desired.version, lock)

    def restore(self, component: str, prior: Observation, lock: Lock) -> Applied:
        if self.observe(component).changed_by not in (lock.holder, None):
            raise Drift(f"{component} was changed by somebody else")
        return self._move(component, prior.version, lock)

    async def ready(self, component: str, generation: int) -> Readiness:
        return Readiness(True, False, "up", 1, 1, 1)
