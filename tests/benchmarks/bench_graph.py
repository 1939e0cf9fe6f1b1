"""The graph part of the planner beside networkx, on the same graph in the same run. Prints; asserts nothing.

python -m tests.benchmarks.bench_graph [components]
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable

import networkx as nx

from convoy.planning.graph import strongly_connected, topological_order

COMPONENTS, ARCS = 100_000, 300_000
REPETITIONS = 5


def random_graph(count: int, arcs: int, seed: int = 7) -> dict[str, list[str]]:
    """Every arc leads to an earlier component, but for one in ten, which closes cycles here and there."""
    rng = random.Random(seed)
    graph: dict[str, list[str]] = {f"c{number:06d}": [] for number in range(count)}
    for _ in range(arcs):
        one, other = sorted(rng.sample(range(count), 2))
        dependent, requirement = (one, other) if rng.random() < 0.1 else (other, one)
        graph[f"c{dependent:06d}"].append(f"c{requirement:06d}")
    return graph


def ours(graph: dict[str, list[str]]) -> int:
    """Cycles, the graph between them, and its order."""
    groups = strongly_connected(graph)
    home = {member: index for index, members in enumerate(groups) for member in members}
    between: dict[int, list[int]] = {index: [] for index in range(len(groups))}
    for node, requirements in graph.items():
        between[home[node]] += [home[r] for r in requirements if home[r] != home[node]]
    return len(topological_order(between))


def theirs(graph: dict[str, list[str]]) -> int:
    """The same with networkx, from a graph that is already its own."""
    condensed = nx.condensation(graph)
    return len(list(nx.lexicographical_topological_sort(condensed.reverse(copy=False))))


def timed(work: Callable[[], int]) -> tuple[float, int]:
    """Seconds, and the number of groups."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def main(count: int) -> None:
    """Alternate between the two, so that both meet the same machine."""
    graph = random_graph(count, 3 * count)
    other = nx.DiGraph()
    other.add_nodes_from(graph)
    other.add_edges_from((node, r) for node, requirements in graph.items() for r in requirements)
    mine, yours = [], []
    for _ in range(REPETITIONS):
        seconds, groups = timed(lambda: ours(graph))
        mine.append(seconds)
        seconds, same = timed(lambda: theirs(other))
        yours.append(seconds)
        if groups != same:
            raise SystemExit(f"{groups} groups here, {same} there")
    ratios = sorted(y / m for m, y in zip(mine, yours, strict=True))
    mine_took, theirs_took = statistics.median(mine), statistics.median(yours)
    print(
        f"{count:,} components, {3 * count:,} arcs, {groups:,} groups: cycles and order {mine_took:.2f} s, "
        f"networkx {theirs_took:.2f} s, ratio {statistics.median(ratios):.2f} "
        f"(from {ratios[0]:.2f} to {ratios[-1]:.2f} in {REPETITIONS} runs)"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COMPONENTS)
