"""Steps of one component, without processes: a small simulation does what each step says, at random speed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.targets.processes.moves import Permissions, Replica, Step, decide, portion, wanted
from convoy.targets.processes.spec import Spec

ROLLING = {"type": "rolling", "max_unavailable": "0", "max_surge": "1"}
RECREATE = {"type": "recreate"}
BLUE_GREEN = {"type": "blueGreen", "scale_down_delay": "0s"}
CANARY = {"type": "canary", "steps": [{"set_weight": 20}]}

counts = st.integers(1, 12)
strategies = st.one_of(
    st.builds(
        lambda unavailable, surge: {"type": "rolling", "max_unavailable": unavailable, "max_surge": surge},
        st.sampled_from(["0", "1", "3", "25%", "100%"]),
        st.sampled_from(["0", "1", "2", "25%", "100%"]),
    ),
    st.sampled_from([RECREATE, BLUE_GREEN, CANARY]),
)


def spec(version: str, replicas: int, weight: int = 100) -> Spec:
    return Spec(version, {"command": ["x"], "replicas": replicas, "stop_timeout": "1s"}, ROLLING, weight)


def fleet(of: Spec, count: int | None = None, *, up: bool = True) -> list[Replica]:
    return [Replica(f"{of.version}-{n}", of.revision, up) for n in range(of.replicas if count is None else count)]


class Simulation:
    """Replicas that come up and go away some time after they were told to."""

    def __init__(
        self, new: Spec | None, stable: Spec | None, strategy: dict, replicas: list[Replica], seed: int
    ) -> None:
        self.new, self.stable, self.strategy, self.replicas = new, stable, strategy, replicas
        self.serving = frozenset(replica.revision for replica in replicas)
        self.random, self.count = random.Random(seed), 0

    def step(self) -> Step:
        step = decide(self.new, self.stable, self.strategy, self.replicas, serving=self.serving)
        self.serving = step.serving
        self.replicas = [replace(r, leaving=r.leaving or r.program in step.drain) for r in self.replicas]
        for revision, number in step.start.items():
            for _ in range(number):
                self.count += 1
                self.replicas.append(Replica(f"started-{self.count}", revision, False))
        return step

    def time_passes(self) -> None:
        self.replicas = [
            replace(replica, up=replica.up or self.random.random() < 0.5)
            for replica in self.replicas
            if not (replica.leaving and self.random.random() < 0.5)
        ]

    def settle(self) -> list[tuple[Step, list[Replica]]]:
        """Every step until nothing is left to be done, each with what it left."""
        history = []
        for _ in range(1000):
            step = self.step()
            history.append((step, list(self.replicas)))
            if step.settled and not any(replica.leaving for replica in self.replicas):
                return history
            self.time_passes()
        raise AssertionError(f"never settled: {self.replicas}")

    def live(self) -> Counter[str]:
        return Counter(replica.revision for replica in self.replicas)


@given(counts, counts, strategies, st.integers())
@settings(max_examples=200, deadline=None)
def test_every_strategy_ends_with_exactly_what_is_wanted(before: int, after: int, strategy: dict, seed: int) -> None:
    old, new = spec("1", before), spec("2", after)
    simulation = Simulation(new, old, strategy, fleet(old), seed)
    simulation.settle()
    assert simulation.live() == {new.revision: after}
    assert simulation.serving == {new.revision}


@given(counts, counts, strategies, st.integers())
@settings(max_examples=100, deadline=None)
def test_in_the_wanted_state_there_is_nothing_to_do(before: int, after: int, strategy: dict, seed: int) -> None:
    old, new = spec("1", before), spec("2", after)
    simulation = Simulation(new, old, strategy, fleet(old), seed)
    simulation.settle()
    step = simulation.step()
    assert (dict(step.start), step.drain, step.settled) == ({}, (), True)


@given(counts, st.integers(0, 3), st.integers(0, 3), st.integers())
@settings(max_examples=200, deadline=None)
def test_rolling_keeps_its_two_bounds(replicas: int, unavailable: int, surge: int, seed: int) -> None:
    """Never fewer up than maxUnavailable allows, never more that stay than maxSurge allows."""
    old, new = spec("1", replicas), spec("2", replicas)
    strategy = {"type": "rolling", "max_unavailable": str(unavailable), "max_surge": str(surge)}
    for _, left in Simulation(new, old, strategy, fleet(old), seed).settle():
        staying = [replica for replica in left if not replica.leaving]
        assert sum(replica.up for replica in staying) >= replicas - unavailable
        assert len(staying) <= replicas + max(surge, 1 if surge == unavailable == 0 else 0)


@given(counts, counts, st.integers())
@settings(max_examples=100, deadline=None)
def test_recreate_never_has_both_versions(before: int, after: int, seed: int) -> None:
    """Not even while the old ones are only leaving."""
    old, new = spec("1", before), spec("2", after)
    for _, left in Simulation(new, old, RECREATE, fleet(old), seed).settle():
        assert len({replica.revision for replica in left}) <= 1


@given(counts, counts, st.integers())
@settings(max_examples=100, deadline=None)
def test_blue_green_serves_one_version_at_a_time_and_only_when_it_is_up(before: int, after: int, seed: int) -> None:
    old, new = spec("1", before), spec("2", after)
    for step, left in Simulation(new, old, BLUE_GREEN, fleet(old), seed).settle():
        assert len(step.serving) == 1
        if step.serving == {old.revision}:
            assert not [replica for replica in left if replica.revision == old.revision and replica.leaving]
        else:
            assert sum(replica.up and replica.revision == new.revision for replica in left) >= after


@given(st.integers(2, 20), st.integers(1, 99), st.integers())
@settings(max_examples=200, deadline=None)
def test_a_canary_settles_at_its_share_with_both_versions(replicas: int, weight: int, seed: int) -> None:
    old, new = spec("1", replicas), spec("2", replicas, weight)
    simulation = Simulation(new, old, CANARY, fleet(old), seed)
    simulation.settle()
    assert simulation.live() == {new.revision: portion(new), old.revision: replicas - portion(new)}
    assert 1 <= portion(new) <= replicas - 1


@given(counts, strategies, st.integers(), st.integers(1, 30))
@settings(max_examples=200, deadline=None)
def test_turning_back_at_any_point_ends_where_it_began(replicas: int, strategy: dict, seed: int, steps: int) -> None:
    old, new = spec("1", replicas), spec("2", replicas)
    simulation = Simulation(new, old, strategy, fleet(old), seed)
    for _ in range(steps):
        simulation.step()
        simulation.time_passes()
    simulation.new = old
    simulation.settle()
    assert simulation.live() == {old.revision: replicas}


@given(counts, strategies, st.integers())
@settings(max_examples=50, deadline=None)
def test_removal_leaves_nothing(replicas: int, strategy: dict, seed: int) -> None:
    old = spec("1", replicas)
    simulation = Simulation(None, old, strategy, fleet(old), seed)
    simulation.settle()
    assert simulation.replicas == []


def test_a_share_is_at_least_one_replica_and_at_most_all_but_one() -> None:
    assert [portion(spec("2", 10, weight)) for weight in (1, 5, 14, 15, 50, 99)] == [1, 1, 1, 2, 5, 9]


def test_a_canary_of_something_new_runs_only_its_share() -> None:
    """There is no old version that the others could run."""
    new = spec("1", 10, 20)
    assert wanted(new, None) == {new.revision: 2}


def test_old_replicas_that_are_down_go_first() -> None:
    old, new = spec("1", 3), spec("2", 3)
    replicas = [replace(replica, up=number != 1) for number, replica in enumerate(fleet(old))]
    step = decide(new, old, {**ROLLING, "max_unavailable": "1"}, replicas)
    assert step.drain == ("1-1",)


def test_a_rollback_brings_all_replicas_back_at_once() -> None:
    """Its surge is the whole number: it is in a hurry."""
    bad, good = spec("2", 4), spec("1", 4)
    assert decide(good, None, ROLLING, fleet(bad), fast=True).start == {good.revision: 4}


def test_blue_stands_by_until_its_time_is_over() -> None:
    old, new = spec("1", 2), spec("2", 2)
    both = [*fleet(old), *fleet(new)]
    waiting = decide(
        new, old, BLUE_GREEN, both, serving=frozenset({new.revision}), allowed=Permissions(scale_down=False)
    )
    assert (waiting.drain, waiting.settled) == ((), True)
    over = decide(new, old, BLUE_GREEN, both, serving=frozenset({new.revision}))
    assert set(over.drain) == {"1-0", "1-1"}


def test_after_a_switch_a_green_replica_that_dies_does_not_bring_blue_back() -> None:
    old, new = spec("1", 1), spec("2", 1)
    both = [*fleet(old), *fleet(new, up=False)]
    step = decide(new, old, BLUE_GREEN, both, serving=frozenset({new.revision}), allowed=Permissions(scale_down=False))
    assert step.serving == {new.revision}
