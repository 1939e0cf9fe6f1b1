"""One run: by hand, and its properties on random plans and faults."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planning.simulation.worlds import chain, model, scenarios, stories, worlds

from convoy.planning.schedule import level_makespan
from convoy.planning.simulation import Course, Draw, Fault, Model, Scenario, draw, play, scripted
from convoy.planning.simulation.course import PARKED, PROMOTED, ROLLED_BACK, forward_times


def run(world: Model, scenario: Scenario, number: int = 0) -> Course:
    return play(world, scenario, draw(world, scenario, number))


def times(world: Model, course: Course) -> dict[str, tuple[float, float]]:
    return {batch.name: course.forward[index] for index, batch in enumerate(world.batches)}


def named(world: Model, numbers: object) -> set[str]:
    return {world.batches[index].name for index in numbers}  # type: ignore[attr-defined]


def test_a_run_without_faults_by_hand() -> None:
    """Each batch starts the moment the last of what it requires is done."""
    world = model(chain())
    course = run(world, Scenario())
    assert times(world, course) == {"db": (0, 40), "docs": (0, 30), "api": (40, 120), "web": (120, 180)}
    assert (course.outcome, course.end, course.catch, course.damage) == (PROMOTED, 180.0, None, 0.0)


def test_a_failure_by_hand() -> None:
    """api is faulty and caught 25 s after its start, at the second step of its canary: web never starts."""
    world = model(chain())
    course = run(world, Scenario(faults=(scripted("api@25s", world.plan),)))
    assert (course.outcome, course.catch.time) == (ROLLED_BACK, 65.0)  # type: ignore[union-attr]
    assert course.catch.gate == "api.analysis-50"  # type: ignore[union-attr]
    assert named(world, course.touched) == {"db", "docs", "api"}
    undo = {world.batches[index].name: when for index, when in course.undo.items()}
    assert undo == {"api": (65, 105), "db": (105, 125), "docs": (65, 80)}
    assert course.end == 125
    # 10 percent for 20 s and 50 percent for 5 s, times the weight of api (1) and of web (5), which fails with it.
    assert course.damage_before_caught == (2 + 2.5) * 6
    # It is halted at 50 percent, and undone at 105 s.
    assert course.damage == (2 + 0.5 * 45) * 6


def test_a_batch_that_parks_leaves_everything_as_it_is() -> None:
    """Nothing is undone; damage is counted until a person has answered."""
    world = model(replace(chain(), on_failure="park"))
    course = run(world, Scenario(faults=(scripted("db@10s", world.plan),), answered_after=100.0))
    assert (course.outcome, course.undo, course.reason) == (PARKED, {}, "batch db parks on failure")
    assert course.end == 10
    assert (course.damage_before_caught, course.damage) == (10 * 7.0, 110 * 7.0)


def test_a_point_of_no_return_that_was_touched_parks() -> None:
    """Also if it is another batch that fails; before it is touched, the rollback is as usual."""
    contracts = chain()
    api = contracts.components["api"]
    assert api.target is not None
    final = replace(api, target=replace(api.target, reversible=False))
    world = model(replace(contracts, components={**contracts.components, "api": final}))
    before = run(world, Scenario(faults=(scripted("db", world.plan),)))
    after = run(world, Scenario(faults=(scripted("web", world.plan),)))
    assert before.outcome == ROLLED_BACK
    assert (after.outcome, after.undo) == (PARKED, {})
    assert after.reason == "there is no way back from api"


def test_what_hangs_fails_at_its_deadline_and_does_no_damage() -> None:
    """Its gates are never reached."""
    world = model(chain())
    course = run(world, Scenario(faults=(scripted("api", world.plan, hangs=True),), hang_timeout=100.0))
    assert course.catch is not None
    assert (course.catch.time, course.catch.gate) == (220.0, "api.deadline")
    assert (course.outcome, course.damage) == (ROLLED_BACK, 0.0)


def test_a_missed_fault_is_seen_by_the_gates_of_what_uses_it() -> None:
    """db's own gate misses it; the first gate of api that has luck says no, and db is the cause."""
    world = model(chain())
    db, api = (world.number[name] for name in ("db", "api"))
    luck = {(db, 0): 0.95, (api, 0): 0.95, (api, 1): 0.5, (api, 2): 0.1, (api, 3): 0.1}
    course = play(world, Scenario(detection=0.9), Draw((1.0,) * 4, (Fault(db, ("db",), luck=luck),)))
    assert course.catch is not None
    assert (course.catch.time, course.catch.gate, course.catch.fault.batch) == (80.0, "api.analysis-50", db)


