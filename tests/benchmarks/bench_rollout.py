"""A rollout and a rollback on the embedded Airflow, measured from their records. Asserts nothing.

Prints: start of the stack, its memory, makespan over the critical path, worker runs per batch, and the seconds from the
failed verdict to the first rollback action and to everything restored.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from tests.end_to_end.manifests import Scenario
from tests.end_to_end.world import World

from convoy.airflow.compile import compile_rollouts
from convoy.embedded import Embedded


def main() -> None:
    """Baseline, a good rollout and a bad one of a chain of four services."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        os.environ["CONVOY_HOME"] = str(home)
        manifests = home / "manifests"
        manifests.mkdir()
        airflow = Embedded(home, manifests=manifests)
        begin = time.perf_counter()
        airflow.up()
        print(f"Airflow up, all four parts healthy            {time.perf_counter() - begin:8.1f} s")
        try:
            world = World(airflow.url, airflow.password, manifests, airflow)
            measure(world, home)
            print(f"memory of the stack (USS, idle, with workers) {memory(airflow):8.0f} MB")
            world.close()
        finally:
            airflow.down()


def measure(world: World, home: Path) -> None:
    """Three runs and what their records say."""
    scenario = Scenario("bench")
    scenario.service("a").service("b", "a").service("c", "b").service("d", "c", versions={"3.0.0": {"errors": 0.5}})
    for before, after in ((None, "1.0.0"), ("1.0.0", "2.0.0"), ("2.0.0", "3.0.0")):
        world.write("bench.yaml", scenario.text(before, after))
        world.wait_for_dag(scenario.dag_id)
        run_id = world.trigger(scenario.dag_id)
        state = world.finish(scenario.dag_id, run_id)
        if after == "2.0.0":
            forward(world, scenario, run_id)
        print(f"  {before} -> {after}: {state}, {world.outcome(scenario.dag_id, run_id)}")
    folders = sorted((home / "records" / scenario.dag_id).iterdir())
    backward(json.loads((folders[-1] / "record.json").read_text())["events"])


def forward(world: World, scenario: Scenario, run_id: str) -> None:
    """Makespan over the critical path, and how many processes were started for it."""
    run = world.get(f"/dags/{scenario.dag_id}/dagRuns/{run_id}")
    took = (at(run["end_date"]) - at(run["start_date"])).total_seconds()
    (published,) = compile_rollouts(world.manifests).rollouts
    path = published.plan.lower_bound
    tasks = world.get(f"/dags/{scenario.dag_id}/dagRuns/{run_id}/taskInstances", limit=100)["task_instances"]
    names = scenario.names(*scenario.parts)
    on_workers = [t for t in tasks if t["hostname"] and t["task_id"].split(".")[0] in names]
    print(f"makespan {took:.1f} s over the expected critical path {path:.1f} s: {took / path:24.2f}")
    print(f"worker task runs per batch on the happy path  {len(on_workers) / len(names):8.2f}")


def backward(events: list[dict[str, Any]]) -> None:
    """From the failed verdict to the first restore, and to everything restored and verified."""
    failed = next(at(e["time"]) for e in events if e["data"].get("verdict") == "Failed")
    restores = [at(e["time"]) for e in events if e["type"].startswith("dev.cdevents.service.rolledback")]
    verified = [at(e["time"]) for e in events if e["type"].startswith("dev.cdeventsx.convoy-rollback.verified")]
    print(f"failed verdict to the first rollback action   {(restores[0] - failed).total_seconds():8.1f} s")
    print(f"failed verdict to everything restored         {(verified[-1] - failed).total_seconds():8.1f} s")


def memory(airflow: Embedded) -> float:
    """Megabytes that only this Airflow uses."""
    return sum(psutil.Process(pid).memory_full_info().uss for pid in airflow.members()) / 1e6


def at(text: str) -> datetime:
    """A time of a record or of the API."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


if __name__ == "__main__":
    main()
