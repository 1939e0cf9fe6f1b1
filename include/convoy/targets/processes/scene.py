"""What a pass of the controller looks at: desired state, reports, and replicas as they are, of one moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convoy.targets.processes import database
from convoy.targets.processes.condition import Condition, Conditions
from convoy.targets.processes.lockstep import Member
from convoy.targets.processes.moves import effective, wanted
from convoy.targets.processes.report import Report
from convoy.targets.processes.store import Order, orders, report_of


@dataclass(frozen=True)
class Row:
    """A replica as the store has it."""

    program: str
    component: str
    revision: str
    version: str
    ordinal: int
    port: int
    leaving: bool


@dataclass(frozen=True)
class Scene:
    """Everything that is known. ``infos`` is what supervisord says, by program."""

    orders: dict[str, Order]
    reports: dict[str, Report]
    addresses: dict[str, int]
    rows: list[Row]
    infos: dict[str, dict[str, Any]]
    conditions: dict[str, Condition]
    members: dict[str, Member]

    def rows_of(self, component: str) -> list[Row]:
        """The replicas of a component, leaving ones too."""
        return [row for row in self.rows if row.component == component]

    def crashed(self, component: str) -> list[str]:
        """The programs of the component's new revision that are beyond saving."""
        order = self.orders[component]
        return [
            row.program
            for row in self.rows_of(component)
            if order.spec and row.revision == order.spec.revision and not row.leaving
            if self.conditions[row.program].crashed
        ]


def look(store: Path, infos: dict[str, dict[str, Any]], conditions: Conditions) -> Scene:
    """Look. Raises TargetUnreachable."""
    with database.reading(store) as connection:
        known = orders(connection)
        rows = _rows(connection)
        reports = {name: report for name in known if (report := report_of(connection, name))}
        addresses = {row["component"]: row["port"] for row in connection.execute("SELECT * FROM addresses")}
    judged = {row.program: conditions.judge(row.program, row.port, infos.get(row.program)) for row in rows}
    members = {name: _member(order, rows, judged) for name, order in known.items()}
    return Scene(known, reports, addresses, rows, infos, judged, members)


def _rows(connection: sqlite3.Connection) -> list[Row]:
    found = connection.execute("SELECT * FROM replicas ORDER BY component, revision, ordinal")
    return [Row(**{**dict(row), "leaving": bool(row["leaving"])}) for row in found]


def _member(order: Order, rows: list[Row], conditions: Mapping[str, Condition]) -> Member:
    mine = [row for row in rows if row.component == order.component]
    want = wanted(order.spec, order.stable)
    up = {r: sum(row.revision == r and not row.leaving and conditions[row.program].up for row in mine) for r in want}
    return Member(
        ordered=order.ordered,
        group=None if order.move.fast or order.spec is None else order.spec.group,
        beside=effective(order.move.strategy, lockstep=True) != "recreate",
        up=all(up[revision] >= count for revision, count in want.items()),
        cleared=all(row.revision in want for row in mine),
    )
