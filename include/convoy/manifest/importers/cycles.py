"""The cycles of a graph: one for every knot of nodes that reach each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping


def cycles(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """A cycle of every strongly connected part, as short as possible from its first node, which is the smallest name.

    Also the cycles of length one: a node that points at itself. No cycle is missed, but a part with several cycles is
    named by one of them: when that is broken, the next one shows up."""
    arcs: dict[str, list[str]] = {}
    for tail, head in sorted(set(pairs)):
        arcs.setdefault(tail, []).append(head)
        arcs.setdefault(head, [])
    found = [[node] for node, heads in arcs.items() if node in heads]
    for part in _components(arcs):
        if len(part) > 1:
            found.append(_shortest(min(part), part, arcs))
    return sorted(found)


def _components(arcs: Mapping[str, list[str]]) -> Iterable[set[str]]:
    """Strongly connected parts, by two searches (Kosaraju), without recursion: inputs may be long chains."""
    order: list[str] = []
    seen: set[str] = set()
    for root in arcs:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(arcs[root]))]
        while stack:
            node, heads = stack[-1]
            step = next((head for head in heads if head not in seen), None)
            if step is None:
                order.append(node)
                stack.pop()
            else:
                seen.add(step)
                stack.append((step, iter(arcs[step])))
    backward: dict[str, list[str]] = {node: [] for node in arcs}
    for tail, heads_of in arcs.items():
        for head in heads_of:
            backward[head].append(tail)
    placed: set[str] = set()
    for root in reversed(order):
        if root in placed:
            continue
        part, todo = {root}, [root]
        while todo:
            for tail in backward[todo.pop()]:
                if tail not in placed and tail not in part:
                    part.add(tail)
                    todo.append(tail)
        placed |= part
        yield part


def _shortest(start: str, part: set[str], arcs: Mapping[str, list[str]]) -> list[str]:
    before: dict[str, str] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for head in arcs[node]:
            if head == start and node != start:
                path = [node]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return path[::-1]
            if head in part and head not in before and head != start:
                before[head] = node
                queue.append(head)
    raise AssertionError(f"{start} is in no cycle")  # pragma: no cover - its part is strongly connected
