"""Canary steps become stages: one shift and one analysis each."""

from __future__ import annotations

from typing import Any

from convoy.airflow.stages import Stage, stages_of


def canary(*steps: dict[str, Any]) -> dict[str, Any]:
    empty = {"set_weight": None, "pause": None, "analysis": None}
    return {"strategy": {"type": "canary", "steps": [{**empty, **step} for step in steps]}}


def test_pauses_and_analyses_belong_to_the_weight_before_them() -> None:
    """setWeight, pause, analysis read from top to bottom, as in Argo."""
    settings = canary(
        {"set_weight": 20},
        {"pause": {"duration": 5.0}},
        {"analysis": True},
        {"set_weight": 60},
        {"pause": {"duration": 1.0}},
    )
    assert stages_of([settings]) == (Stage(20, 5.0, True), Stage(60, 1.0, False))


def test_a_weight_of_100_is_the_deployment_itself() -> None:
    """The last step to 100 percent does not make a stage of its own."""
    assert stages_of([canary({"set_weight": 50}, {"set_weight": 100})]) == (Stage(50, 0.0, False),)


def test_other_strategies_have_no_stages() -> None:
    """Rolling, recreate and blue/green go at once."""
    assert stages_of([{"strategy": {"type": "rolling"}}, {"strategy": {"type": "blueGreen"}}]) == ()


def test_canaries_of_one_batch_share_their_stages() -> None:
    """The batch visits every weight, waits for the longest pause, and judges where one of them wants it."""
    one = canary({"set_weight": 20}, {"pause": {"duration": 1.0}})
    two = canary({"set_weight": 20}, {"pause": {"duration": 3.0}}, {"set_weight": 50}, {"analysis": True})
    assert stages_of([one, two]) == (Stage(20, 3.0, False), Stage(50, 0.0, True))
