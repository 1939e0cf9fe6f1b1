"""Plans as text and JSON, against golden files. UPDATE_GOLDEN=1 rewrites them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.planning.shop import shop
from tests.planning.systems import lockstep, moving, provider_first, system

from convoy.planning.contracts import Contracts
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan
from convoy.planning.render import WIDTH, as_json, as_text
from convoy.planning.verify import verify

GOLDEN = Path(__file__).parent.parent / "golden" / "planning"
EXAMPLES = {
    "provider_first": provider_first,
    "lockstep": lockstep,
    "shop": shop,
    "start_order": lambda: system(
        moving("db"), moving("api", depends_on=["db", "search"]), moving("search", depends_on=["api"])
    ),
}


def compare(name: str, found: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found, encoding="utf-8")
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    assert found == expected, f"{path.name} differs; if the new text is right, run this test with UPDATE_GOLDEN=1"


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_plans_read_as_before(name: str) -> None:
    """What people and programs see of a plan changes only on purpose."""
    plan = make_plan(EXAMPLES[name]())
    compare(f"{name}.txt", as_text(plan))
    compare(f"{name}.json", as_json(plan))


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_text_fits_into_100_columns(name: str) -> None:
    """It can be read in a terminal beside something else, and pasted into a review."""
    assert max(map(len, as_text(make_plan(EXAMPLES[name]())).splitlines())) <= WIDTH


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_json_is_the_whole_plan(name: str) -> None:
    """Read back it is the same plan, with the same digest, and the checker accepts it."""
    contracts: Contracts = EXAMPLES[name]()
    plan = make_plan(contracts)
    document = json.loads(as_json(plan))
    assert document.pop("digest") == plan.digest
    assert Plan.from_dict(document) == plan
    assert verify(Plan.from_dict(document), contracts) == []


def test_every_arc_is_explained() -> None:
    """No batch waits without a reason that the reader sees."""
    plan = make_plan(shop())
    text = " ".join(as_text(plan).split())
    assert all(arc.reason in text for arc in plan.arcs)
    assert all(" ".join(warning.split()) in text for warning in plan.warnings)
