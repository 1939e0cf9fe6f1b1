"""docs/contracts.md says what the planner does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from convoy.manifest.catalog import load
from convoy.planning.inputs import contracts_for, plan_rollout
from convoy.planning.verify import verify

PAGE = (Path(__file__).parents[2] / "docs" / "contracts.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```\s+```text\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("manifests", "reasons"), EXAMPLES, ids=["interfaces", "data"])
def test_the_page_shows_the_reasons_that_the_plan_has(manifests: str, reasons: str, tmp_path: Path) -> None:
    """Each example is planned, proven, and gives exactly these reasons between different components."""
    (tmp_path / "example.yaml").write_text(manifests, encoding="utf-8")
    loaded = load([tmp_path])
    assert loaded.diagnostics == ()
    [rollout] = loaded.catalog.rollouts
    plan = plan_rollout(loaded.catalog, rollout, "prod")
    assert verify(plan, contracts_for(loaded.catalog, rollout, "prod")) == []
    for reason in reasons.strip().splitlines():
        assert reason in [arc.reason for arc in plan.arcs]