def test_a_fault_that_nobody_catches_does_damage_until_people_notice() -> None:
    """The rollout is promoted; the damage goes on until they notice, and until everything is undone then."""
    world = model(chain())
    web = world.number["web"]
    missed = Fault(web, ("web",), luck={(web, 0): 0.99})
    course = play(world, Scenario(detection=0.5, noticed_after=100.0), Draw((1.0,) * 4, (missed,)))
    assert (course.outcome, course.unnoticed) == (PROMOTED, True)
    assert course.damage_before_caught == (60 + 100) * 5.0
    assert course.damage == (60 + 100 + 30) * 5.0


@settings(deadline=None)
@given(worlds())
def test_without_faults_the_makespan_is_that_of_the_plan(world: Model) -> None:
    """The simulation and the schedule are two ways to the same number."""
    course = run(world, Scenario())
    assert course.outcome == PROMOTED
    assert course.end == world.plan.makespan
    assert course.damage == course.damage_before_caught == 0


@settings(deadline=None)
@given(worlds())
def test_barriers_take_as_long_as_the_schedule_says(world: Model) -> None:
    """The comparison is with the planner's own number."""
    ends = forward_times(world, list(world.seconds), barriers=True)
    requires = {batch.name: batch.requires for batch in world.batches}
    seconds = {batch.name: batch.expected_seconds for batch in world.batches}
    assert max(end for _, end in ends) == level_makespan(requires, seconds)


@settings(deadline=None, max_examples=150)
@given(stories())
def test_at_every_moment_the_new_components_are_a_safe_set(story: tuple[Model, Scenario]) -> None:
    """Whatever is new, or on its way there or back, has everything new that it requires; and what is in transit at the
    same moment shares no arc."""
    world, scenario = story
    course = run(world, scenario)
    halt = course.catch.time if course.catch else float("inf")

    def phase(index: int, moment: float) -> str:
        start, finish = course.forward[index]
        if index not in course.touched or moment < start:
            return "old"
        undo = course.undo.get(index, (float("inf"), float("inf")))
        if moment >= undo[1]:
            return "old"
        through = moment >= finish and index in course.done
        return "new" if through and moment < undo[0] else "moving"

    moments = sorted({t for pair in (*course.forward, *course.undo.values()) for t in pair} | ({halt} - {float("inf")}))
    for before, after in zip(moments, [*moments[1:], moments[-1] + 1], strict=True):
        moment = (before + after) / 2
        if before == after or not before < moment < after:
            continue
        phases = [phase(index, moment) for index in range(len(world.batches))]
        for arc in world.plan.arcs:
            dependent, requirement = world.home[arc.dependent], world.home[arc.requirement]
            if dependent != requirement and phases[dependent] != "old":
                assert phases[requirement] == "new"


@settings(deadline=None, max_examples=150)
@given(stories())
def test_the_way_back_is_the_way_there_in_reverse(story: tuple[Model, Scenario]) -> None:
    """Everything touched is undone and nothing else, each after all touched that requires it, and without waiting for
    anything more: read backwards, the undos are an order in which the batches could have been executed."""
    world, scenario = story
    course = run(world, scenario)
    if course.outcome != ROLLED_BACK:
        assert course.undo == {}
        return
    assert course.catch is not None
    assert set(course.undo) == set(course.touched)
    for index, (start, _) in course.undo.items():
        behind = [course.undo[other][1] for other in world.dependents[index] if other in course.touched]
        assert start == max(behind, default=course.catch.time)
    executed: set[int] = set()
    backwards = sorted(course.undo, key=lambda index: (course.undo[index][1], course.undo[index][0], -index))
    for index in reversed(backwards):
        assert executed.issuperset(world.requires[index])
        executed.add(index)
    assert course.end == max(finish for _, finish in course.undo.values())


