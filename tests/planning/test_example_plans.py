"""The plans of the examples that ship, as they were read and found right."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from convoy.manifest.catalog import load
from convoy.planning.inputs import contracts_for, plan_rollout
from convoy.planning.render import as_text
from convoy.planning.verify import verify

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "examples"
FOLDERS = ("manifests/examples", "manifests/shop", "upgrades")
CATALOGS = {folder: load([ROOT / "include" / folder]).catalog for folder in FOLDERS}
PLANS = [
    (folder, name, environment)
    for folder, catalog in CATALOGS.items()
    for name, rollout in catalog.rollouts.items()
    for environment in rollout.environment_names
]


@pytest.mark.parametrize(("folder", "rollout", "environment"), PLANS, ids=lambda part: str(part).replace("/", "-"))
def test_an_example_is_planned_as_before_and_proven(folder: str, rollout: str, environment: str) -> None:
    """What a reader of the examples sees changes only on purpose; the checker accepts each."""
    catalog = CATALOGS[folder]
    plan = plan_rollout(catalog, rollout, environment)
    assert verify(plan, contracts_for(catalog, rollout, environment)) == []
    path = GOLDEN / f"{rollout}.{environment}.txt"
    found = as_text(plan)
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found, encoding="utf-8")
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    assert found == expected, f"{path.name} differs; if the new text is right, run this test with UPDATE_GOLDEN=1"


def test_no_golden_plan_is_left_over() -> None:
    """Each belongs to an example that exists."""
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.{place}.txt" for _, name, place in PLANS}
