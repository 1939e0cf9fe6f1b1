"""Cycles, order and reachability, against plain definitions and on graphs deeper than any call stack."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.planning.graph import find_cycle, reachable, reverse, strongly_connected, topological_order

graphs = st.integers(1, 8).flatmap(
    lambda n: st.fixed_dictionaries({i: st.lists(st.integers(0, n - 1), max_size=4) for i in range(n)})
)


@given(graphs)
def test_strongly_connected_is_mutual_reachability(graph: dict[int, list[int]]) -> None:
    """Two nodes are in one component exactly if each reaches the other; requirements stand before dependents."""
    components = strongly_connected(graph)
    index = {node: i for i, component in enumerate(components) for node in component}
    assert sorted(index) == sorted(graph)
    for one in graph:
        for other in graph:
            mutual = other in reachable(graph, [one]) and one in reachable(graph, [other])
            assert (index[one] == index[other]) == mutual
        assert all(index[one] >= index[required] for required in graph[one])


@given(graphs)
def test_the_order_puts_requirements_first_or_names_a_cycle(graph: dict[int, list[int]]) -> None:
    """There is an order exactly if there is no cycle."""
    cycle = find_cycle(graph)
    if not cycle:
        order = topological_order(graph)
        assert sorted(order) == sorted(graph)
        assert all(order.index(r) < order.index(node) for node in graph for r in graph[node])
    else:
        assert cycle[0] == cycle[-1]
        assert all(after in graph[before] for before, after in pairwise(cycle))
        with pytest.raises(ValueError, match="a cycle"):
            topological_order(graph)


def test_among_what_is_ready_the_smallest_name_comes_first() -> None:
    """The order does not depend on how the graph was written down."""
    assert topological_order({"c": [], "b": ["c"], "a": ["b"], "d": []}) == ["c", "b", "a", "d"]
    assert topological_order({"d": [], "a": ["b"], "b": ["c"], "c": []}) == ["c", "b", "a", "d"]


@settings(max_examples=20)
@given(graphs)
def test_reversing_twice_is_the_same_graph(graph: dict[int, list[int]]) -> None:
    """But for duplicates and their order."""
    assert {n: set(s) for n, s in reverse(reverse(graph)).items()} == {n: set(s) for n, s in graph.items()}


def test_a_chain_and_a_ring_of_a_hundred_thousand_need_no_recursion() -> None:
    """Depth is bounded by memory, not by the call stack."""
    size = 100_000
    chain = {n: [n - 1] if n else [] for n in range(size)}
    assert topological_order(chain) == list(range(size))
    assert len(strongly_connected(chain)) == size
    ring = {n: [(n + 1) % size] for n in range(size)}
    assert len(strongly_connected(ring)) == 1
    assert len(find_cycle(ring)) == size + 1
