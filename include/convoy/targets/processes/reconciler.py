"""One pass of the controller: what is there, what shall be, and the next step from the one to the other.

Everything that a pass decides is in the store before it is done, and a pass begins with what it finds; so a controller
that is killed at any point is followed by one that goes on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from convoy.manifest.models.base import parse_duration
from convoy.targets.processes import database
from convoy.targets.processes.condition import GIVEN_UP, Conditions
from convoy.targets.processes.identity import identify
from convoy.targets.processes.layout import Layout
from convoy.targets.processes.lockstep import permissions
from convoy.targets.processes.moves import Permissions, Replica, Step, decide, wanted
from convoy.targets.processes.ports import HOST, free_port
from convoy.targets.processes.programs import (
    CONTROLLER,
    delete_program,
    log_tail,
    prune_logs,
    replica_env,
    replica_name,
    write_program,
)
from convoy.targets.processes.report import Report
from convoy.targets.processes.reporting import report_on, route_of
from convoy.targets.processes.router import Route
from convoy.targets.processes.rpc import Supervisor
from convoy.targets.processes.scene import Row, Scene, look
from convoy.targets.processes.spec import Spec
from convoy.targets.processes.store import Order, taken_ports

log = logging.getLogger(__name__)

DRAIN_SECONDS = 5.0
"""How long a replica that leaves may finish its open connections before it is stopped all the same."""


@dataclass(frozen=True)
class Pass:
    """What a pass found and decided. ``busy``: more is to be done soon."""

    routes: dict[str, Route]
    reports: dict[str, Report]
    busy: bool


class Reconciler:
    """Brings the replicas of one environment to their desired state, step by step."""

    def __init__(
        self,
        layout: Layout,
        supervisor: Supervisor,
        conditions: Conditions | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._layout = layout
        self._supervisor = supervisor
        self._conditions = conditions or Conditions()
        self._clock = clock
        self._leaving_since: dict[str, float] = {}
        self._switched: dict[tuple[str, int], float] = {}
        self._pids: dict[str, int] = {}
        self._published: dict[str, str] = {}

    def tick(self, connections: Mapping[str, int]) -> Pass:
        """One pass. ``connections`` counts the router's open connections per program. Raises TargetUnreachable."""
        infos = self._supervisor.programs()
        self._note_processes(infos)
        scene = look(self._layout.store, infos, self._conditions)
        self._remove_unknown(scene)
        if self._finish_leaving(scene, connections):
            scene = look(self._layout.store, infos, self._conditions)
        reports: dict[str, Report] = {}
        starts: list[tuple[Row, Spec]] = []
        drains: list[str] = []
        for component, order in scene.orders.items():
            report, start, drain = self._plan(order, scene)
            reports[component] = report
            starts += start
            drains += drain
        started = self._write(starts, drains)
        self._launch(started, scene)
        routes = {n: route for n, report in reports.items() if (route := route_of(scene.orders[n], scene, report))}
        unfinished = any(row.leaving for row in scene.rows) or any(not report.settled for report in reports.values())
        return Pass(routes, reports, bool(unfinished or started or drains))

    def publish(self, done: Pass, problems: Mapping[str, str]) -> None:
        """Write the reports, after the router has taken the routes over; ``problems`` are its own, by component."""
        texts = {n: replace(r, problem=problems.get(n, "")).to_json() for n, r in done.reports.items()}
        if texts == self._published:
            return
        with database.writing(self._layout.store) as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO status VALUES (?, ?, ?)",
                [(name, done.reports[name].generation, text) for name, text in texts.items()],
            )
        self._published = texts

    def _note_processes(self, infos: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep the identity of every process, so that none is lost should supervisord be killed."""
        pids = {name: int(info["pid"]) for name, info in infos.items() if info["pid"]}
        if pids == self._pids:
            return
        found = {name: identity for name, pid in pids.items() if (identity := identify(pid))}
        supervisord = identify(self._supervisor.pid())
        with database.writing(self._layout.store) as connection:
            connection.execute("DELETE FROM processes")
            connection.executemany(
                "INSERT INTO processes VALUES (?, ?, ?)", [(name, p.pid, p.born) for name, p in found.items()]
            )
            if supervisord:
                connection.execute(
                    "INSERT INTO processes VALUES ('supervisord', ?, ?)", (supervisord.pid, supervisord.born)
                )
        self._pids = pids

    # --- deciding --------------------------------------------------------------------------------------------

    def _plan(self, order: Order, scene: Scene) -> tuple[Report, list[tuple[Row, Spec]], list[str]]:
        rows, before = scene.rows_of(order.component), scene.reports.get(order.component)
        same = before is not None and before.generation == order.generation
        settled = same and before is not None and before.settled
        retried = [] if same else scene.crashed(order.component)
        replicas = [_replica(row, scene, leaving=row.leaving or row.program in retried) for row in rows]
        failed = self._failed(order, scene, before if same else None, retried)
        serving = frozenset(before.serving if before else ())
        if failed and not settled:
            step = Step(serving=serving)
        else:
            lockstep = bool(order.move.lockstep) and not settled
            step = decide(
                order.spec,
                order.stable,
                order.move.strategy,
                replicas,
                fast=order.move.fast,
                lockstep=lockstep,
                serving=serving,
                allowed=self._permissions(order, scene, lockstep, serving),
            )
        drain = [*retried, *step.drain]
        self._heal(order, rows, scene, leave_alone=bool(failed) and not settled)
        report = report_on(order, scene, step, settled=settled or step.settled, failed=failed, drained=set(drain))
        return report, self._rows_to_start(order, rows, step), drain

    def _permissions(self, order: Order, scene: Scene, lockstep: bool, serving: frozenset[str]) -> Permissions:
        want = frozenset(wanted(order.spec, order.stable))
        stand_by = 0.0
        if not order.move.fast and order.move.strategy["type"] == "blueGreen":
            stand_by = parse_duration(order.move.strategy["scale_down_delay"])
        over = False
        if serving == want:
            since = self._switched.setdefault((order.component, order.generation), self._clock())
            over = self._clock() - since >= stand_by
        if not lockstep:
            return Permissions(scale_down=over)
        return permissions(scene.members[order.component], order.move.lockstep, scene.members, scale_down=over)

    def _failed(self, order: Order, scene: Scene, before: Report | None, retried: list[str]) -> str:
        """Why the generation will not come up, or empty. Once said while it was rolled out, it stays said."""
        if before and before.failed and not before.settled:
            return before.failed
        for program in scene.crashed(order.component):
            if program in retried:
                continue
            reason = scene.conditions[program].crashed
            if not (before and before.settled):
                # Held as it is, so that it can be looked at; the next order replaces it.
                self._supervisor.stop(program)
            tail = log_tail(self._layout, program)
            return f"{program} does not stay up: {reason}" + (f"; its log ends with:\n{tail}" if tail else "")
        return ""

    def _heal(self, order: Order, rows: list[Row], scene: Scene, *, leave_alone: bool) -> None:
        """Start again what somebody stopped behind our back, and, now and then, what has given up."""
        new = order.spec.revision if order.spec else None
        for row in rows:
            info = scene.infos.get(row.program)
            if row.leaving or info is None or (leave_alone and row.revision == new):
                continue
            if info["statename"] == "STOPPED":
                log.warning("%s was stopped by somebody else; starting it again", row.program)
                self._supervisor.start(row.program)
            elif info["statename"] in GIVEN_UP and self._conditions.due(row.program):
                log.warning("%s has given up; trying again", row.program)
                self._supervisor.start(row.program)

    def _rows_to_start(self, order: Order, rows: list[Row], step: Step) -> list[tuple[Row, Spec]]:
        found = []
        for revision, count in step.start.items():
            spec = next(spec for spec in (order.spec, order.stable) if spec and spec.revision == revision)
            used = {row.ordinal for row in rows if row.revision == revision}
            free = (number for number in range(len(used) + count) if number not in used)
            for ordinal in [next(free) for _ in range(count)]:
                name = replica_name(order.component, revision, ordinal)
                found.append((Row(name, order.component, revision, spec.version, ordinal, 0, False), spec))
        return found

    # --- doing -----------------------------------------------------------------------------------------------

    def _write(self, starts: list[tuple[Row, Spec]], drains: list[str]) -> list[tuple[Row, Spec]]:
        if not starts and not drains:
            return []
        placed = []
        with database.writing(self._layout.store) as connection:
            connection.executemany("UPDATE replicas SET leaving = 1 WHERE program = ?", [(name,) for name in drains])
            for row, spec in starts:
                at = replace(row, port=free_port(taken_ports(connection)))
                connection.execute(
                    "INSERT INTO replicas VALUES (?, ?, ?, ?, ?, ?, 0)",
                    (at.program, at.component, at.revision, at.version, at.ordinal, at.port),
                )
                placed.append((at, spec))
        return placed

    def _launch(self, started: list[tuple[Row, Spec]], scene: Scene) -> None:
        """Hand new replicas to supervisord, and those that a controller before this one did not get to."""
        names = []
        for row, spec in started:
            self._write_program(row, spec, scene.addresses)
            prune_logs(self._layout, row.component, {r.program for r in scene.rows})
            log.info("starting %s (%s) on port %d", row.program, row.version, row.port)
            names.append(row.program)
        for row in scene.rows:
            if row.program in scene.infos or row.leaving:
                continue
            order = scene.orders[row.component]
            known = next((s for s in (order.spec, order.stable) if s and s.revision == row.revision), None)
            if known:
                self._write_program(row, known, scene.addresses)
            if (self._layout.programs / f"{row.program}.conf").exists():
                names.append(row.program)
            else:
                self._forget(row)
        if names:
            self._supervisor.add(names)

    def _write_program(self, row: Row, spec: Spec, addresses: dict[str, int]) -> None:
        write_program(
            self._layout,
            row.program,
            command=spec.workload["command"],
            env={
                **replica_env(row.component, row.version, row.ordinal, HOST, row.port, addresses),
                **spec.workload["env"],
            },
            directory=spec.workload["directory"] or str(self._layout.root),
            stop_seconds=spec.stop_seconds,
        )

    def _finish_leaving(self, scene: Scene, connections: Mapping[str, int]) -> bool:
        """Stop what has no connections left, or had its time; forget what has stopped. Whether anything is gone."""
        gone = False
        for row in scene.rows:
            if not row.leaving:
                continue
            since = self._leaving_since.setdefault(row.program, self._clock())
            if connections.get(row.program) and self._clock() - since < DRAIN_SECONDS:
                continue
            info = scene.infos.get(row.program)
            if info is None or scene.conditions[row.program].stopped:
                self._supervisor.remove(row.program)
                self._forget(row)
                log.info("%s is gone", row.program)
                gone = True
            elif info["statename"] != "STOPPING":
                self._supervisor.stop(row.program)
        return gone

    def _forget(self, row: Row) -> None:
        delete_program(self._layout, row.program)
        with database.writing(self._layout.store) as connection:
            connection.execute("DELETE FROM replicas WHERE program = ?", (row.program,))
        self._conditions.forget(row.program)
        self._leaving_since.pop(row.program, None)

    def _remove_unknown(self, scene: Scene) -> None:
        """Programs that the store does not know: left over where a controller was killed in mid-removal."""
        known = {row.program for row in scene.rows}
        for name, info in scene.infos.items():
            if name in known or name == CONTROLLER:
                continue
            if info["pid"]:
                self._supervisor.stop(name)
            else:
                self._supervisor.remove(name)
                delete_program(self._layout, name)


def _replica(row: Row, scene: Scene, *, leaving: bool) -> Replica:
    return Replica(row.program, row.revision, scene.conditions[row.program].up, leaving)
