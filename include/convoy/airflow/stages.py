"""The stages of a canary: one shift and one analysis each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stage:
    """Move to ``weight`` percent, wait ``pause`` seconds, and judge the metrics if ``analysis``."""

    weight: int
    pause: float
    analysis: bool


def stages_of_strategy(strategy: Mapping[str, Any]) -> tuple[Stage, ...]:
    """The stages of one component's strategy; none unless it is a canary. A weight of 100 is the deployment itself."""
    if strategy["type"] != "canary":
        return ()
    stages: list[Stage] = []
    for step in strategy["steps"]:
        if step["set_weight"] is not None:
            stages.append(Stage(step["set_weight"], 0.0, False))
        elif step["pause"] is not None:
            last = stages[-1]
            stages[-1] = Stage(last.weight, last.pause + step["pause"]["duration"], last.analysis)
        elif step["analysis"]:
            last = stages[-1]
            stages[-1] = Stage(last.weight, last.pause, True)
    return tuple(stage for stage in stages if stage.weight < 100)


def stages_of(components: Iterable[Mapping[str, Any]]) -> tuple[Stage, ...]:
    """The stages of a batch: where several canaries advance together, they share every weight that one of them names,
    the longest pause, and the analysis if one of them wants it."""
    merged: dict[int, Stage] = {}
    for settings in components:
        for stage in stages_of_strategy(settings["strategy"]):
            known = merged.get(stage.weight, stage)
            merged[stage.weight] = Stage(stage.weight, max(known.pause, stage.pause), known.analysis or stage.analysis)
    return tuple(merged[weight] for weight in sorted(merged))


def compares_replicas(metric: Mapping[str, Any]) -> bool:
    """Whether a metric compares new replicas with old ones, which exist side by side only during a canary."""
    return metric["scrape"] is not None and metric["success_condition"]["compare"] is not None


def bake_metrics(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The metrics that are judged once a component is wholly deployed. A canary's comparison with the old replicas was
    judged in its stages; after them there is nothing left to compare with."""
    metrics: list[dict[str, Any]] = settings["gates"]["metrics"]
    if not any(stage.analysis for stage in stages_of_strategy(settings["strategy"])):
        return metrics
    return [metric for metric in metrics if not compares_replicas(metric)]
