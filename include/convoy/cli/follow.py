"""Following a run with what is known of its plan."""

from __future__ import annotations

from collections.abc import Callable

from convoy.airflow.published import PublishedFormatError, read
from convoy.airflow.publisher import FOLDER, current_version, version_folder
from convoy.cli.airflow_api import AirflowApi
from convoy.cli.live import Display, watch
from convoy.cli.outline import Outline
from convoy.cli.places import publications_folder
from convoy.cli.run_reader import RunReader
from convoy.cli.run_view import RunView


def outline_of(dag_id: str) -> Outline | None:
    """The outline of a published rollout, or None where its plan is not at hand (another machine's store)."""
    store = publications_folder()
    version = current_version(store)
    path = version_folder(store, version) / FOLDER / f"{dag_id}.json" if version else None
    if path is None or not path.exists():
        return None
    try:
        published = read(path)
    except PublishedFormatError:
        return None
    return Outline.of_plan(published.plan, published.components)


def follow(api: AirflowApi, dag_id: str, run_id: str, on_view: Callable[[RunView], None] | None = None) -> str:
    """Show a run until it ends, and return its outcome (or ``Refused`` where preflight did not let it start)."""
    with Display() as display:
        view = watch(RunReader(api, dag_id, run_id, outline_of(dag_id)), display, on_view=on_view)
    return view.outcome or "Refused"
