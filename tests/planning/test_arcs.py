"""The table of the theory, start order, and why there may be no order at all."""

from __future__ import annotations

import pytest
from tests.planning.systems import component, lockstep, moving, provider_first, release, system

from convoy.planning.arcs import analyse
from convoy.planning.contracts import Contracts, Dependency, Release, Requirement
from convoy.planning.plan import Arc


def arcs(contracts: Contracts) -> list[tuple[str, str, str]]:
    return [(a.dependent, a.requirement, a.kind) for a in analyse(contracts).arcs]


def problems(contracts: Contracts) -> list[tuple[str, str]]:
    return [(p.message, p.hint) for p in analyse(contracts).problems]


def test_provider_first() -> None:
    """The new consumer does not work with the old provider: the provider moves first, and the reason says why."""
    assert analyse(provider_first()).arcs == (
        Arc(
            "checkout",
            "payment",
            "contract",
            "payment before checkout: checkout 2.0.0 needs payment-api >=3, payment 1.8.0 offers 2.4",
            "checkout.yaml:9:7",
        ),
    )


def test_consumer_first() -> None:
    """The old consumer does not work with the new provider: the consumer moves first."""
    contracts = system(
        component("p", release("1.0.0", {"x": "1"}), release("2.0.0", {"x": "2"})),
        component("c", release("1.0.0", needs={"x": "1"}), release("2.0.0", needs={"x": ">=1"})),
    )
    assert [a.reason for a in analyse(contracts).arcs] == ["c before p: c 1.0.0 needs x 1, p 2.0.0 offers 2"]


def test_both_mixed_cells_bad_is_lockstep() -> None:
    """Neither can go first: two arcs."""
    assert arcs(lockstep()) == [("b", "a", "contract"), ("a", "b", "contract")]


def test_compatible_versions_need_no_order() -> None:
    """Although the one consumes from the other, and depends on it: the contract says that any order will do."""
    contracts = system(
        component("p", release("1.0.0", {"x": "1.0"}), release("2.0.0", {"x": "1.1"})),
        component("c", release("1.0.0", needs={"x": "^1"}), release("2.0.0", needs={"x": "^1"}), depends_on=["p"]),
    )
    assert arcs(contracts) == []


def test_several_interfaces_between_two_components_each_give_their_reason() -> None:
    """Every broken cell is an arc of its own."""
    contracts = system(
        component("p", release("1.0.0", {"x": "1", "y": "1"}), release("2.0.0", {"x": "2", "y": "2"})),
        component("c", release("1.0.0"), release("2.0.0", needs={"x": "2", "y": "2"})),
    )
    assert [a.reason.split(": ")[1] for a in analyse(contracts).arcs] == [
        "c 2.0.0 needs x 2, p 1.0.0 offers 1",
        "c 2.0.0 needs y 2, p 1.0.0 offers 1",
    ]


def test_depends_on_without_a_contract_is_a_start_order() -> None:
    """What must be up first moves first."""
    assert arcs(system(moving("db"), moving("api", depends_on=["db"]))) == [("api", "db", "start-order")]


def test_optional_start_order_is_no_binding_arc() -> None:
    """required: false holds nothing up; it is kept apart, to be granted if it closes no cycle."""
    analysis = analyse(system(moving("db"), moving("api", depends_on=[Dependency("db", required=False)])))
    assert analysis.arcs == ()
    assert [(a.dependent, a.requirement, a.kind) for a in analysis.optional] == [("api", "db", "wish")]


def test_start_order_on_something_that_does_not_change_is_no_arc() -> None:
    """It is up already."""
    assert arcs(system(component("db", Release("1.0.0")), moving("api", depends_on=["db"]))) == []


def test_a_new_component_comes_before_what_needs_it() -> None:
    """It provides nothing until it exists."""
    contracts = system(
        component("new", None, release("1.0.0", {"x": "1"})),
        component("c", release("1.0.0"), release("2.0.0", needs={"x": "^1"})),
    )
    assert arcs(contracts) == [("c", "new", "contract")]


def test_wanted_versions_that_do_not_fit_are_refused_with_those_that_do() -> None:
    """No order can help; the hint names the declared versions that would."""
    contracts = system(
        component(
            "p",
            release("1.0.0", {"x": "1"}),
            release("2.0.0", {"x": "2"}),
            alternatives=(release("2.5.0", {"x": "3"}),),
        ),
        component("c", release("1.0.0"), release("2.0.0", needs={"x": "3"})),
    )
    assert problems(contracts) == [
        (
            "the wanted versions do not fit together: c 2.0.0 needs x 3, p 2.0.0 offers 2",
            "versions that fit: p: take 2.5.0",
        )
    ]


