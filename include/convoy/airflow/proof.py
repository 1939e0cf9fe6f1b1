"""What preflight proves: the plan, by the independent checker, and that the signals can be asked at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from convoy.planning.contracts_json import contracts_from_dict
from convoy.planning.plan import Plan
from convoy.planning.verify import verify, verify_choice
from convoy.signals.base import Scope

CONNECTIVITY: dict[str, Any] = {
    "name": "connectivity",
    "query": "vector(1)",
    "scrape": None,
    "interval": 1.0,
    "success_condition": {},
}


def violations(published: Mapping[str, Any], versions: Mapping[str, str]) -> list[str]:
    """Everything that is wrong with the plan, or with these versions under it. Empty means proven."""
    plan = Plan.from_dict(published["plan"])
    contracts = contracts_from_dict(published["contracts"])
    found = verify(plan, contracts)
    planned = {change.component: change.to_version for batch in plan.batches for change in batch.changes}
    if found or dict(versions) == planned:
        return found
    if not versions:
        return ["every component stays where it is: there is nothing to roll out"]
    return verify_choice(plan, contracts, versions)


def unreachable_signals(published: Mapping[str, Any]) -> list[str]:
    """Providers that this rollout will need and that cannot be asked now. Scraped replicas do not exist yet."""
    metrics = [m for settings in published["components"].values() for m in settings["gates"]["metrics"]]
    if not any(metric["query"] is not None for metric in metrics):
        return []
    return asyncio.run(_ask_prometheus(published["signals"]["prometheus"]))


async def _ask_prometheus(settings: Mapping[str, Any]) -> list[str]:
    from convoy.signals import open_provider

    provider = open_provider("prometheus", dict(settings))
    try:
        answer = await provider.measure(CONNECTIVITY, Scope("none", "none", ()))
    finally:
        await provider.aclose()
    return [f"Prometheus cannot be asked: {answer.error}"] if answer.error else []
