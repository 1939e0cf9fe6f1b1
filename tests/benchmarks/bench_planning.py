"""How long planning takes as systems grow, and what level barriers would cost. Prints; asserts nothing.

python -m tests.benchmarks.bench_planning [largest]
"""

from __future__ import annotations

import random
import resource
import statistics
import sys
import time
from itertools import pairwise

from convoy.planning.arcs import analyse
from convoy.planning.batches import form_batches
from convoy.planning.certificate import certify
from convoy.planning.contracts import ComponentContract, Contracts, Effort, Release, Requirement
from convoy.planning.graph import strongly_connected, topological_order
from convoy.planning.planner import make_plan
from convoy.planning.schedule import level_makespan, schedule
from convoy.planning.verify import verify

SIZES = (1_000, 10_000, 100_000)
EDGES_PER_COMPONENT = 3


def random_contracts(count: int, edges: int, seed: int = 7) -> Contracts:
    """Components that all change; each consumes from about ``edges`` earlier ones. Every third edge orders its ends."""
    rng = random.Random(seed)
    components = {}
    for number in range(count):
        old, new = {}, {}
        for other in {rng.randrange(number) for _ in range(edges)} if number else ():
            old[f"i{other}"] = Requirement(">=1")
            new[f"i{other}"] = Requirement(rng.choice([">=1", ">=1", ">=2"]))
        name = f"c{number:06d}"
        components[name] = ComponentContract(
            name=name,
            current=Release("1.0.0", {f"i{number}": "1"}, old),
            target=Release("2.0.0", {f"i{number}": "2"}, new),
            effort=Effort(float(rng.randint(5, 300))),
        )
    return Contracts("bench", "bench", components)


def measure(count: int) -> None:
    contracts = random_contracts(count, EDGES_PER_COMPONENT)
    edges = sum(len(c.target.consumes) for c in contracts.components.values() if c.target)
    marks = [("", time.perf_counter())]
    analysis = analyse(contracts)
    marks.append(("arcs", time.perf_counter()))
    graph: dict[str, list[str]] = {name: [] for name in contracts.changing}
    for arc in analysis.arcs:
        graph[arc.dependent].append(arc.requirement)
    marks.append(("", time.perf_counter()))
    strongly_connected(graph)
    marks.append(("cycles (SCC)", time.perf_counter()))
    grouping = form_batches(contracts, analysis)
    marks.append(("batches", time.perf_counter()))
    order = topological_order(grouping.requires)
    marks.append(("order", time.perf_counter()))
    certify(contracts, analysis.links, grouping, order)
    marks.append(("certificate", time.perf_counter()))
    del analysis, grouping, order, graph
    start = time.perf_counter()
    plan = make_plan(contracts, task_budget=10**9)
    whole = time.perf_counter() - start
    start = time.perf_counter()
    violations = verify(plan, contracts)
    checked = time.perf_counter() - start
    parts = ", ".join(f"{n} {b - a:.2f}" for (_, a), (n, b) in pairwise(marks) if n)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count:>7,} components {edges:>8,} edges {len(plan.arcs):>8,} arcs: plan {whole:6.2f} s "
        f"({whole / count * 1e6:5.1f} us each), checker {checked:5.2f} s, {len(violations)} violations, "
        f"peak {memory:,.0f} MiB; {parts}"
    )


def barriers(count: int = 40, instances: int = 200) -> None:
    """The makespan with level barriers over that of the graph alone, on random graphs and the same durations."""
    for density in (1, 2, 4):
        ratios = []
        for seed in range(instances):
            contracts = random_contracts(count, density, seed)
            grouping = form_batches(contracts, analyse(contracts))
            seconds = {name: contracts.components[name].effort.seconds for name in grouping.requires}
            best = schedule(grouping.requires, seconds).makespan
            ratios.append(level_makespan(grouping.requires, seconds) / best)
        ratios.sort()
        print(
            f"level barriers, {count} components, {density} edges each: median {statistics.median(ratios):.3f} times "
            f"the makespan, 95 % up to {ratios[int(instances * 0.95)]:.3f}"
        )


if __name__ == "__main__":
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]
    for size in SIZES:
        if size <= largest:
            measure(size)
    barriers()
