"""Several Kubernetes minors at once, against the version skew policy as a function of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from tests.planning.upgrade.documents import wish

from convoy.planning.upgrade import Upgrade, find_upgrade

CONTROLLERS = ("kube-controller-manager", "kube-scheduler", "cloud-controller-manager")


def allowed(minors: Mapping[str, set[int]]) -> bool:
    """The policy's table, by the minors in which each component runs: while it is replaced, these are two.

    API servers within one minor; controllers not newer than any API server and at most one minor older; kubelet and
    kube-proxy not newer and at most three older, and within three of each other; kubectl within one to either side."""
    servers = minors["kube-apiserver"]
    newest, oldest = max(servers), min(servers)
    if newest - oldest > 1:
        return False
    if any(not newest - 1 <= minor <= oldest for name in CONTROLLERS for minor in minors[name]):
        return False
    if any(not newest - 3 <= minor <= oldest for name in ("kubelet", "kube-proxy") for minor in minors[name]):
        return False
    if any(abs(proxy - kubelet) > 3 for proxy in minors["kube-proxy"] for kubelet in minors["kubelet"]):
        return False
    return all(newest - 1 <= minor <= oldest + 1 for minor in minors["kubectl"])


def states(upgrade: Upgrade) -> Iterator[dict[str, set[int]]]:
    """Every mix that any run of the hops passes through: with any closed set of batches done, all that may be in
    transit are, each with old and new replicas. A mix with fewer of them in transit allows no less."""
    for number, hop in enumerate(upgrade.hops):
        before = {name: _minor(version) for name, version in upgrade.before(number).items()}
        wanted = {name: _minor(new) for name, (_, new) in hop.changes.items()}
        requires = {batch.name: set(batch.requires) for batch in hop.plan.batches}
        # A batch of one has the name of its component.
        assert requires.keys() == wanted.keys()
        for size in range(len(requires) + 1):
            for done in map(set, combinations(requires, size)):
                if any(not requires[name] <= done for name in done):
                    continue
                state = {name: {wanted[name] if name in done else minor} for name, minor in before.items()}
                for name in requires.keys() - done:
                    if requires[name] <= done:
                        state[name] = {before[name], wanted[name]}
                yield state


def _minor(version: str | None) -> int:
    assert version is not None
    return int(version.split(".")[1])


def test_every_state_from_1_31_to_1_35_keeps_the_skew_policy() -> None:
    """The API servers take minor by minor, and nothing on the way is outside of the policy's table."""
    found = find_upgrade(wish("kubernetes-minors", "1.35"))
    assert isinstance(found, Upgrade)
    servers = [hop.changes["kube-apiserver"] for hop in found.hops]
    assert servers == [("1.31", "1.32"), ("1.32", "1.33"), ("1.33", "1.34"), ("1.34", "1.35")]
    checked = list(states(found))
    assert len(checked) > 50
    assert [state for state in checked if not allowed(state)] == []


def test_the_kubelet_moves_as_few_times_as_it_can() -> None:
    """Twice: at 1.31 it holds an API server of 1.35 back, and it must not be at 1.35 before that. kube-proxy too."""
    found = find_upgrade(wish("kubernetes-minors", "1.35"))
    assert isinstance(found, Upgrade)
    moves = {name: sum(name in hop.changes for hop in found.hops) for name in found.hops[0].contracts.changing}
    assert moves == {
        "admission-webhooks": 1,
        "cloud-controller-manager": 4,
        "kube-apiserver": 4,
        "kube-controller-manager": 4,
        "kube-proxy": 2,
        "kube-scheduler": 4,
        "kubectl": 2,
        "kubelet": 2,
    }


def test_a_kubelet_that_is_three_behind_flips_the_order_and_moves_twice() -> None:
    """It goes before the API servers, into their reach, and after them to the end."""
    found = find_upgrade(wish("kubernetes-nodes-behind", "1.35"))
    assert isinstance(found, Upgrade)
    first, second = found.hops
    position = [c for batch in first.plan.batches for c in batch.components].index
    assert position("kubelet") < position("kube-apiserver")
    assert second.changes["kubelet"][1] == "1.35"
    assert [state for state in states(found) if not allowed(state)] == []


def test_the_check_itself_refuses_what_the_policy_refuses() -> None:
    """A kubelet that is newer than one of the API servers, and one that is four behind the newest."""
    fine = {name: {34} for name in ("kube-apiserver", *CONTROLLERS, "kubelet", "kube-proxy", "kubectl")}
    assert allowed(fine)
    assert not allowed({**fine, "kube-apiserver": {34, 35}, "kubelet": {35}})
    assert not allowed({**fine, "kube-apiserver": {34, 35}, "kubelet": {31}})
    assert not allowed({**fine, "kube-apiserver": {34, 35}, "kubectl": {33}})
