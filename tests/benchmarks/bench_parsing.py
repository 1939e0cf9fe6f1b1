"""Parse time of the DAG file: all rollouts, and the one that a task asks for. Asserts nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.airflow.builders import component, rollout

from convoy.airflow.publisher import FOLDER, current_version, publish, version_folder

PARSE = """
import sys, time
from pathlib import Path
import airflow.sdk
import convoy.airflow.factory
begin = time.process_time()
from convoy.airflow.dagfile import load_dags
dags = load_dags(Path(sys.argv[1]))
print(len(dags), sum(len(dag.tasks) for dag in dags.values()), time.process_time() - begin)
"""


def parse(folder: Path, dag_id: str = "") -> tuple[int, int, float]:
    """DAGs, tasks, and CPU seconds of one parse in a process of its own, imports of Airflow left out."""
    environment = {**os.environ, "AIRFLOW_HOME": str(folder / "airflow"), "PYTHONPATH": os.pathsep.join(sys.path)}
    if dag_id:
        environment |= {"_AIRFLOW_PARSING_CONTEXT_DAG_ID": dag_id, "_AIRFLOW_PARSING_CONTEXT_TASK_ID": "preflight"}
    command = [sys.executable, "-c", PARSE, str(folder)]
    answer = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    dags, tasks, seconds = answer.split()[-3:]
    return int(dags), int(tasks), float(seconds)


def main() -> None:
    """One rollout of 50, 200 and 500 components, and fifty small ones."""
    print(
        f"{'rollouts':>8} {'components':>10} {'tasks':>6} {'publish s':>10} {'parse CPU s':>12} {'one DAG CPU s':>14}"
    )
    for rollouts, size in ((1, 50), (1, 200), (1, 500), (50, 4)):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            manifests, dags = folder / "manifests", folder / "dags"
            manifests.mkdir()
            dags.mkdir()
            for number in range(rollouts):
                names = [f"r{number}-c{i:04}" for i in range(size)]
                text = "".join(component(name, names[i - 1] if i % 7 else "") for i, name in enumerate(names))
                (manifests / f"{number}.yaml").write_text(text + rollout(f"r{number}", " ".join(names)))
            begin = time.perf_counter()
            publish(manifests, dags, folder / "store")
            published = time.perf_counter() - begin
            place = version_folder(folder / "store", current_version(folder / "store") or "") / FOLDER
            _, tasks, seconds = parse(place)
            _, _, one = parse(place, "rollout.r0.local")
            print(f"{rollouts:8} {size:10} {tasks:6} {published:10.2f} {seconds:12.2f} {one:14.3f}")


if __name__ == "__main__":
    main()
