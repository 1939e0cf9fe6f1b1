"""Graph algorithms on mappings from a node to its successors. Iterative: depth is not bounded by the call stack.

Everywhere an edge ``u -> v`` reads "u requires v". Every successor must be a key of the mapping.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

Node = TypeVar("Node", str, int)


def strongly_connected(graph: Mapping[Node, Collection[Node]]) -> list[list[Node]]:
    """The strongly connected components, requirements before what requires them (Tarjan 1972). O(V + E)."""
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    on_stack: set[Node] = set()
    stack: list[Node] = []
    components: list[list[Node]] = []
    for root in graph:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(graph[root]))]
        while work:
            node, successors = work[-1]
            for successor in successors:
                if successor not in index:
                    index[successor] = low[successor] = len(index)
                    stack.append(successor)
                    on_stack.add(successor)
                    work.append((successor, iter(graph[successor])))
                    break
                if successor in on_stack:
                    low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    component: list[Node] = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.append(member)
                        if member == node:
                            break
                    components.append(component)
    return components


def topological_order(graph: Mapping[Node, Collection[Node]]) -> list[Node]:
    """Requirements first; among those that are ready, the smallest name first. Raises ValueError on a cycle."""
    waiting = {node: len(set(requires)) for node, requires in graph.items()}
    dependents = reverse(graph)
    ready = [node for node, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    order: list[Node] = []
    while ready:
        node = heapq.heappop(ready)
        order.append(node)
        for dependent in dependents[node]:
            waiting[dependent] -= 1
            if waiting[dependent] == 0:
                heapq.heappush(ready, dependent)
    if len(order) != len(waiting):
        raise ValueError(f"a cycle: {' -> '.join(str(node) for node in find_cycle(graph))}")
    return order


def reverse(graph: Mapping[Node, Collection[Node]]) -> dict[Node, list[Node]]:
    """The same graph with every edge turned round, without duplicates."""
    turned: dict[Node, list[Node]] = {node: [] for node in graph}
    for node, successors in graph.items():
        for successor in dict.fromkeys(successors):
            turned[successor].append(node)
    return turned


def reachable(graph: Mapping[Node, Collection[Node]], starts: Iterable[Node]) -> set[Node]:
    """Every node on a path from one of the starts, the starts included."""
    seen = set(starts)
    work = list(seen)
    while work:
        for successor in graph[work.pop()]:
            if successor not in seen:
                seen.add(successor)
                work.append(successor)
    return seen


def find_cycle(graph: Mapping[Node, Collection[Node]]) -> list[Node]:
    """One shortest cycle through the smallest node that is on any, first node repeated at the end; empty if none."""
    cyclic = [c for c in strongly_connected(graph) if len(c) > 1 or c[0] in graph[c[0]]]
    if not cyclic:
        return []
    members = set(min(cyclic, key=min))
    start = min(members)
    parents: dict[Node, Node] = {}
    layer = [start]
    while layer:
        following: list[Node] = []
        for node in layer:
            for successor in sorted(set(graph[node])):
                if successor == start:
                    path: list[Node] = [node]
                    while path[-1] != start:
                        path.append(parents[path[-1]])
                    path.reverse()
                    path.append(start)
                    return path
                if successor in members and successor not in parents:
                    parents[successor] = node
                    following.append(successor)
        layer = following
    raise AssertionError("a strongly connected component without a cycle")
