"""A dag that shows that every part of an Airflow works: a task on a worker, and one that waits in the triggerer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import DAG, BaseOperator, task


class Wait(BaseOperator):
    """Leaves its worker, waits two seconds in the triggerer, and comes back to a worker."""

    def execute(self, context: Any) -> None:
        """Defer."""
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=2)), method_name="done")

    def done(self, context: Any, event: Any) -> str:
        """Back on a worker."""
        return f"waited until {event}"


with DAG("smoke", schedule=None, tags=["smoke"]):

    @task
    def work() -> str:
        """Run on a worker."""
        return "worked"

    work() >> Wait(task_id="wait")
