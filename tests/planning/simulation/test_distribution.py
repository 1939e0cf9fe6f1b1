"""Many runs: counts, quantiles, and the comparison with barriers."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import mean, median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planning.simulation.worlds import chain, model, stories

from convoy.planning.simulation import Model, Scenario, Spread, draw, play, play_many
from convoy.planning.simulation.distribution import UNNOTICED

RUNS = 40
finite = st.floats(-1e6, 1e6)


@settings(deadline=None)
@given(st.lists(finite, min_size=1))
def test_a_spread_is_in_order(values: list[float]) -> None:
    """From the least to the most, and the median is the median."""
    found = Spread.of(values)
    assert found is not None
    assert found.count == len(values)
    assert found.least == min(values)
    assert found.most == max(values)
    assert found.least <= found.p5 <= found.median <= found.p95 <= found.most
    assert found.median == pytest.approx(median(values), abs=1e-6)
    assert found.mean == pytest.approx(mean(values), abs=1e-6)


def test_nothing_has_no_spread() -> None:
    """It is not zero."""
    assert Spread.of([]) is None


@settings(deadline=None, max_examples=50)
@given(stories())
def test_the_sum_of_many_runs_is_made_of_single_runs(story: tuple[Model, Scenario]) -> None:
    """Each can be shown alone by its number."""
    world, scenario = story
    found = play_many(world, scenario, RUNS)
    courses = [play(world, scenario, draw(world, scenario, number)) for number in range(RUNS)]
    assert sum(found.outcomes.values()) == RUNS
    assert found.outcomes[UNNOTICED] == sum(course.unnoticed for course in courses)
    most = max(course.damage for course in courses)
    if most > 0:
        assert found.worst is not None
        assert courses[found.worst].damage == most
        assert found.damage is not None
        assert found.damage.most == most
    else:
        assert found.worst is None
    promoted = [course.end for course in courses if course.outcome == "Promoted"]
    assert found.promoted == Spread.of(promoted)


@settings(deadline=None, max_examples=50)
@given(stories())
def test_barriers_are_never_faster_on_the_same_draws(story: tuple[Model, Scenario]) -> None:
    """Run by run, not only on average."""
    found = play_many(*story, RUNS)
    assert found.slower is None or found.slower.least >= 1 - 1e-12


@settings(deadline=None, max_examples=30)
@given(stories())
def test_the_same_seed_gives_the_same_distribution(story: tuple[Model, Scenario]) -> None:
    """To the last digit."""
    assert play_many(*story, RUNS) == play_many(*story, RUNS)


def test_another_seed_or_another_run_is_another_draw() -> None:
    """Neighbouring numbers have nothing in common."""
    world = model(chain())
    draws = [draw(world, Scenario(jitter=0.2, seed=seed), run).factors for seed in range(10) for run in range(10)]
    assert len({factor for factors in draws for factor in factors}) == 100 * len(world.batches)


def test_every_batch_is_faulty_as_often_as_was_said() -> None:
    """Within four standard deviations."""
    world = model(chain())
    scenario = Scenario(fault_rate=0.2)
    faults = sum(len(draw(world, scenario, run).faults) for run in range(2000))
    expected, deviation = 8000 * 0.2, math.sqrt(8000 * 0.2 * 0.8)
    assert abs(faults - expected) < 4 * deviation


@pytest.mark.parametrize("spread", ["lognormal", "triangular"])
def test_half_of_the_durations_are_longer_than_expected(spread: str) -> None:
    """The median of the factor is 1, under both spreads; and it does vary."""
    world = model(chain())
    scenario = Scenario(jitter=0.5, spread=spread)
    factors = [factor for run in range(1000) for factor in draw(world, scenario, run).factors]
    assert all(factor > 0 for factor in factors)
    longer = sum(factor > 1 for factor in factors)
    assert abs(longer - 2000) < 4 * math.sqrt(4000 / 4)
    assert max(factors) > 1.3
    assert min(factors) < 0.75


def test_without_jitter_and_faults_every_run_is_the_plan() -> None:
    """No chance, no spread."""
    world = model(chain())
    found = play_many(world, Scenario(), 10)
    assert found.promoted is not None
    assert found.promoted.least == found.promoted.most == world.plan.makespan
    assert found.damage is None


def test_better_gates_do_less_damage() -> None:
    """Run by run on the same draws, so also in every quantile."""
    world = model(chain())
    scenario = Scenario(fault_rate=0.5, jitter=0.3, seed=7)
    poor, good = (play_many(world, replace(scenario, detection=chance), 300).damage for chance in (0.3, 0.9))
    assert poor is not None
    assert good is not None
    assert good.mean < poor.mean
    assert all(getattr(good, key) <= getattr(poor, key) for key in ("p5", "median", "p95", "most"))


def test_no_runs_have_no_distribution() -> None:
    """An error, not an empty answer."""
    with pytest.raises(ValueError, match="0 runs"):
        play_many(model(chain()), Scenario(), 0)