def test_a_change_that_an_unchanged_neighbour_does_not_bear_is_refused() -> None:
    """The hint says what else has to change, and to which declared version."""
    contracts = system(
        component("p", release("1.0.0", {"x": "1"}), release("2.0.0", {"x": "2"})),
        component("c", release("1.0.0", needs={"x": "1"}), alternatives=(release("1.1.0", needs={"x": "1 || 2"}),)),
    )
    assert problems(contracts) == [
        ("p cannot change alone: c 1.0.0 needs x 1, p 2.0.0 offers 2", "versions that fit: c: change it too, to 1.1.0")
    ]


def test_an_unknown_neighbour_is_refused_with_where_to_declare_it() -> None:
    """Unknown counts as no, and one line in the environment settles it."""
    contracts = system(
        component("p", Release(None, uncertain_provides=("x",))),
        component("c", release("1.0.0"), release("2.0.0", needs={"x": "2"})),
    )
    [(message, hint)] = problems(contracts)
    assert message.startswith("c cannot change alone: c 2.0.0 needs x 2, what p offers is unknown")
    assert hint == "declare which version of p is live, under `versions` of the environment"


def test_an_interface_that_nobody_provides_is_refused() -> None:
    """Known to be missing, unless the requirement is optional."""
    contracts = system(component("c", release("1.0.0"), release("2.0.0", needs={"x": "2"})))
    assert [m for m, _ in problems(contracts)] == ["c 2.0.0 needs x 2, and no component provides it"]
    optional = release("2.0.0", needs={"x": Requirement("2", optional=True)})
    assert problems(system(component("c", release("1.0.0"), optional))) == []


def test_an_interface_that_several_provide_needs_from() -> None:
    """Guessing would be worse than asking."""
    providers = [component(n, release("1.0.0", {"x": "2"})) for n in ("p", "q")]
    asked = component("c", release("1.0.0"), release("2.0.0", needs={"x": "2"}))
    assert [m for m, _ in problems(system(*providers, asked))] == ["c 2.0.0 needs x 2, and p, q all provide it"]
    said = component("c", release("1.0.0"), release("2.0.0", needs={"x": Requirement("2", provider="q")}))
    assert problems(system(*providers, said)) == []


def test_an_interface_can_move_from_one_component_to_another() -> None:
    """With `from` in each version: the old consumer holds the old provider, the new one needs the new provider."""
    contracts = system(
        component("old", release("1.0.0", {"x": "1"}), release("2.0.0")),
        component("new", None, release("1.0.0", {"x": "1"})),
        component(
            "c",
            release("1.0.0", needs={"x": Requirement("1", provider="old")}),
            release("2.0.0", needs={"x": Requirement("1", provider="new")}),
        ),
    )
    assert sorted(arcs(contracts)) == [("c", "new", "contract"), ("old", "c", "contract")]


@pytest.mark.parametrize(("strategy", "count"), [("rolling", 1), ("canary", 1), ("recreate", 0), ("blueGreen", 0)])
def test_versions_that_cannot_coexist_need_a_strategy_that_switches(strategy: str, count: int) -> None:
    """coexists: false rules out everything that serves with both."""
    contracts = system(component("db", release("1.0.0"), release("2.0.0", coexists=False), strategy=strategy))
    assert len(problems(contracts)) == count


def test_peers_of_different_versions_need_a_strategy_that_switches() -> None:
    """A range against itself is the same thing, said by contract."""
    peers = [release(f"{n}.0.0", {"gossip": str(n)}, {"gossip": str(n)}) for n in (1, 2)]
    assert len(problems(system(component("db", *peers)))) == 2
    assert problems(system(component("db", *peers, strategy="recreate"))) == []


def test_what_is_broken_today_is_a_warning_only() -> None:
    """The change may be the repair."""
    contracts = system(
        component("p", release("1.0.0", {"x": "1"}), release("2.0.0", {"x": "2"})),
        component("c", release("1.0.0", needs={"x": "2"})),
    )
    analysis = analyse(contracts)
    assert analysis.problems == ()
    assert analysis.warnings == ("already today: c 1.0.0 needs x 2, p 1.0.0 offers 1",)


def test_every_problem_is_reported_not_the_first() -> None:
    """One run of `convoy plan` shows all that is to be mended."""
    contracts = system(
        component("a", release("1.0.0"), release("2.0.0", needs={"x": "1"})),
        component("b", release("1.0.0"), release("2.0.0", coexists=False)),
    )
    assert len(problems(contracts)) == 2
