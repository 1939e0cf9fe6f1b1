"""Which replicas of one component to start, to drain and to route to next. Pure: facts in, one step out.

The controller asks again after every change, so a step is never a sequence: it is what may be done now. Asked in the
desired state, the answer is nothing, whatever way led there; so a controller that was killed goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from convoy.targets.processes.spec import Spec, amount

CANARY_SURGE = "25%"
"""How many replicas a canary may have beyond the wanted number while its share grows; at least one."""


@dataclass(frozen=True)
class Replica:
    """One replica as it is now. ``leaving``: it is being drained or stopped, and is as good as gone."""

    program: str
    revision: str
    up: bool
    leaving: bool = False


@dataclass(frozen=True)
class Step:
    """What may be done now. ``start`` counts per revision; ``drain`` are programs; ``serving`` are the revisions that
    get new connections. ``settled``: nothing is left to be done and every wanted replica of the new revision is up."""

    start: Mapping[str, int] = field(default_factory=dict)
    drain: tuple[str, ...] = ()
    serving: frozenset[str] = frozenset()
    settled: bool = False


@dataclass(frozen=True)
class Permissions:
    """What a lockstep group, or a delay, holds back. ``start``: every member was ordered. ``stop_old`` (recreate): the
    others are ready for the downtime. ``switch``: every member's new replicas are up. ``scale_down``: the time in which
    the old replicas stand by after a switch is over."""

    start: bool = True
    stop_old: bool = True
    switch: bool = True
    scale_down: bool = True


def wanted(spec: Spec | None, stable: Spec | None, live: Sequence[Replica] = ()) -> dict[str, int]:
    """How many replicas of which revision there shall be.

    A canary weight gives the new revision its share, at least one replica, and leaves at least one to the stable
    revision, where there is one."""
    if spec is None:
        return {}
    if spec.weight >= 100 or stable is None or stable.revision == spec.revision:
        share = spec.replicas if spec.weight >= 100 or stable is not None else portion(spec)
        return {spec.revision: share}
    return {spec.revision: portion(spec), stable.revision: max(1, spec.replicas - portion(spec))}


def portion(spec: Spec) -> int:
    """How many replicas a weight means: its share, rounded to the nearest, at least one."""
    if spec.weight >= 100:
        return spec.replicas
    return min(max(1, (spec.replicas * spec.weight + 50) // 100), max(1, spec.replicas - 1))


def rolling(
    want: Mapping[str, int], new: str | None, replicas: Sequence[Replica], *, surge: int, unavailable: int
) -> Step:
    """A few at a time: never more than wanted plus ``surge`` exist, never fewer than wanted less ``unavailable`` are up
    by our doing."""
    if surge == 0 and unavailable == 0:
        surge = 1
    staying = [replica for replica in replicas if not replica.leaving]
    total = sum(want.values())
    room = total + surge - len(staying)
    start: dict[str, int] = {}
    for revision, count in want.items():
        missing = min(count - _count(staying, revision), room)
        if missing > 0:
            start[revision] = missing
            room -= missing
    drain = []
    up = sum(replica.up for replica in staying)
    # Those that do not serve anyway go first.
    for replica in sorted(_surplus(want, staying), key=lambda r: r.up):
        if not replica.up:
            drain.append(replica.program)
        elif up - 1 >= total - unavailable:
            drain.append(replica.program)
            up -= 1
    serving = frozenset(replica.revision for replica in staying)
    return Step(start, tuple(drain), serving, _settled(want, new, replicas))


def recreate(
    want: Mapping[str, int],
    new: str | None,
    replicas: Sequence[Replica],
    serving: frozenset[str],
    allowed: Permissions,
) -> Step:
    """Every old replica goes, and is gone, before the first new one starts."""
    staying = [replica for replica in replicas if not replica.leaving]
    others = [replica for replica in replicas if replica.revision not in want]
    old = [replica.program for replica in staying if replica.revision not in want]
    if old and not allowed.stop_old:
        return Step(serving=serving)
    mine = frozenset(want)
    route = mine if allowed.switch or serving == mine else frozenset[str]()
    start = {} if others or not allowed.start else _missing(want, staying)
    surplus = () if old else tuple(r.program for r in _surplus(want, staying))
    return Step(start, (*old, *surplus), route, route == mine and _settled(want, new, replicas))


def blue_green(
    want: Mapping[str, int],
    new: str | None,
    replicas: Sequence[Replica],
    serving: frozenset[str],
    allowed: Permissions,
) -> Step:
    """The new replicas come up beside the old ones and get no connection; then all traffic switches at once."""
    staying = [replica for replica in replicas if not replica.leaving]
    old = [replica for replica in staying if replica.revision not in want]
    mine = frozenset(want)
    up = all(_count(staying, revision, up=True) >= count for revision, count in want.items())
    switched = serving == mine or (allowed.switch and (up or not old))
    start = _missing(want, staying) if allowed.start else {}
    if not switched:
        return Step(start, (), serving or frozenset(replica.revision for replica in old))
    drain = [replica.program for replica in old] if allowed.scale_down else []
    drain += [replica.program for replica in _surplus(want, staying) if replica.revision in want]
    return Step(start, tuple(drain), mine, up and (bool(want) or not replicas))


def decide(
    spec: Spec | None,
    stable: Spec | None,
    strategy: Mapping[str, Any],
    replicas: Sequence[Replica],
    *,
    fast: bool = False,
    lockstep: bool = False,
    serving: frozenset[str] = frozenset(),
    allowed: Permissions = Permissions(),
) -> Step:
    """The next step of a component towards ``spec``; None: it shall not exist."""
    want, new = wanted(spec, stable), spec.revision if spec else None
    total = sum(want.values())
    kind = effective(strategy, lockstep=lockstep)
    if spec is None and not lockstep:
        staying = tuple(replica.program for replica in replicas if not replica.leaving)
        return Step(drain=staying, settled=not replicas)
    if kind == "recreate":
        return recreate(want, new, replicas, serving, allowed)
    if kind == "blueGreen":
        return blue_green(want, new, replicas, serving, allowed)
    if kind == "canary":
        return rolling(want, new, replicas, surge=max(1, amount(CANARY_SURGE, total, up=True)), unavailable=0)
    unavailable = amount(strategy["max_unavailable"], total, up=False)
    surge = total if fast else amount(strategy["max_surge"], total, up=True)
    return rolling(want, new, replicas, surge=surge, unavailable=unavailable)


def effective(strategy: Mapping[str, Any], *, lockstep: bool) -> str:
    """The strategy's type; components that switch in one moment do so by blue/green unless they are to be recreated."""
    kind = str(strategy["type"])
    return "blueGreen" if lockstep and kind in ("rolling", "canary") else kind


