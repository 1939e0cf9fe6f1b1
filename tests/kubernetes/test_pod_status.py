"""What the fake kubelet says of a pod, without a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kubernetes.pod_status import BEHAVIOURS, Played, behaviour_of, containers_of, log_lines, status_of, tag_of

NOW = 1_800_000_000.0


def pod(
    *images: str, first: tuple[str, ...] = (), policy: str = "Always", annotations: dict[str, str] | None = None
) -> dict[str, Any]:
    """A pod with containers c0, c1 and init containers i0, i1."""
    return {
        "metadata": {"annotations": annotations or {}},
        "spec": {
            "restartPolicy": policy,
            "initContainers": [{"name": f"i{index}", "image": image} for index, image in enumerate(first)],
            "containers": [{"name": f"c{index}", "image": image} for index, image in enumerate(images)],
        },
        "status": {},
    }


def play(found: dict[str, Any], *, after: float = 0.0, odd: bool = True) -> tuple[dict[str, Any], float | None]:
    """The status so many seconds after the pod was seen first."""
    played = Played("10.0.0.1", odd)
    told = {one["name"]: behaviour_of(found, one["image"]) for one in containers_of(found)}
    status_of(found, told, played, NOW)
    return status_of(found, told, played, NOW + after)


def is_ready(status: dict[str, Any]) -> bool:
    """By the condition, which is what controllers look at."""
    return [one["status"] for one in status["conditions"] if one["type"] == "Ready"] == ["True"]


@pytest.mark.parametrize(
    ("image", "tag", "behaviour"),
    [
        ("payment", "latest", None),
        ("registry:5000/shop/payment", "latest", None),
        ("shop/payment:1.1.0", "1.1.0", None),
        ("shop/payment:1.1.0-rc.1", "1.1.0-rc.1", None),
        ("shop/payment:already", "already", None),
        ("shop/payment:crash", "crash", "crash"),
        ("registry:5000/shop/payment:1.1.0-ready-half", "1.1.0-ready-half", "ready-half"),
        ("shop/payment:1-unready@sha256:00ff", "1-unready", "unready"),
        ("shop/crash:1.1.0", "1.1.0", None),
    ],
)
def test_the_end_of_the_tag_is_the_behaviour(image: str, tag: str, behaviour: str | None) -> None:
    """Whole words only, and nothing but the tag."""
    assert (tag_of(image), behaviour_of(pod(image), image)) == (tag, behaviour)


def test_an_annotation_goes_before_the_tag() -> None:
    """And one that is unknown is never a healthy pod."""
    told = pod("p:1-crash", annotations={"fake-kubelet/behaviour": "ready"})
    assert is_ready(play(told)[0])
    for annotation in ({"fake-kubelet/behaviour": "reddy"}, {"fake-kubelet/delay-seconds": "soon"}):
        assert not is_ready(play(pod("p:1", annotations=annotation))[0])


@pytest.mark.parametrize(
    ("behaviour", "policy", "phase"),
    [
        ("ready", "Always", "Running"),
        ("unready", "Always", "Running"),
        ("creating", "Always", "Pending"),
        ("missing", "Always", "Pending"),
        ("misconfigured", "Always", "Pending"),
        ("crash", "Always", "Running"),
        ("crash", "OnFailure", "Running"),
        ("crash", "Never", "Failed"),
        ("fail", "Always", "Running"),
        ("fail", "OnFailure", "Running"),
        ("fail", "Never", "Failed"),
        ("done", "Always", "Running"),
        ("done", "OnFailure", "Succeeded"),
        ("done", "Never", "Succeeded"),
        ("ready", "Never", "Running"),
    ],
)
def test_the_phase_follows_from_behaviour_and_restart_policy(behaviour: str, policy: str, phase: str) -> None:
    """Only a container that is not restarted ends its pod."""
    assert play(pod(f"p:{behaviour}", policy=policy))[0]["phase"] == phase


@pytest.mark.parametrize("behaviour", sorted(BEHAVIOURS))
def test_only_pods_that_are_to_be_ready_are(behaviour: str) -> None:
    """At once or after the delay."""
    assert is_ready(play(pod(f"p:{behaviour}"), after=60)[0]) == (behaviour in {"ready", "slow", "ready-half"})
    assert is_ready(play(pod(f"p:{behaviour}"))[0]) == (behaviour in {"ready", "ready-half"})


def test_every_second_pod_of_ready_half_is_ready() -> None:
    """The odd ones."""
    assert is_ready(play(pod("p:ready-half"), odd=True)[0])
    assert not is_ready(play(pod("p:ready-half"), odd=False)[0])


def test_slow_says_when_to_look_again() -> None:
    """At the end of its delay, and then no more."""
    slow = pod("p:slow", annotations={"fake-kubelet/delay-seconds": "7"})
    status, due = play(slow, after=3)
    assert (is_ready(status), due) == (False, NOW + 7)
    status, due = play(slow, after=7)
    assert (is_ready(status), due) == (True, None)


def test_a_container_that_ends_well_again_and_again_has_code_zero() -> None:
    """It is restarted all the same."""
    status = play(pod("p:done"), after=3)[0]["containerStatuses"][0]
    assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert (status["lastState"]["terminated"]["exitCode"], status["restartCount"]) == (0, 4)


def test_one_bad_container_makes_the_pod_unready() -> None:
    """It is named."""
    status, _ = play(pod("p:1", "p:unready"))
    assert not is_ready(status)
    assert [one["message"] for one in status["conditions"] if one["type"] == "Ready"] == [
        "containers with unready status: [c1]"
    ]


def test_a_bad_init_container_keeps_the_others_from_starting() -> None:
    """They wait for it."""
    status, _ = play(pod("p:1", first=("m:1", "m:crash")))
    assert status["phase"] == "Pending"
    assert [list(one["state"]) for one in status["initContainerStatuses"]] == [["terminated"], ["waiting"]]
    assert status["containerStatuses"][0]["state"]["waiting"]["reason"] == "PodInitializing"
    assert is_ready(play(pod("p:1", first=("m:1",)))[0])


def test_a_condition_keeps_its_time_as_long_as_it_holds() -> None:
    """`minReadySeconds` counts from it."""
    found, played = pod("p:1"), Played("10.0.0.1", True)
    before, _ = status_of(found, {"c0": None}, played, NOW)
    assert status_of(found, {"c0": None}, played, NOW + 60)[0]["conditions"] == before["conditions"]
    after, _ = status_of(found, {"c0": "unready"}, played, NOW + 60)
    assert after["conditions"][2]["lastTransitionTime"] > before["conditions"][2]["lastTransitionTime"]


def test_only_what_has_run_has_logs() -> None:
    """The last line says how it ended."""
    assert log_lines(play(pod("p:missing"))[0], "c0", previous=False) is None
    assert log_lines(play(pod("p:1"))[0], "c0", previous=True) is None
    assert log_lines(play(pod("p:1"))[0], "nobody", previous=False) is None
    crashed = log_lines(play(pod("p:crash"))[0], "c0", previous=True)
    assert crashed is not None
    assert crashed[-1] == "c0: error: cannot go on"
