"""Makespan, critical path and lower bound, and what level barriers cost."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convoy.planning.schedule import level_makespan, levels, schedule, tails

graphs = st.integers(1, 7).flatmap(
    lambda n: st.tuples(
        st.fixed_dictionaries(
            {
                f"b{i}": st.lists(st.sampled_from([f"b{j}" for j in range(i)] or ["-"]), max_size=3, unique=True)
                for i in range(n)
            }
        ).map(lambda g: {name: [r for r in required if r != "-"] for name, required in g.items()}),
        st.fixed_dictionaries({f"b{i}": st.integers(0, 20).map(float) for i in range(n)}),
    )
)
Graph = tuple[dict[str, list[str]], dict[str, float]]


@given(graphs, st.one_of(st.none(), st.integers(1, 3)))
def test_a_schedule_keeps_every_order_and_every_bound(graph: Graph, limit: int | None) -> None:
    """Nothing starts before what it requires is done; never more than the bound at once; nothing is forgotten."""
    requires, durations = graph
    found = schedule(requires, durations, limit)
    assert set(found.start) == set(requires)
    assert found.makespan == max(found.finish.values())
    for name, required in requires.items():
        assert found.finish[name] == found.start[name] + durations[name]
        assert all(found.finish[r] <= found.start[name] for r in required)
        running = [o for o in requires if found.start[o] <= found.start[name] < found.finish[o]]
        assert limit is None or len(running) <= limit


@given(graphs)
def test_without_a_bound_the_makespan_is_the_critical_path(graph: Graph) -> None:
    """And the critical path is a path, as long as the lower bound."""
    requires, durations = graph
    found = schedule(requires, durations)
    assert found.makespan == found.lower_bound == sum(durations[name] for name in found.critical_path)
    assert all(before in requires[after] for before, after in pairwise(found.critical_path))


@given(graphs, st.integers(1, 3))
def test_a_bound_never_makes_it_better_than_the_lower_bound(graph: Graph, limit: int) -> None:
    """List scheduling stays within Graham's bound."""
    requires, durations = graph
    found = schedule(requires, durations, limit)
    assert found.lower_bound <= found.makespan
    assert found.makespan <= sum(durations.values()) / limit + found.lower_bound * (1 - 1 / limit) + 1e-9


@given(graphs)
def test_level_barriers_are_never_faster(graph: Graph) -> None:
    """Waiting for a whole level can only cost time."""
    requires, durations = graph
    assert level_makespan(requires, durations) >= schedule(requires, durations).makespan


def test_levels_are_longest_distances() -> None:
    """How tools with waves would cut the graph."""
    assert levels({"a": [], "b": ["a"], "c": ["a", "b"], "d": []}) == [("a", "d"), ("b",), ("c",)]


def test_tails_count_the_batch_itself() -> None:
    """Seconds from its start to the end of everything that waits for it."""
    assert tails({"a": [], "b": ["a"]}, {"a": 2.0, "b": 3.0}) == {"a": 5.0, "b": 3.0}


def test_a_cycle_has_no_schedule() -> None:
    """It is named instead."""
    with pytest.raises(ValueError, match="a cycle: a -> b -> a"):
        schedule({"a": ["b"], "b": ["a"]}, {"a": 1.0, "b": 1.0})
