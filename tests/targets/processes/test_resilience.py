"""Bad days: killed controllers, killed replicas, killed supervisors, meddling."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from convoy.targets.base import TargetUnreachable
from convoy.targets.processes import controller
from convoy.targets.processes.identity import identify
from convoy.targets.processes.layout import Layout, layout_of
from convoy.targets.processes.supervisord import running, start, stop
from convoy.targets.processes.target import ProcessesTarget
from tests.targets.processes.world import World, eventually


def _kill_controller(world: World) -> int:
    pid = int(world.supervisor.programs()["controller"]["pid"])
    os.kill(pid, signal.SIGKILL)
    return pid


def _controller_is_back(world: World, killed: int) -> None:
    def back() -> bool:
        pid = int(world.supervisor.programs()["controller"]["pid"])
        return pid not in (0, killed) and str(pid) in world.target.layout.heartbeat.read_text()

    eventually("the next controller made a pass", back)


def test_a_rollout_goes_on_after_its_controller_was_killed(world: World) -> None:
    lock, (name,) = world.lock("killed")
    world.up(lock, name, "1.0.0", replicas=2)
    applied = world.apply(lock, name, "1.1.0", replicas=2)
    eventually("the rollout is under way", lambda: world.ready(applied).updated > 0)
    _controller_is_back(world, _kill_controller(world))
    assert world.settle(applied).ready
    assert world.versions(name) == {"1.1.0": 30}


def test_replicas_outlive_their_controller(world: World) -> None:
    """The next one leaves healthy replicas alone, and the stable address is the same."""
    lock, (name,) = world.lock("outlive")
    world.up(lock, name, "1.0.0", replicas=2)
    pids, address = world.pids(name), world.target.address(name)
    _controller_is_back(world, _kill_controller(world))
    assert world.pids(name) == pids
    assert world.target.address(name) == address
    eventually("the address answers again", lambda: _answers(world, name))


def test_a_killed_replica_is_started_again(world: World) -> None:
    lock, (name,) = world.lock("replica")
    applied = world.up(lock, name, "1.0.0", replicas=2)
    victim = min(world.pids(name))
    os.kill(victim, signal.SIGKILL)
    eventually("another process took its place", lambda: victim not in world.pids(name) and len(world.pids(name)) == 2)
    eventually("all are up again", lambda: world.ready(applied).ready)


def test_one_killed_replica_is_no_crash_loop(world: World) -> None:
    lock, (name,) = world.lock("once")
    applied = world.up(lock, name, "1.0.0")
    victim = min(world.pids(name))
    os.kill(victim, signal.SIGKILL)
    answers = []
    eventually("it is up again", lambda: answers.append(world.ready(applied)) or victim not in world.pids(name))
    eventually("ready", lambda: answers.append(world.ready(applied)) or answers[-1].ready)
    assert not any(answer.failed for answer in answers)


def test_a_replica_that_dies_again_and_again_has_failed(world: World) -> None:
    """It runs long enough to be up each time, and is a crash loop all the same."""
    code = (
        "import sys, threading, time; threading.Timer(1.6, lambda: __import__('os')._exit(7)).start(); import runpy; "
    )
    code += "runpy.run_path(sys.argv[1], {}, '__main__')"
    lock, (name,) = world.lock("loop")
    command = [sys.executable, "-c", code, str(Path(__file__).with_name("server.py"))]
    applied = world.apply(lock, name, "1.0.0", command=command)
    failed = eventually("failed", lambda: (r := world.ready(applied)).failed and r)
    assert "restarted 3 times" in failed.message


def test_what_somebody_stopped_is_observed_and_mended(world: World) -> None:
    """The desired state stands; a replica that was stopped behind our back is missed, and comes back."""
    lock, (name,) = world.lock("stopped")
    world.up(lock, name, "1.0.0")
    (program,) = world.programs(name)
    world.supervisor.stop(program)
    eventually("it is observed", lambda: "0 of 1" in world.target.observe(name).state.get("degraded", ""))
    eventually("it is mended", lambda: "degraded" not in world.target.observe(name).state)
    assert world.target.observe(name).version == "1.0.0"


def test_a_program_that_nobody_ordered_is_removed(world: World) -> None:
    """Also one that a controller left behind when it was killed in the middle of a removal."""
    lock, (name,) = world.lock("unknown")
    world.up(lock, name, "1.0.0")
    (program,) = world.programs(name)
    conf = world.target.layout.programs / "stranger-00000000-0.conf"
    conf.write_text((world.target.layout.programs / f"{program}.conf").read_text().replace(program, conf.stem))
    conf.with_suffix(".json").write_text(
        f'{{"command": ["{sys.executable}", "-c", "input()"], "env": {{}}, "directory": "/"}}'
    )
    world.supervisor.add([conf.stem])
    eventually("it is gone", lambda: conf.stem not in world.supervisor.programs() and not conf.exists())


def test_while_the_controller_is_away_nothing_is_said_to_be_ready(tmp_path: Path) -> None:
    """A replica that nobody watches is not known to be up: no answer, and a degraded observation."""
    world = World(tmp_path / "e", "away")
    try:
        lock, (name,) = world.lock("away")
        applied = world.up(lock, name, "1.0.0")
        world.supervisor.stop("controller")
        eventually("the heartbeat is stale", lambda: not controller.alive(world.target.layout))
        with pytest.raises(TargetUnreachable, match="controller"):
            asyncio.run(world.target.ready(name, applied.generation))
        assert "controller" in world.target.observe(name).state["degraded"]
        world.target.prepare()
        assert world.settle(applied).ready
    finally:
        stop("away", str(tmp_path / "e"))


def test_after_supervisord_was_killed_everything_comes_back_once(tmp_path: Path) -> None:
    """The orphans of the dead one are ended first: nothing runs twice, and nothing keeps a port."""
    world = World(tmp_path / "e", "orphans")
    try:
        lock, (name,) = world.lock("orphan")
        applied = world.up(lock, name, "1.0.0", replicas=2)
        orphans = [identity for pid in world.pids(name) if (identity := identify(pid))]
        os.kill(world.supervisor.pid(), signal.SIGKILL)
        eventually("it is dead", lambda: not running(world.target.layout))
        world.target.prepare()
        assert not [orphan for orphan in orphans if orphan.alive]
        assert world.settle(applied).ready
        assert len(world.pids(name)) == 2
        assert world.versions(name) == {"1.0.0": 30}
    finally:
        stop("orphans", str(tmp_path / "e"))


def test_stop_ends_every_process_and_keeps_the_logs(tmp_path: Path) -> None:
    """Also one that ignores SIGTERM, and the children of replicas. Desired state stays, and comes back."""
    world = World(tmp_path / "e", "stopping")
    stubborn = (
        "import os, runpy, signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        "runpy.run_path(sys.argv[1], {}, '__main__')"
    )
    lock, (name, other) = world.lock("stop", "stubborn")
    world.up(lock, name, "1.0.0", replicas=2)
    server = str(Path(__file__).with_name("server.py"))
    applied = world.apply(lock, other, "1.0.0", command=[sys.executable, "-c", stubborn, server], stop_timeout="2s")
    assert world.settle(applied).ready
    pids = {int(info["pid"]) for info in world.supervisor.programs().values()} | {world.supervisor.pid()}
    groups = {pid for pid in pids if pid != world.supervisor.pid()}
    stopped = stop("stopping", str(tmp_path / "e"))
    assert pids <= set(stopped.pids)
    assert not [pid for pid in pids if identify(pid)]
    assert not [group for group in groups if _group_lives(group)]
    assert list((tmp_path / "e" / "logs").glob(f"{name}-*.log"))
    assert world.target.observe(name).version == "1.0.0"
    world.target.prepare()
    try:
        assert world.settle(applied).ready
    finally:
        stop("stopping", str(tmp_path / "e"))


def test_stopping_what_never_ran_is_fine(tmp_path: Path) -> None:
    assert stop("nowhere", str(tmp_path / "none")).pids == ()
    assert not (tmp_path / "none").exists()


def test_many_callers_start_one_environment(tmp_path: Path) -> None:
    layout = layout_of("many", str(tmp_path / "e"))
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: start(layout), range(4)))
        found = subprocess.run(["ps", "-axwwo", "command"], capture_output=True, text=True, check=True).stdout
        assert sum(str(layout.config) in line for line in found.splitlines()) == 1
    finally:
        stop("many", str(tmp_path / "e"))


def test_a_folder_with_a_long_name_works(tmp_path: Path) -> None:
    """A Unix socket cannot have such a path, so it lies elsewhere; spaces are fine too."""
    root = tmp_path / ("a folder with a " + "long " * 20 + "names")
    world = World(root, "long")
    try:
        lock, (name,) = world.lock("long")
        world.up(lock, name, "1.0.0", env={"ODD": "50 % \"quoted\" 'text'; # and more\nlines"})
        assert world.versions(name, 3) == {"1.0.0": 3}
        assert not world.target.layout.socket.is_relative_to(root)
    finally:
        stop("long", str(root))


def test_replicas_do_not_inherit_the_secrets_of_who_started_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An Airflow worker's environment holds the keys to its database."""
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://user:secret@db/airflow")
    world = World(tmp_path / "e", "secrets")
    try:
        lock, (name,) = world.lock("secret")
        world.up(lock, name, "1.0.0")
        names = world.ask(name)["env"]
        assert "PATH" in names
        assert not [name for name in names if name.startswith("AIRFLOW")]
    finally:
        stop("secrets", str(tmp_path / "e"))


def test_an_environment_that_was_never_started_is_empty(tmp_path: Path) -> None:
    """Looking makes nothing."""
    target = ProcessesTarget("empty", str(tmp_path / "none"))
    assert target.observe("x").version is None
    assert list(target.locks()) == []
    assert not (tmp_path / "none").exists()


def test_the_default_folder_is_below_convoys_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONVOY_HOME", str(tmp_path))
    assert layout_of("staging") == Layout("staging", tmp_path / "environments" / "staging")


def _answers(world: World, name: str) -> bool:
    try:
        return bool(world.ask(name))
    except OSError:
        return False


def _group_lives(group: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        if not _running_members(group):
            return False
        time.sleep(0.05)
    return True


def _running_members(group: int) -> bool:
    """Whether a process of the group is more than waiting to be reaped."""
    table = subprocess.run(["ps", "-axo", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
    return any(row.split()[0] == str(group) and "Z" not in row.split()[1] for row in table.splitlines())
