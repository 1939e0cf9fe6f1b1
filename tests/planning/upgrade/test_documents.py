"""Documented upgrade orders: derived from contracts, and equal as partial orders, not only compatible."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.planning.upgrade.documents import FOLDER, Order, examples, order, order_of, wish

from convoy.planning.contracts import Contracts
from convoy.planning.errors import PlanError
from convoy.planning.planner import make_plan
from convoy.planning.upgrade import NoUpgrade, Proof, Upgrade, find_upgrade

GITLAB = order(
    "gitlab-consul < gitlab-postgresql < gitlab-pgbouncer < gitlab-redis < gitaly < praefect-deploy < praefect"
    " < rails-deploy < rails < sidekiq < post-deployment-migrations < background-migrations"
)
SLURM = order("slurm-backup < slurmdbd < slurmctld < slurmd < slurm-commands < slurm-plugins")

DOCUMENTED: dict[str, Order] = {
    "kubernetes-core": order(
        "admission-webhooks < kube-apiserver"
        " < kube-controller-manager kube-scheduler cloud-controller-manager < kubelet kube-proxy"
    ),
    "kubernetes-nodes-behind": order(
        "admission-webhooks kubelet kube-proxy < kube-apiserver"
        " < kube-controller-manager kube-scheduler cloud-controller-manager"
    ),
    "kubernetes-manual": order(
        "manual-etcd < manual-apiserver < manual-controller-manager < manual-scheduler"
        " < manual-cloud-controller-manager < manual-kubectl < node-drain < manual-kubelet"
    ),
    "slurm": SLURM,
    "istio": order("istiod < workload-proxies < mesh-gateways"),
    "gitlab": GITLAB,
    "elastic-stack": order(
        "elasticsearch-hadoop < elasticsearch < kibana < elasticsearch-java-client < logstash < beats < elastic-agent"
    ),
    "elasticsearch-tiers": order(
        "frozen-nodes < cold-nodes < warm-nodes < hot-nodes < other-data-nodes"
        " < machine-learning-nodes ingest-nodes coordinating-nodes < master-nodes"
    ),
    "pulsar": order("autorecovery < bookies < brokers < pulsar-proxies < pulsar-clients"),
    "consul": order("consul-servers < consul-clients < consul-envoy"),
}


def test_the_examples_have_no_errors() -> None:
    """`convoy lint` accepts all of them."""
    assert examples().diagnostics == ()
    assert examples().broken == {}


def test_no_order_is_written_down() -> None:
    """No example says `after` or declares a batch: what comes before what has to follow."""
    for path in FOLDER.rglob("*.yaml"):
        assert not re.search(r"\b(after|batches)\s*:", path.read_text(encoding="utf-8")), path.name


@pytest.mark.parametrize("rollout", DOCUMENTED)
def test_the_documented_order_is_derived(rollout: str) -> None:
    """The plan's partial order is the documented one: nothing is missing, and nothing is ordered without need."""
    assert order_of(make_plan(wish(rollout))) == DOCUMENTED[rollout]


def test_every_example_is_compared_with_its_document() -> None:
    """Only the first of several Kubernetes minors has no line of its own: it is as one minor."""
    assert {*examples().catalog.rollouts} == {*DOCUMENTED, "kubernetes-minors"}
    assert order_of(make_plan(wish("kubernetes-minors"))) == DOCUMENTED["kubernetes-core"]


def test_nodes_that_are_three_behind_go_first() -> None:
    """The order of kubelet and API server is the other way round than for nodes that are not."""
    assert ("kube-apiserver", "kubelet") in DOCUMENTED["kubernetes-core"]
    assert ("kubelet", "kube-apiserver") in order_of(make_plan(wish("kubernetes-nodes-behind")))


