"""The store of an environment: desired state, written under a fence; and the controller's reports.

Nothing here starts or stops anything.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convoy.targets.base import Applied, Drift, Lock
from convoy.targets.processes import database, locks
from convoy.targets.processes.ports import free_port
from convoy.targets.processes.report import Report
from convoy.targets.processes.spec import Spec


@dataclass(frozen=True)
class Move:
    """How to get to the desired state. ``fast``: a rollback, which need not be gentle to the machine. ``lockstep``: the
    components that switch in one moment."""

    strategy: dict[str, Any]
    fast: bool = False
    lockstep: tuple[str, ...] = ()

    def to_json(self) -> str:
        """As JSON text."""
        return json.dumps({"strategy": self.strategy, "fast": self.fast, "lockstep": list(self.lockstep)})

    @classmethod
    def from_json(cls, text: str) -> Move:
        """From JSON text."""
        data = json.loads(text)
        return cls(data["strategy"], data["fast"], tuple(data["lockstep"]))


@dataclass(frozen=True)
class Order:
    """A component's desired state; ``spec`` None: it shall not exist. ``ordered``: who did last, with which token."""

    component: str
    generation: int
    spec: Spec | None
    stable: Spec | None
    move: Move
    changed_by: str
    ordered: tuple[str, int]


class Store:
    """The store in one environment's folder. Every method is one transaction; all raise TargetUnreachable."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether the environment was ever started or locked."""
        return self.path.exists()

    def create(self) -> None:
        """Make the database, unless it is there."""
        database.create(self.path)

    # --- locks -----------------------------------------------------------------------------------------------

    def acquire(self, components: Sequence[str], holder: str) -> Lock:
        """Lock all or nothing, and give each component its stable address. Raises LockHeld, Fenced."""
        with database.writing(self.path) as connection:
            lock = locks.acquire(connection, components, holder)
            for component in sorted(set(components)):
                address_of(connection, component)
            return lock

    def fence(self, holder: str) -> Lock:
        """Supersede the forward lock. Raises Fenced."""
        with database.writing(self.path) as connection:
            return locks.fence(connection, holder)

    def release(self, holder: str) -> None:
        """Give up the holder's locks."""
        with database.writing(self.path) as connection:
            locks.release(connection, holder)

    def locks(self) -> list[Lock]:
        """The locks in force."""
        with database.reading(self.path) as connection:
            return locks.all_locks(connection)

    # --- desired state ---------------------------------------------------------------------------------------

    def look(self, component: str) -> tuple[Order | None, Report | None]:
        """The desired state and the latest report, of one moment."""
        with database.reading(self.path) as connection:
            return _order(connection, component), report_of(connection, component)

    def apply(self, component: str, spec: Spec, lock: Lock) -> Applied:
        """Write a desired state. The same again changes nothing, unless it failed: then it is tried again.
        Raises Fenced."""
        with database.writing(self.path) as connection:
            locks.check(connection, component, lock)
            before, report = _order(connection, component), report_of(connection, component)
            if before and before.spec == spec and not _failed(before, report):
                _ordered(connection, component, lock)
                return Applied(component, before.generation, False, f"{component} is already ordered to {spec.version}")
            order = Order(
                component,
                before.generation + 1 if before else 1,
                spec,
                _stable(before, report),
                Move(spec.strategy, lockstep=spec.group),
                lock.holder,
                (lock.holder, lock.token),
            )
            _write(connection, order)
            address_of(connection, component)
            return Applied(component, order.generation, True, _sentence(order, before))

    def restore(self, component: str, spec: Spec | None, stable: Spec | None, lock: Lock) -> Applied:
        """Write a desired state that was there before. Raises Fenced, Drift."""
        with database.writing(self.path) as connection:
            locks.check(connection, component, lock)
            before, report = _order(connection, component), report_of(connection, component)
            live = before.spec if before else None
            if live == spec and not (before and _failed(before, report)):
                if before:
                    _ordered(connection, component, lock)
                generation = before.generation if before else 0
                return Applied(component, generation, False, f"{component} is already {_what(spec)}")
            if before is None or before.changed_by != lock.holder:
                raise Drift(
                    f"{component} shall go back to {_what(spec)}, but it is {_what(live)}, "
                    f"changed by {before.changed_by if before else 'nobody'} and not by {lock.holder}"
                )
            order = Order(
                component,
                before.generation + 1,
                spec,
                stable if spec and spec.weight < 100 else before.stable,
                Move(_way_back(live, spec), fast=True, lockstep=before.move.lockstep),
                lock.holder,
                (lock.holder, lock.token),
            )
            _write(connection, order)
            return Applied(component, order.generation, True, _sentence(order, before, back=True))


