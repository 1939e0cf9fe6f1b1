"""Every example runs, as its first comment says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.end_to_end.live import live
from tests.end_to_end.world import World

pytestmark = pytest.mark.airflow

EXAMPLES = Path(__file__).resolve().parents[2] / "include" / "manifests" / "examples"


@pytest.fixture(scope="module")
def examples(world: World) -> World:
    """The examples beside the manifests of the other tests."""
    shutil.copytree(EXAMPLES, world.manifests / "examples")
    return world


@pytest.mark.parametrize(
    "rollouts",
    [
        ("two-services",),
        ("canary-install", "canary"),
        ("declared-batch",),
        ("contracts-install", "contracts"),
        ("lockstep-install", "lockstep"),
    ],
    ids=lambda rollouts: rollouts[-1],
)
def test_an_example_is_promoted(examples: World, rollouts: tuple[str, ...]) -> None:
    """Installed and changed, in the built-in environment: what it says is what is live."""
    for name in rollouts:
        dag_id = f"rollout.{name}.local"
        published = examples.wait_for_dag(dag_id)
        run_id = examples.trigger(dag_id, reason="an example")
        assert examples.finish(dag_id, run_id) == "success", examples.log(dag_id, run_id, "outcome")
        wanted = {component: settings["to"] for component, settings in published.components.items()}
        assert live("local", *wanted) == wanted


def test_no_example_is_left_out() -> None:
    """A new example folder needs a line above."""
    names = {folder.name[3:] for folder in EXAMPLES.iterdir() if folder.is_dir()}
    assert names == {"two-services", "canary", "declared-batch", "contracts", "lockstep"}