@settings(deadline=None, max_examples=150)
@given(stories())
def test_nothing_new_starts_after_the_failure(story: tuple[Model, Scenario]) -> None:
    """What was touched had started before the gate spoke, or led to it; and it is closed under what it requires."""
    world, scenario = story
    course = run(world, scenario)
    for index in course.touched:
        assert course.touched.issuperset(world.requires[index])
    if course.catch is not None:
        assert course.catch.batch in course.touched
        assert all(course.forward[index][0] <= course.catch.time for index in course.touched)
        assert all(
            course.forward[index][0] >= course.catch.time
            for index in range(len(world.batches))
            if index not in course.touched
        )


@settings(deadline=None, max_examples=150)
@given(stories())
def test_only_parking_leaves_anything_changed(story: tuple[Model, Scenario]) -> None:
    """And it parks only where a batch says so, or where there is no way back."""
    world, scenario = story
    course = run(world, scenario)
    left = course.touched - set(course.undo)
    if course.outcome == ROLLED_BACK:
        assert not left
        assert all(world.batches[index].reversible for index in course.touched)
        assert world.batches[course.catch.batch].on_failure == "rollback"  # type: ignore[union-attr]
    elif course.outcome == PARKED:
        assert left == course.touched
        final = any(not world.batches[index].reversible for index in course.touched)
        assert final or world.batches[course.catch.batch].on_failure == "park"  # type: ignore[union-attr]
    else:
        assert left == set(range(len(world.batches)))


@settings(deadline=None)
@given(stories(), st.integers(0, 10**6))
def test_the_same_seed_gives_the_same_run(story: tuple[Model, Scenario], number: int) -> None:
    """In whatever order runs are played."""
    world, scenario = story
    first = run(world, scenario, number)
    run(world, scenario, number + 1)
    fresh = Model(world.plan, world.contracts)
    assert run(fresh, scenario, number) == first


@settings(deadline=None, max_examples=200)
@given(stories(), st.floats(0, 1), st.floats(0, 1))
def test_more_detection_never_means_more_damage_before_it_is_caught(
    story: tuple[Model, Scenario], one: float, other: float
) -> None:
    """On the same draws; also where batches park."""
    world, scenario = story
    low, high = sorted((one, other))
    less, more = (run(world, replace(scenario, detection=chance)) for chance in (low, high))
    assert more.damage_before_caught <= less.damage_before_caught + 1e-9
    assert (less.catch is None) or (more.catch is not None and more.catch.time <= less.catch.time)


@settings(deadline=None, max_examples=200)
@given(stories(parks=False), st.floats(0, 1), st.floats(0, 1))
def test_more_detection_never_means_more_damage_in_all(story: tuple[Model, Scenario], one: float, other: float) -> None:
    """On the same draws, as long as nothing parks: who parks early may wait longer than who rolls back late."""
    world, scenario = story
    low, high = sorted((one, other))
    less, more = (run(world, replace(scenario, detection=chance)) for chance in (low, high))
    assert more.damage <= less.damage + 1e-9


@settings(deadline=None)
@given(stories())
def test_damage_is_finite_and_never_less_than_before_it_was_caught(story: tuple[Model, Scenario]) -> None:
    """It is none where nothing is faulty, or only hangs."""
    world, scenario = story
    course = run(world, scenario)
    assert 0 <= course.damage_before_caught <= course.damage + 1e-9 < float("inf")
    if all(fault.hangs for fault in course.faults):
        assert course.damage == 0


@settings(deadline=None)
@given(st.data())
def test_draws_do_not_depend_on_detection(data: st.DataObject) -> None:
    """Two scenarios with one seed see the same durations and the same faults."""
    world = data.draw(worlds())
    scenario = data.draw(scenarios(world))
    assert draw(world, scenario, 5) == draw(world, replace(scenario, detection=0.123), 5)
