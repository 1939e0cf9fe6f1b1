"""Damage against a direct sum over small steps of time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.planning.simulation.damage import Source, damage


@st.composite
def sources(draw: st.DrawFn) -> tuple[list[Source], dict[int, float]]:
    """Up to four sources at whole seconds, some of which harm the same."""
    found = []
    weights = {name: float(draw(st.integers(0, 5))) for name in "abcd"}
    for index in range(draw(st.integers(0, 4))):
        starts = sorted(draw(st.sets(st.integers(0, 12), min_size=1, max_size=3)))
        shares = sorted(draw(st.sets(st.sampled_from([0.1, 0.25, 0.5, 1.0]), min_size=len(starts), max_size=3)))
        harmed = draw(st.sets(st.sampled_from("abcd"), min_size=1))
        steps = tuple(zip(map(float, starts), shares, strict=False))
        found.append(Source(index, steps, {name: weights[name] for name in sorted(harmed)}))
    return found, {index: float(draw(st.integers(0, 15))) for index in range(4)}


@settings(deadline=None)
@given(sources())
def test_it_is_the_integral_of_the_largest_exposure(given: tuple[list[Source], dict[int, float]]) -> None:
    """For each component, at each moment, the worst of the faults that harm it."""
    found, stops = given
    expected = 0.0
    for second in range(16):
        for name in "abcd":
            shares = [
                (share, source.harms[name])
                for source in found
                if name in source.harms and second < stops[source.batch]
                for start, share in source.steps
                if start <= second
            ]
            expected += max((share * weight for share, weight in shares), default=0.0)
    assert damage(found, stops) == pytest.approx(expected)


def test_a_tenth_of_it_does_a_tenth_of_the_damage() -> None:
    """That is what a canary is for."""
    canary = Source(0, ((0.0, 0.1),), {"web": 3.0})
    assert damage([canary], {0: 100.0}) == pytest.approx(30.0)


def test_nothing_is_harmed_before_it_is_touched() -> None:
    """A stop before the first step does no damage."""
    assert damage([Source(0, ((10.0, 0.5), (20.0, 1.0)), {"web": 1.0})], {0: 5.0}) == 0.0
