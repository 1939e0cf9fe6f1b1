"""One Airflow DAG for each published rollout and environment. Never raises, and never drops a published DAG."""

from pathlib import Path

from convoy.airflow.dagfile import load_dags

globals().update(load_dags(Path(__file__).parent / "published"))
