"""Real processes moving from version to version, seen from outside: the stable address, and supervisord."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from convoy.targets.base import Refused
from tests.targets.processes.world import SERVER, Load, World, eventually

CANARY = {"type": "canary", "steps": [{"set_weight": 25}]}
BLUE_GREEN = {"type": "blueGreen", "scale_down_delay": "0s"}


def test_a_rolling_update_under_load_fails_no_request(world: World) -> None:
    """Every request that clients send meanwhile is answered, by the old version or the new one."""
    lock, (name,) = world.lock("rolling")
    world.up(lock, name, "1.0.0", replicas=3, env={"DELAY": "0.02"})
    address = world.target.address(name)
    assert address
    with Load(address) as load:
        eventually("requests to the old version", lambda: len(load.versions) > 50)
        world.up(lock, name, "1.1.0", replicas=3, env={"DELAY": "0.02"})
        after = len(load.versions)
        eventually("requests to the new version", lambda: len(load.versions) > after + 50)
    assert load.failures == []
    assert set(load.versions) == {"1.0.0", "1.1.0"}
    assert set(load.versions[-40:]) == {"1.1.0"}


def test_a_rollback_under_load_fails_no_request(world: World) -> None:
    lock, (name,) = world.lock("rollback")
    world.up(lock, name, "1.0.0", replicas=2, env={"DELAY": "0.02"})
    prior = world.target.observe(name)
    world.up(lock, name, "1.1.0", replicas=2, env={"DELAY": "0.02"})
    address = world.target.address(name)
    assert address
    with Load(address) as load:
        eventually("requests to the bad version", lambda: len(load.versions) > 50)
        assert world.settle(world.target.restore(name, prior, world.target.fence(lock.holder))).ready
        after = len(load.versions)
        eventually("requests to the restored version", lambda: len(load.versions) > after + 50)
    assert load.failures == []
    assert set(load.versions[-40:]) == {"1.0.0"}


def test_rolling_never_has_more_replicas_than_surge_allows(world: World) -> None:
    """Counted are those that stay: one that is being drained is on its way out."""
    lock, (name,) = world.lock("surge")
    world.up(lock, name, "1.0.0", replicas=2)
    applied = world.apply(lock, name, "1.1.0", replicas=2)
    most = 0
    while not world.ready(applied).ready:
        _, report = world.target._store.look(name)
        assert report
        most = max(most, sum(replica.up for replica in report.replicas))
    assert most <= 3


def test_a_replica_that_listens_late_gets_no_request_before(world: World) -> None:
    """Its port accepts first, then it is routed to."""
    lock, (name,) = world.lock("late")
    world.up(lock, name, "1.0.0")
    address = world.target.address(name)
    assert address
    with Load(address, threads=2) as load:
        world.up(lock, name, "1.1.0", env={"START_AFTER": "1.5"})
        after = len(load.versions)
        eventually("requests to the new version", lambda: len(load.versions) > after + 20)
    assert load.failures == []


def test_recreate_never_runs_both_versions_together(world: World) -> None:
    lock, (name,) = world.lock("recreate")
    world.up(lock, name, "1.0.0", {"type": "recreate"}, replicas=2)
    old = world.pids(name)
    applied = world.apply(lock, name, "1.1.0", {"type": "recreate"}, replicas=2)
    together = []
    while not world.ready(applied).ready:
        _, report = world.target._store.look(name)
        assert report
        if len(report.versions) > 1 and len(world.pids(name)) > 2:
            together.append(report)
    assert together == []
    assert not old & world.pids(name)
    assert set(world.versions(name)) == {"1.1.0"}


def test_a_rollback_of_recreate_is_recreate_too(world: World) -> None:
    """Versions that could not serve together on the way there cannot on the way back."""
    lock, (name,) = world.lock("recreate-back")
    world.up(lock, name, "1.0.0")
    prior = world.target.observe(name)
    world.up(lock, name, "1.1.0", {"type": "recreate"})
    restored = world.target.restore(name, prior, world.target.fence(lock.holder))
    assert "recreate" in restored.message
    assert world.settle(restored).ready
    assert set(world.versions(name)) == {"1.0.0"}


def test_a_canary_gets_its_share_and_stays_there(world: World) -> None:
    """Twenty-five percent of four replicas: one, and a quarter of the connections."""
    lock, (name,) = world.lock("canary")
    world.up(lock, name, "1.0.0", replicas=4)
    applied = world.up(lock, name, "1.1.0", CANARY, replicas=4, weight=25)
    readiness = world.ready(applied)
    assert (readiness.desired, readiness.available) == (1, 1)
    assert sorted(e.revision for e in readiness.endpoints) == ["new", "old", "old", "old"]
    assert world.versions(name, 40) == {"1.0.0": 30, "1.1.0": 10}


def test_a_canary_goes_on_to_all_replicas(world: World) -> None:
    lock, (name,) = world.lock("canary-all")
    world.up(lock, name, "1.0.0", replicas=4)
    world.up(lock, name, "1.1.0", CANARY, replicas=4, weight=50)
    world.up(lock, name, "1.1.0", CANARY, replicas=4, weight=100)
    assert world.versions(name) == {"1.1.0": 30}


def test_a_canary_of_one_replica_runs_beside_the_old_one(world: World) -> None:
    lock, (name,) = world.lock("canary-one")
    world.up(lock, name, "1.0.0")
    world.up(lock, name, "1.1.0", CANARY, weight=25)
    assert set(world.versions(name)) == {"1.0.0", "1.1.0"}


def test_while_a_canary_runs_no_single_version_is_observed(world: World) -> None:
    """A plan that was proven from one version must not take a mixture for it."""
    lock, (name,) = world.lock("canary-seen")
    world.up(lock, name, "1.0.0", replicas=2)
    world.up(lock, name, "1.1.0", CANARY, replicas=2, weight=50)
    assert world.target.observe(name).version == "1.0.0 and 1.1.0"


def test_a_canary_that_is_restored_leaves_only_the_old_version(world: World) -> None:
    lock, (name,) = world.lock("canary-back")
    world.up(lock, name, "1.0.0", replicas=4)
    prior, before = world.target.observe(name), world.pids(name)
    world.up(lock, name, "1.1.0", CANARY, replicas=4, weight=25)
    assert world.settle(world.target.restore(name, prior, world.target.fence(lock.holder))).ready
    assert world.versions(name) == {"1.0.0": 30}
    assert len(before & world.pids(name)) == 3


def test_blue_green_switches_all_traffic_in_one_moment(world: World) -> None:
    """No connection that is made after the first to the new version goes to the old one."""
    lock, (name,) = world.lock("blue")
    world.up(lock, name, "1.0.0", BLUE_GREEN, replicas=2)
    address = world.target.address(name)
    assert address
    with Load(address, threads=1) as load:
        eventually("requests to blue", lambda: len(load.versions) > 20)
        world.up(lock, name, "1.1.0", BLUE_GREEN, replicas=2)
        after = len(load.versions)
        eventually("requests to green", lambda: len(load.versions) > after + 20)
    assert load.failures == []
    first_green = load.versions.index("1.1.0")
    assert set(load.versions[first_green:]) == {"1.1.0"}


def test_blue_stands_by_for_a_while_and_is_back_at_once(world: World) -> None:
    """A rollback within scaleDownDelay finds the old processes still there."""
    lock, (name,) = world.lock("stand-by")
    world.up(lock, name, "1.0.0", BLUE_GREEN)
    prior, blue = world.target.observe(name), world.pids(name)
    world.up(lock, name, "1.1.0", {"type": "blueGreen", "scale_down_delay": "10m"})
    assert world.versions(name) == {"1.1.0": 30}
    assert world.settle(world.target.restore(name, prior, world.target.fence(lock.holder))).ready
    assert world.versions(name) == {"1.0.0": 30}
    eventually("green is gone", lambda: world.pids(name) == blue)


def test_more_replicas_of_the_same_version_leave_the_running_ones_alone(world: World) -> None:
    lock, (name,) = world.lock("scale")
    world.up(lock, name, "1.0.0", replicas=1)
    before = world.pids(name)
    world.up(lock, name, "1.0.0", replicas=3)
    assert before < world.pids(name)
    assert len(world.pids(name)) == 3


def test_another_configuration_of_the_same_version_is_rolled_out(world: World) -> None:
    lock, (name,) = world.lock("configuration")
    world.up(lock, name, "1.0.0")
    before = world.pids(name)
    world.up(lock, name, "1.0.0", env={"FLAG": "on"})
    assert not before & world.pids(name)
    assert "FLAG" in world.ask(name)["env"]


def test_a_crashing_version_leaves_the_old_one_serving(world: World) -> None:
    """It is said to have failed, with the last lines of its log, and nothing more is replaced."""
    lock, (name,) = world.lock("crash")
    world.up(lock, name, "1.0.0", replicas=2)
    old = world.pids(name)
    command = [sys.executable, "-c", "import sys; sys.exit('no database here')"]
    readiness = world.settle(world.apply(lock, name, "1.1.0", replicas=2, command=command))
    assert readiness.failed
    assert "no database here" in readiness.message
    assert world.versions(name) == {"1.0.0": 30}
    assert world.pids(name) == old


def test_a_program_that_does_not_exist_is_said_to_have_failed(world: World) -> None:
    lock, (name,) = world.lock("missing")
    readiness = world.settle(world.apply(lock, name, "1.0.0", command=["no-such-program-anywhere"]))
    assert readiness.failed
    assert "no-such-program-anywhere" in readiness.message


def test_a_version_that_failed_can_be_ordered_again(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever kept it from coming up may have been mended meanwhile."""
    flag = tmp_path_factory.mktemp("flag") / "mended"
    code = (
        "import os, runpy, sys; os.path.exists(sys.argv[2]) or sys.exit(1); runpy.run_path(sys.argv[1], {}, '__main__')"
    )
    lock, (name,) = world.lock("again")
    command = [sys.executable, "-c", code, str(SERVER), str(flag)]
    assert world.settle(world.apply(lock, name, "1.0.0", command=command)).failed
    flag.touch()
    again = world.apply(lock, name, "1.0.0", command=command)
    assert again.changed
    assert world.settle(again).ready


