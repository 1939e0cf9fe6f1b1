"""The makespan with level barriers (as waves run) over that of our schedule, on graphs that others made.

python -m tests.benchmarks.bench_barriers [folder with the inputs]

Same graph, same durations (seconds, drawn at random per seed), no bound on parallelism. Prints; asserts nothing.
"""

from __future__ import annotations

import random
import statistics
import sys
from pathlib import Path

from convoy.manifest.importers.base import Options
from convoy.manifest.importers.registry import importer
from convoy.planning.graph import strongly_connected
from convoy.planning.schedule import level_makespan, levels, schedule

SEEDS = 200
DEMO = "opentelemetry-demo/compose"
GRAPHS: dict[str, tuple[str, tuple[str, ...]]] = {
    "opentelemetry-demo": (
        "compose",
        (f"{DEMO}.yaml", f"{DEMO}.full.yaml", f"{DEMO}.observability.yaml", f"{DEMO}.agent.yaml"),
    ),
    "robot-shop": ("compose", ("robot-shop/docker-compose.yaml",)),
    "temporal multirole": ("compose", ("temporal-compose/docker-compose-multirole.yaml",)),
    "airflow": ("compose", ("airflow-compose/structural_extract.yml",)),
    "online-boutique": ("kubernetes", ("online-boutique/kubernetes-manifests",)),
    "flux-rafaribe": ("flux", ("flux-rafaribe/kubernetes",)),
    "flux-qnimbus": ("flux", ("flux-qnimbus/f9fd31f",)),
}


def graph_of(kind: str, paths: list[Path]) -> dict[str, list[str]]:
    """What each node requires. Cycles of the source are taken out: no tool could run them."""
    found = importer(kind)(paths, Options(all_profiles=True))
    graph: dict[str, list[str]] = {node: [] for node in found.nodes}
    for edge in found.edges:
        if edge.dependency in graph and edge.dependency not in graph[edge.dependent]:
            graph[edge.dependent].append(edge.dependency)
    cyclic = {node for group in strongly_connected(graph) if len(group) > 1 for node in group}
    return {n: [r for r in needs if r != n and not {n, r} <= cyclic] for n, needs in graph.items()}


def main(folder: Path) -> None:
    """One line for each graph."""
    if not folder.is_dir():
        print(f"no inputs at {folder}: name the folder")
        return
    for name, (kind, files) in GRAPHS.items():
        graph = graph_of(kind, [folder / file for file in files])
        edges = sum(map(len, graph.values()))
        ratios = []
        for seed in range(SEEDS):
            rng = random.Random(seed)
            seconds = {node: float(rng.randint(5, 300)) for node in sorted(graph)}
            ratios.append(level_makespan(graph, seconds) / schedule(graph, seconds).makespan)
        ratios.sort()
        print(
            f"{name:<20} {len(graph):>3} nodes {edges:>3} edges {len(levels(graph)):>2} levels: "
            f"barriers cost {statistics.median(ratios):.2f} times our makespan (5 % below {ratios[SEEDS // 20]:.2f}, "
            f"5 % above {ratios[-SEEDS // 20]:.2f})"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[3] / "shared" / "inputs")
