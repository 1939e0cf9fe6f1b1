"""Verification records, exclusions, what is needed at the start only, and steps that cannot be skipped."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.planning.systems import component, provider_first, release, system

from convoy.planning.contracts import Contracts, Incompatibility, Release, Requirement, Verification
from convoy.planning.errors import PlanError
from convoy.planning.plan import Plan
from convoy.planning.planner import make_plan
from convoy.planning.verify import verify


def proven(contracts: Contracts) -> Plan:
    plan = make_plan(contracts)
    assert verify(plan, contracts) == []
    return plan


def refused(contracts: Contracts) -> str:
    with pytest.raises(PlanError) as caught:
        make_plan(contracts)
    return str(caught.value)


def recorded(*records: Verification) -> Contracts:
    """A consumer that promises nothing but what was tested."""
    return system(
        component("pay", release("1", {"pay-pact": "1"}), release("2", {"pay-pact": "1"})),
        component("shop", release("1", needs={"pay-pact": "verified"}), release("2", needs={"pay-pact": "verified"})),
        verifications=records,
    )


def record(consumer: str, provider: str, result: str = "verified", **more: str) -> Verification:
    return Verification("shop", consumer, "pay", provider, result, **more)


def test_without_records_nothing_is_known_and_nothing_moves() -> None:
    """Unknown counts as no."""
    assert "shop 2 needs a pay-pact that it was verified with, pay 2 was not tested with it" in refused(recorded())


def test_records_decide_where_no_range_does() -> None:
    """The new consumer with the old provider was not tested, so the provider goes first."""
    plan = proven(recorded(record("1", "1"), record("1", "2", evidence="build 7"), record("2", "2")))
    assert [batch.name for batch in plan.batches] == ["pay", "shop"]
    assert plan.arcs[0].reason.startswith("pay before shop: shop 2 needs a pay-pact that it was verified with")
    evidence = {
        (c.consumer_version, c.provider_version): c.evidence for c in plan.certificate if c.consumer != c.provider
    }
    assert evidence["1", "2"] == "record: shop 1 with pay 2 verified: build 7"


def test_an_accepted_risk_says_whose_it_is() -> None:
    """It counts, and the certificate names the person and the reason."""
    pairs = [record(a, b) for a, b in (("1", "1"), ("2", "2"), ("1", "2"))]
    plan = proven(recorded(*pairs, record("2", "1", "accepted", by="ann", evidence="only reads")))
    assert plan.arcs == ()
    [cell] = [
        c for c in plan.certificate if c.interface == "pay-pact" and c.evidence.startswith("record: shop 2 with pay 1")
    ]
    assert cell.evidence == "record: shop 2 with pay 1 accepted by ann: only reads"


def test_a_refutation_counts_whatever_the_ranges_say() -> None:
    """checkout's old version was declared to work with payment's new one, and a test has shown that it does not."""
    contracts = provider_first()
    failed = Verification("checkout", "1.9.0", "payment", "2.0.0", "refuted", "build 9")
    message = refused(replace(contracts, verifications=(failed,)))
    assert "have to switch in one moment" in message
    assert "checkout 1.9.0 with payment 2.0.0 was refuted: build 9" in message


def test_a_verification_does_not_lift_a_declared_range() -> None:
    """Two sources that contradict each other: the stricter one counts."""
    contracts = provider_first()
    passed = Verification("checkout", "2.0.0", "payment", "1.8.0", "verified")
    plan = proven(replace(contracts, verifications=(passed,)))
    assert [batch.name for batch in plan.batches] == ["payment", "checkout"]


def test_of_two_records_about_a_pair_the_refutation_counts() -> None:
    """In either order."""
    pairs = [record(a, b) for a, b in (("1", "1"), ("2", "2"), ("1", "2"), ("2", "1"))]
    for records in ([*pairs, record("2", "1", "refuted")], [record("2", "1", "refuted"), *pairs]):
        assert [batch.name for batch in proven(recorded(*records)).batches] == ["pay", "shop"]


def test_a_neighbour_that_may_be_the_refuted_one_is_no_pass() -> None:
    """Nobody says which version is live, and one of them is known to fail."""
    mail = component("mail", Release(None))
    failed = Verification("mail", "1", "shop", "2", "refuted")
    contracts = system(mail, component("shop", release("1"), release("2")), verifications=(failed,))
    assert "some pairs of mail and shop were refuted, and which version of mail is live is unknown" in refused(
        contracts
    )
    other = replace(contracts, verifications=(replace(failed, provider_version="3"),))
    assert len(proven(other).batches) == 1


def test_versions_that_exclude_each_other_never_meet() -> None:
    """The old agent must be gone before the new server comes."""
    server = component(
        "server", release("1"), replace(release("2"), incompatible={"agent": Incompatibility("<2", "it corrupts data")})
    )
    plan = proven(system(server, component("agent", release("1"), release("2"))))
    assert [batch.name for batch in plan.batches] == ["agent", "server"]
    assert plan.arcs[0].reason == (
        "agent before server: server 2 must not run beside agent <2 (it corrupts data), and agent 1 is one"
    )


def test_an_excluded_neighbour_of_unknown_version_is_no_pass() -> None:
    """It may be the excluded one."""
    server = component("server", release("1"), replace(release("2"), incompatible={"agent": Incompatibility("<2")}))
    message = refused(system(server, component("agent", Release(None))))
    assert "which version of agent is live is unknown" in message


def test_exclusions_are_compared_in_the_scheme_of_the_other_component() -> None:
    """bullseye is older than bookworm, whatever the alphabet says."""
    names = ("buster", "bullseye", "bookworm")
    tool = component("tool", release("1"), replace(release("2"), incompatible={"system": Incompatibility("<bookworm")}))
    old = replace(component("system", release("bullseye")), scheme=names)
    assert "system bullseye is one" in refused(system(tool, old))
    new = replace(component("system", release("bookworm")), scheme=names)
    assert len(proven(system(tool, new)).batches) == 1


def test_what_is_needed_at_the_start_only_does_not_hold_up_what_runs() -> None:
    """A neighbour that this rollout does not start runs on; the plan warns that it would not start again."""
    needs = {"config-api": Requirement("1", startup=True)}
    contracts = system(
        component("config", release("1", {"config-api": "1"}), release("2", {"config-api": "2"})),
        component("mail", release("1", needs=needs)),  # type: ignore[arg-type]
    )
    plan = proven(contracts)
    assert plan.warnings == (
        "mail 1 needs config-api 1 when it starts, config 2 offers 2: it runs on, and would not start again",
    )
    moving_too = replace(contracts.components["mail"], target=release("2", needs={"config-api": "1 || 2"}))
    started = replace(contracts, components={**contracts.components, "mail": moving_too})
    assert [batch.name for batch in proven(started).batches] == ["mail", "config"]


def test_a_version_that_cannot_be_skipped_is_not_skipped() -> None:
    """The way in several hops is the hint."""
    minor = component("server", release("1.31.0"), replace(release("1.33.0"), upgrades_from="1.32 - 1.33"))
    message = refused(system(minor))
    assert "server 1.33.0 can only follow 1.32 - 1.33, and 1.31.0 is live" in message
    assert "convoy upgrade" in message


def test_there_is_no_step_back_from_a_version_without_a_way_back() -> None:
    """A rollout is no way around it; forward is."""
    final = component("db", Release("2.0.0", reversible=False), Release("1.9.0"))
    assert "db 2.0.0 is live, and there is no way back from it" in refused(system(final))
    assert len(proven(system(replace(final, target=Release("2.1.0")))).batches) == 1


def test_coexistence_may_be_a_range_of_versions_of_itself() -> None:
    """It can roll from some versions, and not from others."""
    fine = component("db", release("1.9.0"), release("2.0.0", coexists=">=1.9"))  # type: ignore[arg-type]
    assert len(proven(system(fine)).batches) == 1
    stale = component("db", release("1.8.0"), release("2.0.0", coexists=">=1.9"))  # type: ignore[arg-type]
    assert "cannot serve beside the version before (coexists: >=1.9)" in refused(system(stale))


def test_interface_versions_may_be_of_any_scheme() -> None:
    """Calendar versions with leading zeros, and names in order."""
    provider = component("dbd", release("22.05", {"rpc": "22.05"}), release("23.11", {"rpc": "23.11"}))
    consumer = component(
        "ctl", release("22.05", needs={"rpc": "22.05 - 23.11"}), release("23.11", needs={"rpc": "23.11"})
    )
    contracts = system(provider, consumer, schemes={"rpc": "calver"})
    assert [batch.name for batch in proven(contracts).batches] == ["dbd", "ctl"]
    assert "unknown counts as no" in refused(replace(contracts, schemes={}))


def test_prereleases_are_excluded_by_their_place_in_the_order() -> None:
    """Unknown territory is no way around an exclusion."""
    for excluded, live in (("*", "2.0.0-rc.1"), ("<2", "1.9.0-rc.1"), ("<2", "2.0.0-rc.1")):
        tool = component("tool", release("1"), replace(release("2"), incompatible={"agent": Incompatibility(excluded)}))
        assert f"and agent {live} is one" in refused(system(tool, component("agent", release(live))))


def test_a_record_does_not_replace_a_start_order() -> None:
    """That a pair of old versions failed says nothing about which of the two the other needs."""
    web = component("web", release("1"), release("2"), depends_on=["db"])
    contracts = system(web, component("db", release("1"), release("2")))
    refuted = replace(contracts, verifications=(Verification("web", "0.5", "db", "0.9", "refuted"),))
    assert [batch.name for batch in proven(refuted).batches] == ["db", "web"]


def test_the_checker_counts_prereleases_among_what_is_excluded() -> None:
    """A plan that was made before the exclusion was known is refuted by it."""
    tool, agent = component("tool", release("1"), release("2")), component("agent", release("1.9.0-rc.1"))
    plan = make_plan(system(tool, agent))
    excluding = replace(tool, target=replace(release("2"), incompatible={"agent": Incompatibility("<2")}))
    found = verify(plan, system(excluding, agent))
    assert "tool 2 does not work with agent 1.9.0-rc.1 on (exclusion), during tool" in found
