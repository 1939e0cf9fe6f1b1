"""The layout keeps its distances for every graph."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from convoy.planning.formats.layout import WAYPOINT_HEIGHT, place

GAP = 10.0


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    """Acyclic graphs of up to 14 nodes."""
    number = draw(st.integers(0, 14))
    return {f"n{i}": [f"n{j}" for j in range(i) if draw(st.integers(0, 3)) == 0] for i in range(number)}


@settings(deadline=None)
@given(graphs(), st.randoms(use_true_random=False))
def test_nothing_in_a_column_overlaps(requires: dict[str, list[str]], random: object) -> None:
    """Boxes and the waypoints of long edges keep the gap; everything lies between the top and the height."""
    heights = {name: random.uniform(20, 120) for name in requires}  # type: ignore[attr-defined]
    found = place(requires, heights, GAP)
    columns: dict[int, list[tuple[float, float]]] = {}
    for name, column in found.column.items():
        columns.setdefault(column, []).append((found.y[name], heights[name]))
    for (start, end), via in found.via.items():
        assert len(via) == found.column[end] - found.column[start] - 1
        for index, y in enumerate(via, found.column[start] + 1):
            columns.setdefault(index, []).append((y, WAYPOINT_HEIGHT))
    for things in columns.values():
        for (y, size), (below, other) in pairwise(sorted(things)):
            assert below - y >= (size + other) / 2 + GAP - 1e-6
        for y, size in things:
            assert y - size / 2 >= -1e-6
            assert y + size / 2 <= found.height + 1e-6


@settings(deadline=None)
@given(graphs())
def test_edges_lead_to_the_right(requires: dict[str, list[str]]) -> None:
    """What is required stands in an earlier column, and the first column has what requires nothing."""
    found = place(requires, dict.fromkeys(requires, 30.0), GAP)
    for name, required in requires.items():
        assert all(found.column[other] < found.column[name] for other in required)
        assert (found.column[name] == 0) == (not required)
    assert found.columns == max(found.column.values(), default=-1) + 1


def test_a_chain_is_a_straight_line() -> None:
    """Boxes of different heights stand middle by middle."""
    found = place({"a": [], "b": ["a"], "c": ["b"]}, {"a": 20.0, "b": 60.0, "c": 40.0}, GAP)
    assert len({round(y, 6) for y in found.y.values()}) == 1