def _count(replicas: Sequence[Replica], revision: str, *, up: bool = False) -> int:
    return sum(replica.revision == revision and (replica.up or not up) for replica in replicas)


def _missing(want: Mapping[str, int], staying: Sequence[Replica]) -> dict[str, int]:
    missing = {revision: count - _count(staying, revision) for revision, count in want.items()}
    return {revision: count for revision, count in missing.items() if count > 0}


def _surplus(want: Mapping[str, int], staying: Sequence[Replica]) -> list[Replica]:
    """Replicas beyond the wanted number of their revision; of each revision those that are down go first."""
    surplus: list[Replica] = []
    for revision in dict.fromkeys(replica.revision for replica in staying):
        mine = sorted((r for r in staying if r.revision == revision), key=lambda r: not r.up)
        surplus += mine[want.get(revision, 0) :]
    return surplus


def _settled(want: Mapping[str, int], new: str | None, replicas: Sequence[Replica]) -> bool:
    """Everything is as wanted, the others are gone and not only leaving, and the new ones are up."""
    staying = [replica for replica in replicas if not replica.leaving]
    right = all(_count(staying, revision) == count for revision, count in want.items())
    others = any(replica.revision not in want for replica in replicas) or bool(_surplus(want, staying))
    return right and not others and (new is None or _count(staying, new, up=True) >= want[new])