def test_slurm_takes_all_daemons_over_the_release_in_between() -> None:
    """20.11 to 23.11: first everything to 22.05, which is to be verified, then everything to 23.11."""
    found = upgrade(wish("slurm", "23.11"))
    names = sorted({name for pair in SLURM for name in pair})
    assert [hop.changes for hop in found.hops] == [
        dict.fromkeys(names, ("20.11", "22.05")),
        dict.fromkeys(names, ("22.05", "23.11")),
    ]
    assert [order_of(hop.plan) for hop in found.hops] == [SLURM, SLURM]


def test_slurm_directly_fails_and_says_why() -> None:
    """The database daemon of 23.11 does not convert what 20.11 left; the reason has its place in the manifest."""
    with pytest.raises(PlanError) as refused:
        make_plan(wish("slurm", "23.11"))
    messages = {d.message: d for d in refused.value.diagnostics}
    found = messages["slurmdbd 23.11 can only follow 23.02 || 22.05, and 20.11 is live"]
    assert re.search(r"slurm\.yaml:\d+:\d+$", found.location)
    assert upgrade(wish("slurm", "23.11")).direct == refused.value.diagnostics


def test_slurm_finds_the_longer_way_if_there_is_no_shorter() -> None:
    """Without 22.05 it takes three hops, over 21.08 and 23.02."""
    found = upgrade(without(wish("slurm", "23.11"), "22.05"))
    assert [hop.changes["slurmctld"] for hop in found.hops] == [
        ("20.11", "21.08"),
        ("21.08", "23.02"),
        ("23.02", "23.11"),
    ]
    assert [order_of(hop.plan) for hop in found.hops] == [SLURM] * 3


def test_slurm_without_the_releases_in_between_has_no_way() -> None:
    """Without 21.08 too nothing that 23.11 can follow is in reach; what is in the way is small, and has its places."""
    found = find_upgrade(without(without(wish("slurm", "23.11"), "22.05"), "21.08"))
    assert isinstance(found, NoUpgrade)
    assert found.conflict.proof is Proof.SMALLEST
    kinds = sorted(c.kind for c in found.conflict.constraints)
    assert kinds == ["follows", "follows", "target"]
    assert len({c.component for c in found.conflict.constraints}) == 1
    assert all(re.search(r"slurm\.yaml:\d+:\d+$", c.location) for c in found.conflict.constraints)


def test_gitlab_goes_minor_by_minor_and_ends_the_background_migrations_in_between() -> None:
    """16.1 to 16.3: 16.2 is not skipped, and its background migrations end before anything of 16.3."""
    found = upgrade(wish("gitlab", "16.3"))
    assert [set(hop.changes.values()) for hop in found.hops] == [{("16.1", "16.2")}, {("16.2", "16.3")}]
    assert [order_of(hop.plan) for hop in found.hops] == [GITLAB, GITLAB]
    assert "background-migrations" in found.hops[0].changes


def test_istio_takes_two_minors_in_two_hops() -> None:
    """The control plane is never two minors ahead of the proxies."""
    found = upgrade(wish("istio", "1.18"))
    assert [order_of(hop.plan) for hop in found.hops] == [DOCUMENTED["istio"]] * 2


def test_a_switch_is_held_off_and_turned_on_again_at_the_end() -> None:
    """Autorecovery moves twice: off before the bookies, and on when the clients are done."""
    found = upgrade(wish("pulsar", "autorecovery=on-2.11"))
    assert order_of(found.hops[0].plan) == DOCUMENTED["pulsar"]
    assert [hop.changes.get("autorecovery") for hop in found.hops] == [
        ("on-2.10", "held-off"),
        ("held-off", "on-2.11"),
    ]
    assert [*found.hops[1].changes] == ["autorecovery"]


def upgrade(contracts: Contracts) -> Upgrade:
    found = find_upgrade(contracts)
    assert isinstance(found, Upgrade)
    return found


def without(contracts: Contracts, version: str) -> Contracts:
    """The same change set, if a version did not exist."""
    components = {
        name: replace(c, alternatives=tuple(r for r in c.alternatives if r.version != version))
        for name, c in contracts.components.items()
    }
    return replace(contracts, components=components)
