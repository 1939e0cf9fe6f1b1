"""What people and programs see of simulated runs."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings
from tests.planning.simulation.worlds import chain, model, stories

from convoy.planning.simulation import Model, Scenario, draw, play, play_many, report, scripted, timeline


def test_a_rollback_reads_as_a_story() -> None:
    """Bars in the order of their starts, then the events by time, then the damage."""
    world = model(chain())
    scenario = Scenario(faults=(scripted("api@25s", world.plan),))
    text = timeline.as_text(world, scenario, play(world, scenario, draw(world, scenario)), width=60)
    assert (
        text
        == """\
Rollout spring in prod: RolledBack after 2m5s, 3 of 4 batches touched

docs │████████████···············◄◄◄◄◄◄                   │
db   │█████████████████···························◄◄◄◄◄◄◄◄│
api  │                 ▒▒▒▒▒▒▒▒▒▒✗◄◄◄◄◄◄◄◄◄◄◄◄◄◄◄◄        │
     0s                                                2m5s
▒ canary  █ in transit  · new version serves  ✗ gate says no  ◄ goes back
never touched: web

        0s  db starts
        0s  docs starts
       30s  docs is through
       40s  db is through
       40s  api starts
      1m5s  api.analysis-50 says no: api is faulty
      1m5s  docs goes back
      1m5s  api goes back
     1m20s  docs is back
     1m45s  api is back
     1m45s  db goes back
      2m5s  db is back
      2m5s  rolled back

Damage before it was caught: 27.0 weight-seconds
Damage until it was undone: 147.0 weight-seconds
A weight-second is one second during which something of weight 1 does not work.
"""
    )


def test_parking_and_unnoticed_faults_are_said() -> None:
    """Nobody takes them for a success."""
    parking = model(replace(chain(), on_failure="park"))
    scenario = Scenario(faults=(scripted("db", parking.plan),))
    parked = timeline.as_text(parking, scenario, play(parking, scenario, draw(parking, scenario)))
    assert "Parked after 40s" in parked
    assert "parked, and a person is asked: batch db parks on failure" in parked
    world = model(chain())
    scenario = Scenario(fault_rate=1.0, detection=0.0)
    missed = timeline.as_text(world, scenario, play(world, scenario, draw(world, scenario)))
    assert "Promoted after 3m, with a fault that no gate has caught" in missed
    assert "people notice that" in missed


@settings(deadline=None, max_examples=100)
@given(stories())
def test_events_tell_everything_in_order(story: tuple[Model, Scenario]) -> None:
    """A start for each touched batch, an end for each that is done, both ends of each undo."""
    world, scenario = story
    course = play(world, scenario, draw(world, scenario))
    events = timeline.events_of(world, scenario, course)
    assert [event.time for event in events] == sorted(event.time for event in events)
    count = {kind: sum(event.kind == kind for event in events) for kind in ("started", "finished", "undoing", "undone")}
    assert count == {
        "started": len(course.touched),
        "finished": len(course.done),
        "undoing": len(course.undo),
        "undone": len(course.undo),
    }
    assert sum(event.kind == "failed" for event in events) == (course.catch is not None)


@settings(deadline=None, max_examples=100)
@given(stories())
def test_bars_are_as_wide_as_was_asked_for(story: tuple[Model, Scenario]) -> None:
    """Every batch that was touched has one, also where all takes no time at all."""
    world, scenario = story
    course = play(world, scenario, draw(world, scenario))
    lines = timeline.as_text(world, scenario, course, width=80).splitlines()
    bars = [line for line in lines if line.endswith("│")]
    assert len(bars) == len(course.touched)
    assert len({len(line) for line in bars}) == 1
    assert len(bars[0]) < 80


def test_json_has_the_same_in_seconds() -> None:
    """For programs."""
    world = model(chain())
    scenario = Scenario(faults=(scripted("api@25s", world.plan),))
    found = json.loads(timeline.as_json(world, scenario, play(world, scenario, draw(world, scenario))))
    assert (found["outcome"], found["caught_by"], found["caught_seconds"]) == ("RolledBack", "api.analysis-50", 65)
    assert found["damage_before_caught_weight_seconds"] == 27
    web = next(batch for batch in found["batches"] if batch["name"] == "web")
    assert (web["touched"], web["start_seconds"], web["undo_start_seconds"]) == (False, None, None)


def test_many_runs_fit_into_a_few_lines() -> None:
    """With every outcome, and a way to look at the worst run."""
    world = model(chain())
    scenario = Scenario(fault_rate=0.3, detection=0.6, jitter=0.2, seed=1)
    found = play_many(world, scenario, 200)
    text = report.as_text(world, scenario, found)
    assert all(name in text for name in ("Promoted", "Promoted with a fault", "RolledBack", "Parked"))
    assert f"--run {found.worst} shows it" in text
    assert max(map(len, text.splitlines())) <= 110
    assert json.loads(report.as_json(world, scenario, found))["runs"] == 200
