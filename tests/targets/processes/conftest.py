"""One environment for all tests that use components of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from convoy.targets.processes.supervisord import stop
from tests.targets.processes.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root = tmp_path_factory.mktemp("environment")
    try:
        yield World(root)
    finally:
        stop("test", str(root))
