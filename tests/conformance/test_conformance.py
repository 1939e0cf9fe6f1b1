"""The promises of the target protocol, asked of every target."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from convoy.targets.base import Drift, Fenced, Lock, LockHeld, Observation, Refused
from tests.conformance.conftest import Harness

# --- locks -------------------------------------------------------------------------------------------------------


def test_a_lock_spans_all_components_and_names_its_holder(harness: Harness) -> None:
    first, second = harness.component(), harness.component()
    lock = harness.target.acquire([second, first], "run-span")
    assert (lock.holder, lock.epoch, lock.components) == ("run-span", "forward", (first, second))


def test_a_lock_is_taken_as_a_whole_or_not_at_all(harness: Harness) -> None:
    """Where one component is held, the others stay free."""
    held, free = harness.component(), harness.component()
    harness.target.acquire([held], "run-whole-1")
    with pytest.raises(LockHeld):
        harness.target.acquire([free, held], "run-whole-2")
    assert harness.target.acquire([free], "run-whole-3").components == (free,)


def test_a_refused_lock_names_who_holds_it(harness: Harness) -> None:
    name = harness.component()
    harness.target.acquire([name], "run-the-holder")
    with pytest.raises(LockHeld, match="run-the-holder"):
        harness.target.acquire([name], "run-late")


def test_the_same_holder_gets_its_lock_again(harness: Harness) -> None:
    """A task that is tried again goes on with the token that the others of its run have."""
    name = harness.component()
    first = harness.target.acquire([name], "run-again")
    assert harness.target.acquire([name], "run-again") == first


def test_one_of_many_concurrent_runs_wins_the_lock(harness: Harness) -> None:
    """Every other one is told who did."""
    names = [harness.component(), harness.component()]

    def race(number: int) -> Lock | LockHeld:
        try:
            # Each in another order: there is no deadlock and no half of a lock either.
            return harness.target.acquire(names if number % 2 else names[::-1], f"run-race-{number}")
        except LockHeld as held:
            return held

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(race, range(8)))
    winners = [result for result in results if isinstance(result, Lock)]
    assert len(winners) == 1
    assert all(winners[0].holder in str(result) for result in results if isinstance(result, LockHeld))


def test_tokens_grow_with_every_lock_and_every_fence(harness: Harness) -> None:
    tokens = []
    for number in range(3):
        tokens.append(harness.target.acquire([harness.component()], f"run-grow-{number}").token)
        tokens.append(harness.target.fence(f"run-grow-{number}").token)
    assert tokens == sorted(set(tokens))


def test_released_components_can_be_locked_by_the_next(harness: Harness) -> None:
    name = harness.component()
    before = harness.target.acquire([name], "run-done")
    harness.target.release("run-done")
    assert harness.target.acquire([name], "run-next").token > before.token


def test_releasing_twice_or_without_a_lock_is_fine(harness: Harness) -> None:
    harness.target.acquire([harness.component()], "run-twice")
    for holder in ("run-twice", "run-twice", "run-that-never-was"):
        harness.target.release(holder)
    assert not [lock for lock in harness.target.locks() if lock.holder == "run-twice"]


def test_the_locks_in_force_are_listed(harness: Harness) -> None:
    lock = harness.target.acquire([harness.component()], "run-listed")
    assert lock in list(harness.target.locks())


# --- fencing -----------------------------------------------------------------------------------------------------


def test_a_fence_supersedes_the_forward_lock(harness: Harness) -> None:
    """After the rollback has begun no forward mutation lands, and the component is as it was."""
    name = harness.component()
    forward = harness.target.acquire([name], "run-fence")
    harness.target.fence("run-fence")
    with pytest.raises(Fenced):
        harness.target.apply(harness.desired(name, "1.0.0"), forward)
    assert harness.target.observe(name).version is None


def test_fencing_twice_gives_the_same_lock(harness: Harness) -> None:
    harness.target.acquire([harness.component()], "run-fence-twice")
    fenced = harness.target.fence("run-fence-twice")
    assert (fenced.epoch, harness.target.fence("run-fence-twice")) == ("rollback", fenced)


def test_a_fenced_run_gets_no_lock_again(harness: Harness) -> None:
    name = harness.component()
    harness.target.acquire([name], "run-fenced")
    harness.target.fence("run-fenced")
    with pytest.raises(Fenced):
        harness.target.acquire([name], "run-fenced")


def test_a_fenced_run_gets_no_lock_after_it_gave_its_own_back(harness: Harness) -> None:
    """A task of it that was thought dead may still ask."""
    name = harness.component()
    harness.target.acquire([name], "run-zombie")
    harness.target.fence("run-zombie")
    harness.target.release("run-zombie")
    with pytest.raises(Fenced):
        harness.target.acquire([name], "run-zombie")


def test_who_holds_nothing_cannot_fence(harness: Harness) -> None:
    with pytest.raises(Fenced):
        harness.target.fence("run-without-locks")


def test_the_lock_of_a_run_that_was_released_changes_nothing(harness: Harness) -> None:
    name = harness.component()
    stale = harness.target.acquire([name], "run-stale")
    harness.target.release("run-stale")
    with pytest.raises(Fenced):
        harness.target.apply(harness.desired(name, "1.0.0"), stale)


def test_a_lock_on_other_components_changes_nothing(harness: Harness) -> None:
    name = harness.component()
    elsewhere = harness.target.acquire([harness.component()], "run-elsewhere")
    with pytest.raises(Fenced):
        harness.target.apply(harness.desired(name, "1.0.0"), elsewhere)


def test_a_restore_needs_the_lock_in_force(harness: Harness) -> None:
    name = harness.component()
    forward = harness.target.acquire([name], "run-restore-fenced")
    prior = harness.target.observe(name)
    harness.target.apply(harness.desired(name, "1.0.0"), forward)
    harness.target.fence("run-restore-fenced")
    with pytest.raises(Fenced):
        harness.target.restore(name, prior, forward)


# --- observing and applying --------------------------------------------------------------------------------------


def test_what_does_not_exist_is_observed_without_a_version(harness: Harness) -> None:
    name = harness.component()
    assert harness.target.observe(name) == Observation(name, None)


def test_what_was_applied_is_observed_with_version_generation_and_author(harness: Harness) -> None:
    name = harness.component()
    applied = harness.target.apply(harness.desired(name, "1.0.0"), harness.target.acquire([name], "run-author"))
    assert harness.settle(applied).ready
    seen = harness.target.observe(name)
    assert (seen.version, seen.generation, seen.changed_by) == ("1.0.0", applied.generation, "run-author")


def test_applying_the_same_twice_changes_nothing_the_second_time(harness: Harness) -> None:
    name = harness.component()
    lock = harness.target.acquire([name], "run-idempotent")
    first = harness.target.apply(harness.desired(name, "1.0.0"), lock)
    harness.settle(first)
    before = harness.target.observe(name)
    second = harness.target.apply(harness.desired(name, "1.0.0"), lock)
    assert (first.changed, second.changed, second.generation) == (True, False, first.generation)
    assert harness.target.observe(name) == before


def test_what_the_target_cannot_run_is_refused(harness: Harness) -> None:
    name = harness.component()
    lock = harness.target.acquire([name], "run-refused")
    desired = harness.desired(name, "1.0.0")
    desired.workload["kind"] = "balloon"
    with pytest.raises(Refused):
        harness.target.apply(desired, lock)


def test_a_refusal_changes_nothing(harness: Harness) -> None:
    name = harness.component()
    lock = harness.target.acquire([name], "run-refused-clean")
    desired = harness.desired(name, "1.0.0")
    desired.workload["kind"] = "balloon"
    with pytest.raises(Refused):
        harness.target.apply(desired, lock)
    assert harness.target.observe(name).version is None


# --- readiness ---------------------------------------------------------------------------------------------------


def test_readiness_counts_replicas_of_the_deployed_version(harness: Harness) -> None:
    name = harness.component()
    applied = harness.target.apply(harness.desired(name, "1.0.0"), harness.target.acquire([name], "run-ready"))
    readiness = harness.settle(applied)
    assert (readiness.desired, readiness.updated, readiness.available) == (1, 1, 1)
    assert [(e.version, e.revision) for e in readiness.endpoints if e.revision == "new"] == [("1.0.0", "new")]


def test_readiness_of_a_superseded_generation_is_never_ready(harness: Harness) -> None:
    """Nobody who waits for what was deployed before may take the new one for it."""
    name = harness.component()
    lock = harness.target.acquire([name], "run-superseded")
    old = harness.target.apply(harness.desired(name, "1.0.0"), lock)
    harness.settle(old)
    harness.settle(harness.target.apply(harness.desired(name, "1.1.0"), lock))
    assert not harness.readiness(name, old.generation).ready


def test_a_crashing_version_is_never_ready_and_said_to_have_failed(harness: Harness) -> None:
    name = harness.component()
    lock = harness.target.acquire([name], "run-crash")
    readiness = harness.settle(harness.target.apply(harness.desired(name, "1.0.0", crash=True), lock))
    assert (readiness.ready, readiness.failed) == (False, True)
    assert readiness.message


# --- restoring ---------------------------------------------------------------------------------------------------


def test_restore_brings_back_exactly_what_was_observed(harness: Harness) -> None:
    name = harness.component()
    lock = harness.target.acquire([name], "run-restore")
    harness.settle(harness.target.apply(harness.desired(name, "1.0.0"), lock))
    prior = harness.target.observe(name)
    harness.settle(harness.target.apply(harness.desired(name, "1.1.0"), lock))
    assert harness.settle(harness.target.restore(name, prior, harness.target.fence("run-restore"))).ready
    after = harness.target.observe(name)
    assert (after.version, after.state) == (prior.version, prior.state)


def test_restore_after_a_crash_brings_back_what_was_observed(harness: Harness) -> None:
    name = harness.component()
    lock = harness.target.acquire([name], "run-restore-crash")
    harness.settle(harness.target.apply(harness.desired(name, "1.0.0"), lock))
    prior = harness.target.observe(name)
    assert harness.settle(harness.target.apply(harness.desired(name, "1.1.0", crash=True), lock)).failed
    assert harness.settle(harness.target.restore(name, prior, harness.target.fence("run-restore-crash"))).ready
    assert harness.target.observe(name).version == "1.0.0"


def test_restoring_twice_changes_nothing_the_second_time(harness: Harness) -> None:
    name = harness.component()
    lock = harness.target.acquire([name], "run-restore-twice")
    harness.settle(harness.target.apply(harness.desired(name, "1.0.0"), lock))
    prior = harness.target.observe(name)
    harness.settle(harness.target.apply(harness.desired(name, "1.1.0"), lock))
    fenced = harness.target.fence("run-restore-twice")
    first = harness.target.restore(name, prior, fenced)
    harness.settle(first)
    second = harness.target.restore(name, prior, fenced)
    assert (second.changed, second.generation) == (False, first.generation)


def test_restoring_what_was_absent_removes_it(harness: Harness) -> None:
    name = harness.component()
    prior = harness.target.observe(name)
    lock = harness.target.acquire([name], "run-remove")
    harness.settle(harness.target.apply(harness.desired(name, "1.0.0"), lock))
    removed = harness.target.restore(name, prior, harness.target.fence("run-remove"))
    assert harness.settle(removed).ready
    assert harness.target.observe(name).version is None


def test_restoring_what_was_never_touched_changes_nothing(harness: Harness) -> None:
    name = harness.component()
    prior = harness.target.observe(name)
    harness.target.acquire([name], "run-untouched")
    restored = harness.target.restore(name, prior, harness.target.fence("run-untouched"))
    assert not restored.changed
    assert harness.settle(restored).ready


def test_restore_refuses_where_somebody_else_changed_the_component(harness: Harness) -> None:
    """What another run left there is not this run's to undo."""
    name = harness.component()
    harness.settle(harness.target.apply(harness.desired(name, "1.0.0"), harness.target.acquire([name], "run-first")))
    prior = harness.target.observe(name)
    harness.target.release("run-first")
    other = harness.target.acquire([name], "run-other")
    harness.settle(harness.target.apply(harness.desired(name, "2.0.0"), other))
    harness.target.release("run-other")
    harness.target.acquire([name], "run-late-undo")
    with pytest.raises(Drift):
        harness.target.restore(name, prior, harness.target.fence("run-late-undo"))
    assert harness.target.observe(name).version == "2.0.0"