def test_two_components_switch_in_one_moment(world: World) -> None:
    """Neither serves its new version before both can."""
    lock, (left, right) = world.lock("left", "right")
    group = (left, right)
    world.up(lock, left, "1.0.0", BLUE_GREEN)
    world.up(lock, right, "1.0.0", BLUE_GREEN)
    first = world.apply(lock, left, "2.0.0", BLUE_GREEN, group=group)
    second = world.apply(lock, right, "2.0.0", BLUE_GREEN, group=group, env={"START_AFTER": "2.5"})
    eventually("left is up and waits", lambda: f"waits for {right}" in world.ready(first).message)
    eventually("left has its new replica", lambda: world.ready(first).available == 1)
    assert world.versions(left, 10) == {"1.0.0": 10}
    assert world.settle(first).ready
    assert world.settle(second).ready
    assert (world.versions(left, 10), world.versions(right, 10)) == ({"2.0.0": 10}, {"2.0.0": 10})


def test_a_member_starts_nothing_before_all_were_ordered(world: World) -> None:
    lock, (left, right) = world.lock("early", "tardy")
    world.up(lock, left, "1.0.0", {"type": "recreate"})
    world.up(lock, right, "1.0.0", {"type": "recreate"})
    before = world.pids(left)
    first = world.apply(lock, left, "2.0.0", {"type": "recreate"}, group=(left, right))
    eventually("the controller has seen it", lambda: f"waits for {right}" in world.ready(first).message)
    assert world.pids(left) == before
    second = world.apply(lock, right, "2.0.0", {"type": "recreate"}, group=(left, right))
    assert world.settle(first).ready
    assert world.settle(second).ready


