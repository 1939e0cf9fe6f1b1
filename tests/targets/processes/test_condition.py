"""Judging replicas from what supervisord says, with a clock that the test sets."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from convoy.targets.processes.condition import LOOP_SECONDS, Conditions


class Bench:
    def __init__(self) -> None:
        self.now, self.listening, self.probes = 0.0, True, 0
        self.conditions = Conditions(clock=lambda: self.now, probe=self._probe)

    def _probe(self, port: int) -> bool:
        self.probes += 1
        return self.listening

    def judge(self, state: str = "RUNNING", pid: int = 1, spawnerr: str = "") -> Any:
        info = {"statename": state, "pid": pid, "spawnerr": spawnerr, "exitstatus": 0}
        return self.conditions.judge("x", 1, info)


def test_running_alone_is_not_up() -> None:
    bench = Bench()
    bench.listening = False
    assert not bench.judge().up
    bench.listening = True
    assert bench.judge().up


def test_a_port_that_was_accepting_is_not_asked_again() -> None:
    """Probing for ever would fill the logs of the replicas."""
    bench = Bench()
    assert [bench.judge().up for _ in range(5)] == [True] * 5
    assert bench.probes == 1


def test_another_process_has_to_accept_anew() -> None:
    bench = Bench()
    bench.judge(pid=1)
    bench.listening = False
    assert not bench.judge(pid=2).up


def test_a_replica_that_only_starts_is_not_up() -> None:
    assert not Bench().judge("STARTING").up


def test_what_supervisord_has_given_up_has_crashed() -> None:
    assert (
        Bench().judge("FATAL", 0, "Exited too quickly (process log may have details)").crashed == "exited too quickly"
    )


def test_many_restarts_in_a_short_time_are_a_crash_loop() -> None:
    bench = Bench()
    assert [bool(bench.judge(pid=pid).crashed) for pid in (1, 2, 3, 4)] == [False, False, False, True]


def test_restarts_long_ago_do_not_count() -> None:
    bench = Bench()
    for pid in (1, 2, 3):
        bench.judge(pid=pid)
    bench.now += LOOP_SECONDS + 1
    assert not bench.judge(pid=4).crashed


def test_tries_to_start_again_become_rarer() -> None:
    bench = Bench()
    tries = []
    for second in range(200):
        bench.now = float(second)
        if bench.conditions.due("x"):
            tries.append(second)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert tries[0] == 5
    assert pauses == sorted(pauses)
    assert max(pauses) <= 62


def test_what_is_unknown_to_supervisord_is_stopped_and_not_crashed() -> None:
    condition = Bench().conditions.judge("x", 1, None)
    assert (condition.up, condition.crashed, condition.stopped) == (False, "", True)