def address_of(connection: sqlite3.Connection, component: str) -> int:
    """The port of the component's stable address, for as long as the environment exists."""
    row = connection.execute("SELECT port FROM addresses WHERE component = ?", (component,)).fetchone()
    if row:
        return int(row["port"])
    port = free_port(taken_ports(connection))
    connection.execute("INSERT INTO addresses VALUES (?, ?)", (component, port))
    return port


def taken_ports(connection: sqlite3.Connection) -> set[int]:
    """Ports that this environment has given away."""
    return {row["port"] for row in connection.execute("SELECT port FROM addresses UNION SELECT port FROM replicas")}


def orders(connection: sqlite3.Connection) -> dict[str, Order]:
    """Every component's desired state."""
    names = [row["component"] for row in connection.execute("SELECT component FROM desired ORDER BY component")]
    return {name: order for name in names if (order := _order(connection, name))}


def report_of(connection: sqlite3.Connection, component: str) -> Report | None:
    """The latest report about a component."""
    row = connection.execute("SELECT report FROM status WHERE component = ?", (component,)).fetchone()
    return Report.from_json(row["report"]) if row else None


def _order(connection: sqlite3.Connection, component: str) -> Order | None:
    row = connection.execute("SELECT * FROM desired WHERE component = ?", (component,)).fetchone()
    if row is None:
        return None
    holder, token = json.loads(row["ordered"])
    return Order(
        component,
        row["generation"],
        Spec.from_dict(json.loads(row["spec"])) if row["spec"] else None,
        Spec.from_dict(json.loads(row["stable"])) if row["stable"] else None,
        Move.from_json(row["move"]),
        row["changed_by"],
        (holder, token),
    )


def _write(connection: sqlite3.Connection, order: Order) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO desired VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            order.component,
            order.generation,
            json.dumps(order.spec.to_dict()) if order.spec else None,
            json.dumps(order.stable.to_dict()) if order.stable else None,
            order.move.to_json(),
            order.changed_by,
            json.dumps(order.ordered),
        ),
    )


def _ordered(connection: sqlite3.Connection, component: str, lock: Lock) -> None:
    """Note who ordered, though nothing changes: components that switch together wait until each was ordered."""
    connection.execute(
        "UPDATE desired SET ordered = ? WHERE component = ?", (json.dumps((lock.holder, lock.token)), component)
    )


def _failed(order: Order, report: Report | None) -> bool:
    return report is not None and report.generation == order.generation and bool(report.failed)


def _stable(before: Order | None, report: Report | None) -> Spec | None:
    """The spec that is completely rolled out now, or was before what is under way now."""
    if before is None or before.spec is None:
        return None
    done = report is not None and report.generation == before.generation and report.settled
    return before.spec if done and before.spec.weight == 100 else before.stable


def _way_back(live: Spec | None, prior: Spec | None) -> dict[str, Any]:
    """The strategy of a rollback: versions that could not serve together on the way there cannot on the way back."""
    for spec in (live, prior):
        if spec and spec.strategy["type"] in ("recreate", "blueGreen"):
            return spec.strategy
    return {"type": "rolling", "max_unavailable": "0", "max_surge": "100%"}


def _what(spec: Spec | None) -> str:
    return "absent" if spec is None else f"{spec.version}{f' for {spec.weight} %' if spec.weight < 100 else ''}"


def _sentence(order: Order, before: Order | None, *, back: bool = False) -> str:
    was, shall = _what(before.spec if before else None), _what(order.spec)
    direction = "goes back from" if back else "goes from"
    how = order.move.strategy["type"] + (
        f" together with {', '.join(order.move.lockstep)}" if order.move.lockstep else ""
    )
    size = f", {order.spec.replicas} replicas" if order.spec else ""
    return f"{order.component} {direction} {was} to {shall} (generation {order.generation}, {how}{size})"
