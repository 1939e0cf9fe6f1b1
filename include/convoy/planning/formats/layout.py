"""Where the boxes and curves of a picture go: columns by level, in each an order with few crossings.

The usual method for layered graphs (Sugiyama, Tagawa and Toda 1981): an edge over several columns gets a waypoint in
each column between, so that no curve runs through a box; the order within a column comes from the median of the
neighbours; heights follow the neighbours too, as near as the order and the gaps allow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median

from convoy.planning.schedule import levels

SWEEPS = 8
MAX_WAYPOINTS = 3000
"""Above this, long edges run behind the boxes: the picture is too full to follow single curves anyway."""
WAYPOINT_HEIGHT = 14.0

Node = str
Edge = tuple[str, str]
"""Requirement and dependent."""


@dataclass(frozen=True)
class Layout:
    """Middles of the boxes: ``column`` counts from 0, ``y`` from the top. ``via`` has the heights at which an edge
    passes the columns between its ends. ``height`` is that of the whole."""

    column: Mapping[str, int]
    y: Mapping[str, float]
    via: Mapping[Edge, tuple[float, ...]]
    height: float
    columns: int


def place(requires: Mapping[str, Sequence[str]], heights: Mapping[str, float], gap: float) -> Layout:
    """The places of boxes of these heights. Raises ValueError on a cycle."""
    layers: list[list[Node]] = [list(names) for names in levels(requires)]
    column = {name: index for index, layer in enumerate(layers) for name in layer}
    edges = [(required, name) for name in requires for required in dict.fromkeys(requires[name])]
    size = dict(heights)
    before: defaultdict[Node, list[Node]] = defaultdict(list)
    after: defaultdict[Node, list[Node]] = defaultdict(list)
    chains: dict[Edge, list[Node]] = {}
    waypoints = sum(column[end] - column[start] - 1 for start, end in edges) <= MAX_WAYPOINTS
    for start, end in edges:
        between = range(column[start] + 1, column[end]) if waypoints else range(0)
        # No name has a line break, so none can be taken for a waypoint.
        chain = [f"{start}\n{end}\n{index}" for index in between]
        for index, waypoint in zip(between, chain, strict=True):
            layers[index].append(waypoint)
            size[waypoint] = WAYPOINT_HEIGHT
        chains[start, end] = chain
        for one, other in zip([start, *chain], [*chain, end], strict=True):
            after[one].append(other)
            before[other].append(one)
    _order(layers, before, after)
    y = _heights(layers, before, after, size, gap)
    top = min((y[n] - size[n] / 2 for n in y), default=0.0)
    y = {node: value - top for node, value in y.items()}
    return Layout(
        column,
        {name: y[name] for name in requires},
        {edge: tuple(y[node] for node in chain) for edge, chain in chains.items()},
        max((y[n] + size[n] / 2 for n in y), default=0.0),
        len(layers),
    )


def _order(layers: list[list[Node]], before: Mapping[Node, list[Node]], after: Mapping[Node, list[Node]]) -> None:
    """Sort each column by the median place of the neighbours on one side, forth and back."""
    place = {node: float(index) for layer in layers for index, node in enumerate(layer)}
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        neighbours = before if forward else after
        for layer in layers if forward else reversed(layers):
            wanted = {node: median([place[n] for n in neighbours.get(node, ())] or [place[node]]) for node in layer}
            layer.sort(key=lambda node: (wanted[node], place[node], node))
            place.update({node: float(index) for index, node in enumerate(layer)})


def _heights(
    layers: list[list[Node]],
    before: Mapping[Node, list[Node]],
    after: Mapping[Node, list[Node]],
    size: Mapping[Node, float],
    gap: float,
) -> dict[Node, float]:
    """Each box as near to the mean of its neighbours as the order and the gaps of its column allow."""
    y: dict[Node, float] = {}
    for layer in layers:
        # Centred, so that the sweeps start from something that is near already.
        total = sum(size[node] for node in layer) + gap * (len(layer) - 1)
        at = -total / 2
        for node in layer:
            y[node] = at + size[node] / 2
            at += size[node] + gap
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for layer in layers if forward else reversed(layers):
            wanted = []
            for node in layer:
                near = before.get(node, []) if forward else after.get(node, [])
                wanted.append(mean([y[n] for n in near]) if near else y[node])
            y.update(zip(layer, _apart(wanted, [size[node] for node in layer], gap), strict=True))
    return y


def _apart(wanted: list[float], sizes: list[float], gap: float) -> list[float]:
    """The places nearest to the wanted ones (least squares) that keep the order and the gaps.

    Isotonic regression by pooling adjacent violators, on the places minus the room that the boxes above need."""
    offsets = [0.0]
    for one, other in pairwise(sizes):
        offsets.append(offsets[-1] + one / 2 + gap + other / 2)
    pools: list[tuple[float, int]] = []
    for value in (w - o for w, o in zip(wanted, offsets, strict=True)):
        total, number = value, 1
        while pools and pools[-1][0] / pools[-1][1] > total / number:
            more, members = pools.pop()
            total, number = total + more, number + members
        pools.append((total, number))
    free = [total / number for total, number in pools for _ in range(number)]
    return [place + offset for place, offset in zip(free, offsets, strict=True)]