def test_two_components_go_back_in_one_moment(world: World) -> None:
    """The way back of a lockstep batch is as strict as the way there."""
    lock, (left, right) = world.lock("back-left", "back-right")
    group = (left, right)
    for name in group:
        world.up(lock, name, "1.0.0", BLUE_GREEN)
    priors = {name: world.target.observe(name) for name in group}
    for applied in [world.apply(lock, name, "2.0.0", BLUE_GREEN, group=group) for name in group]:
        assert world.settle(applied).ready
    fenced = world.target.fence(lock.holder)
    first = world.target.restore(right, priors[right], fenced)
    eventually("right waits for left", lambda: f"waits for {left}" in world.ready(first).message)
    assert world.versions(right, 10) == {"2.0.0": 10}
    second = world.target.restore(left, priors[left], fenced)
    assert world.settle(first).ready
    assert world.settle(second).ready
    assert (world.versions(left, 10), world.versions(right, 10)) == ({"1.0.0": 10}, {"1.0.0": 10})


def test_a_group_of_which_one_was_never_touched_goes_back(world: World) -> None:
    """A deployment that broke off between two members leaves nothing to wait for."""
    lock, (left, right) = world.lock("half-left", "half-right")
    for name in (left, right):
        world.up(lock, name, "1.0.0", BLUE_GREEN)
    priors = {name: world.target.observe(name) for name in (left, right)}
    world.apply(lock, left, "2.0.0", BLUE_GREEN, group=(left, right))
    fenced = world.target.fence(lock.holder)
    for applied in [world.target.restore(name, priors[name], fenced) for name in (right, left)]:
        assert world.settle(applied).ready
    assert world.versions(left, 10) == {"1.0.0": 10}


