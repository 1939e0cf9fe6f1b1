"""One running Airflow for all end-to-end tests: scheduler, triggerer, DAG processor, API server, real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.manifests import Scenario
from tests.end_to_end.world import World

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Airflow in a folder of its own, reading an own folder of manifests; gone afterwards."""
    from convoy.embedded import Embedded

    home = tmp_path_factory.mktemp("convoy")
    manifests = home / "manifests"
    manifests.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVOY_HOME", str(home))
        airflow = Embedded(home, manifests=manifests)
        try:
            airflow.up()
            running = World(airflow.url, airflow.password, manifests, airflow)
            yield running
            running.close()
        finally:
            airflow.down()


@pytest.fixture
def place(request: pytest.FixtureRequest) -> str:
    """A name of its own for each test's environment and rollout."""
    return str(request.node.name).removeprefix("test_").replace("_", "-").split("[")[0][:40].strip("-")


@pytest.fixture
def folder(world: World, place: str) -> Path:
    """A folder for the test's own state."""
    path = world.manifests.parent / "state" / place
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture
def scenario(place: str) -> Scenario:
    """The test's own environment, components and rollout."""
    return Scenario(place)