def test_replicas_know_who_they_are_and_where_the_others_are(world: World) -> None:
    lock, (name, other) = world.lock("who", "whom")
    world.up(lock, name, "1.0.0")
    answer = world.ask(name)
    assert (answer["CONVOY_COMPONENT"], answer["CONVOY_VERSION"], answer["CONVOY_REPLICA"]) == (name, "1.0.0", "0")
    # The other does not exist yet, but it was locked, so its address is known.
    variable = f"CONVOY_ADDRESS_{other.upper().replace('-', '_')}"
    world.up(lock, other, "1.0.0")
    assert answer[variable] == "{}:{}".format(*(world.target.address(other) or ()))


def test_the_stable_address_stays_the_same(world: World) -> None:
    lock, (name,) = world.lock("stable")
    prior = world.target.observe(name)
    world.up(lock, name, "1.0.0")
    address = world.target.address(name)
    world.up(lock, name, "1.1.0")
    assert world.target.address(name) == address
    assert world.settle(world.target.restore(name, prior, world.target.fence(lock.holder))).ready
    with pytest.raises(ConnectionRefusedError):
        world.ask(name)


def test_logs_are_kept_after_a_replica_is_gone(world: World) -> None:
    lock, (name,) = world.lock("logs")
    world.up(lock, name, "1.0.0")
    world.up(lock, name, "1.1.0")
    logs = "".join(path.read_text() for path in world.target.layout.logs.glob(f"{name}-*.log"))
    assert "starting 1.0.0" in logs
    assert "starting 1.1.0" in logs


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"strategy": {"type": "rolling", "max_surge": "many"}}, "strategy.rolling.max_surge"),
        ({"strategy": {"type": "rolling", "max_unavailable": "0", "max_surge": "0"}}, "both 0"),
        ({"strategy": {"type": "recreate"}, "weight": 20}, "knows no shares"),
        ({"replicas": 0}, "workload.replicas"),
        ({"env": {"A=B": "x"}}, "A=B"),
        ({"weight": 0}, "weight is 0"),
        ({"group": ("somebody", "else")}, "does not include it"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(world: World, change: dict, reason: str) -> None:
    lock, (name,) = world.lock("refused")
    with pytest.raises(Refused, match=reason):
        world.apply(lock, name, "1.0.0", **change)


def test_an_open_connection_of_a_leaving_replica_is_finished(world: World) -> None:
    """A slow answer that is under way when the replica has to leave arrives whole."""
    lock, (name,) = world.lock("slow")
    world.up(lock, name, "1.0.0", env={"DELAY": "2.5"})
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(world.ask(name)["CONVOY_VERSION"]))
    asking.start()
    # The replica writes a line for each request only when it answers, so wait for the connection itself.
    eventually("the request is under way", lambda: _connections(world, name) > 0)
    world.up(lock, name, "1.1.0")
    asking.join()
    assert answers == ["1.0.0"]


def _connections(world: World, name: str) -> int:
    """Established connections to the replicas, as the kernel lists them; one where that cannot be asked."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        return 1
    ports = {f"{endpoint.port:04X}" for endpoint in world.target.endpoints(name)}
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return sum(row[1].endswith(tuple(f":{port}" for port in ports)) and row[3] == "01" for row in rows)
