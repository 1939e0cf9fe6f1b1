"""The independent checker: proves a plan again, from the contracts alone.

It shares the data types with the planner and not one line of its reasoning. Where the planner derives arcs from two
mixed cells and an order from the arcs, the checker asks of every edge which combinations of versions the batches let
happen, looks each of them up, and holds the answers against the plan. Preflight runs it against what is live; the tests
run it against brute force. An empty list means: proven, relative to the declared contracts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from convoy.planning.collector import collector_paused
from convoy.planning.contracts import ComponentContract, Contracts
from convoy.planning.plan import Plan
from convoy.planning.verify_limits import no_return_problems, width_problems, without_return
from convoy.planning.verify_pairs import (
    Pair,
    State,
    all_pairs,
    at,
    goes_back,
    serves_beside_itself,
    unresolved,
    within,
)
from convoy.planning.verify_promises import promise_problems

Line = tuple[str, "str | None", str, "str | None", str, str]


def verify(plan: Plan, contracts: Contracts) -> list[str]:
    """Everything that is wrong with a plan, as sentences. O(edges)."""
    with collector_paused():
        return _verify(plan, contracts)


def _verify(plan: Plan, contracts: Contracts) -> list[str]:
    found = _structure(plan)
    if found:
        return found
    wanted = {(c.name, c.from_version, c.to_version) for c in contracts.components.values() if c.target is not None}
    planned = {(c.component, c.from_version, c.to_version) for b in plan.batches for c in b.changes}
    found += [f"the contracts do not say that {name} goes from {old} to {new}" for name, old, new in planned - wanted]
    found += [f"{name}, from {old} to {new}, is in no batch" for name, old, new in wanted - planned]
    if found:
        return sorted(found)
    order = _Order.of(plan)
    found += _abilities(contracts, order)
    lines, broken = _walk(contracts, order)
    found += broken
    found += _certificate(plan, lines)
    found += _arcs(plan, contracts, order)
    found += promise_problems(plan, contracts)
    found += _wishes(plan, contracts, order)
    found += no_return_problems(plan, contracts)
    found += width_problems(plan, contracts.max_parallel)
    return sorted(found)


def verify_choice(plan: Plan, contracts: Contracts, versions: Mapping[str, str]) -> list[str]:
    """Everything that is wrong with running a plan's batches with these versions instead; a changing component that is
    not named stays where it is. The contracts are the ones that the plan was made from."""
    found = _structure(plan)
    try:
        chosen = contracts.choose(versions)
    except KeyError as error:
        return [*found, str(error.args[0])]
    order = _Order.of(plan)
    missing = [f"{name} is in no batch" for name in versions if name not in order.batch]
    if found or missing:
        return sorted([*found, *missing])
    further = without_return(chosen) - {point.component for point in plan.points_of_no_return}
    final = [f"there is no way back from {name} {versions[name]}, and the plan does not say so" for name in further]
    return sorted([*_abilities(chosen, order), *_walk(chosen, order)[1], *final])


@dataclass(frozen=True)
class _Order:
    """Who moves with whom, and after whom."""

    batch: Mapping[str, str]
    requires: Mapping[str, frozenset[str]]
    lockstep: frozenset[str]

    @classmethod
    def of(cls, plan: Plan) -> _Order:
        return cls(
            {component: batch.name for batch in plan.batches for component in batch.components},
            {batch.name: frozenset(batch.requires) for batch in plan.batches},
            frozenset(batch.name for batch in plan.batches if batch.lockstep),
        )

    def first(self, one: str, other: str) -> bool:
        """Whether one component is done before the other is touched."""
        return self.batch[one] in self.requires[self.batch[other]]

    def together(self, one: str, other: str) -> bool:
        return self.batch[one] == self.batch[other]


def _structure(plan: Plan) -> list[str]:
    """The shape of the plan: names, order, reverse order, each component once."""
    found = []
    names = [batch.name for batch in plan.batches]
    found += [f"two batches are called {name}" for name, count in Counter(names).items() if count > 1]
    members = Counter(component for batch in plan.batches for component in batch.components)
    found += [f"{name} is in {count} batches" for name, count in members.items() if count > 1]
    done: set[str] = set()
    for batch in plan.batches:
        if not batch.changes:
            found.append(f"batch {batch.name} is empty")
        for required in batch.requires:
            if required not in done:
                found.append(f"batch {batch.name} requires {required}, which does not stand before it")
        done.add(batch.name)
    if list(plan.rollback_order) != names[::-1]:
        found.append("the rollback order is not the reverse of the order")
    return found


def _abilities(contracts: Contracts, order: _Order) -> list[str]:
    """Whoever has to switch in one moment can, and every version can follow the one that is live."""
    found = []
    migrating = {
        order.batch[component.name]
        for component in contracts.components.values()
        if component.target is not None and any(d.migrates for d in component.target.data.values())
    } & order.lockstep
    for component in contracts.components.values():
        if component.target is None or component.current is None:
            continue
        allowed, live = component.target.upgrades_from, component.current.version
        if allowed is not None and (live is None or not within(allowed, live, component.scheme)):
            found.append(f"{component.name} {component.to_version} cannot follow {live or 'an unknown version'}")
        if not component.current.reversible and goes_back(component):
            found.append(f"{component.name} cannot go back from {live} to {component.to_version}")
        if order.batch[component.name] in migrating and component.strategy != "recreate":
            found.append(
                f"{component.name} switches together with a migration and its strategy is {component.strategy}"
            )
        if component.strategy in ("recreate", "blueGreen"):
            continue
        if order.batch[component.name] in order.lockstep:
            found.append(f"{component.name} is in a lockstep batch and its strategy is {component.strategy}")
        if not serves_beside_itself(component, contracts):
            found.append(f"{component.name} cannot coexist with itself and its strategy is {component.strategy}")
    return found


def _walk(contracts: Contracts, order: _Order) -> tuple[dict[Line, bool], list[str]]:
    """Every line that the certificate must have, with its verdict, and a sentence for every verdict that is no."""
    lines: dict[Line, bool] = {}
    for component in contracts.components.values():
        if component.target is not None and _gradual(component):
            name, when = component.name, f"during {order.batch[component.name]}"
            verdict = serves_beside_itself(component, contracts)
            lines[name, component.to_version, name, component.from_version, "(itself)", when] = verdict
    for pair in all_pairs(contracts):
        for state in _visited(pair.consumer, pair.provider, order):
            lines[_line(pair, state, order)] = pair.works(state)
    broken = [
        f"{consumer} {cv or '(absent)'} does not work with {provider} {pv or '(absent)'} on {about}, {when}"
        for (consumer, cv, provider, pv, about, when), works in lines.items()
        if not works
    ]
    return lines, broken + unresolved(contracts)


def _line(pair: Pair, state: State, order: _Order) -> Line:
    needs, offers = at(pair.consumer, state[0]), at(pair.provider, state[1])
    return (
        pair.consumer.name,
        needs.version if needs else None,
        pair.provider.name,
        offers.version if offers else None,
        pair.about,
        _when(pair.consumer, pair.provider, state, order),
    )


def _gradual(component: ComponentContract) -> bool:
    return component.current is not None and component.strategy not in ("recreate", "blueGreen")


def _visited(consumer: ComponentContract, provider: ComponentContract, order: _Order) -> list[State]:
    """The combinations that the batches let happen, but for the one that is live before."""
    states = set(product((0, 1) if consumer.target else (0,), (0, 1) if provider.target else (0,))) - {(0, 0)}
    if len(states) < 3:
        return sorted(states)
    one, other = consumer.name, provider.name
    if one == other:
        impossible = set() if _gradual(consumer) else {(0, 1), (1, 0)}
    elif order.together(one, other):
        impossible = {(0, 1), (1, 0)} if order.batch[one] in order.lockstep else set()
    else:
        impossible = ({(1, 0)} if order.first(other, one) else set()) | ({(0, 1)} if order.first(one, other) else set())
    return sorted(states - impossible)


def _when(consumer: ComponentContract, provider: ComponentContract, state: State, order: _Order) -> str:
    """The batch that brings a combination about, and whether it does so bit by bit."""
    if state == (1, 0):
        return f"during {order.batch[consumer.name]}"
    if state == (0, 1):
        return f"during {order.batch[provider.name]}"
    if order.together(consumer.name, provider.name):
        switched = (1, 0) not in _visited(consumer, provider, order)
        return f"{'after' if switched else 'during'} {order.batch[consumer.name]}"
    last = provider if order.first(consumer.name, provider.name) else consumer
    return f"during {order.batch[last.name]}"


def _certificate(plan: Plan, lines: Mapping[Line, bool]) -> list[str]:
    """The certificate has exactly the lines that it must have, with the right verdicts."""
    stated: dict[Line, bool] = {}
    found = []
    for cell in plan.certificate:
        line = (
            cell.consumer,
            cell.consumer_version,
            cell.provider,
            cell.provider_version,
            cell.interface,
            cell.when,
        )
        if line in stated:
            found.append(f"the certificate says {_readable(line)} twice")
        stated[line] = cell.ok
    found += [f"the certificate does not say {_readable(line)}" for line in lines if line not in stated]
    found += [f"the certificate says {_readable(line)}, which does not happen" for line in stated if line not in lines]
    found += [
        f"the certificate is wrong about {_readable(k)}" for k, ok in stated.items() if lines.get(k, ok) is not ok
    ]
    return found


def _readable(line: Line) -> str:
    consumer, consuming, provider, providing, interface, when = line
    return f"{when}: {consumer} {consuming or '(absent)'} with {provider} {providing or '(absent)'} on {interface}"


def _arcs(plan: Plan, contracts: Contracts, order: _Order) -> list[str]:
    """The plan states every arc that it must, no contract arc that it need not, and its batches keep them all."""
    needed: set[tuple[str, str]] = set()
    joined: set[tuple[str, str]] = set()
    for pair in all_pairs(contracts):
        consumer, provider = pair.consumer, pair.provider
        if not pair.about.endswith(")"):
            joined.add((consumer.name, provider.name))
        if consumer.target is None or provider.target is None or consumer is provider:
            continue
        if not pair.works((1, 0)):
            needed.add((consumer.name, provider.name))
        if not pair.works((0, 1)):
            needed.add((provider.name, consumer.name))
    starts = {
        (name, dependency.name)
        for name, component in contracts.components.items()
        for dependency in component.depends_on
        if dependency.required
        and name in order.batch
        and dependency.name in order.batch
        and name != dependency.name
        and (name, dependency.name) not in joined
    }
    tied = {order.batch[d] for d, r in needed if order.together(d, r)}
    found = [
        f"batch {batch.name} {'switches at once without a cause' if batch.lockstep else 'does not switch at once'}"
        for batch in plan.batches
        if batch.lockstep != (batch.name in tied)
    ]
    for kind, must in (("contract", needed), ("start-order", starts)):
        stated = {(arc.dependent, arc.requirement) for arc in plan.arcs if arc.kind == kind}
        found += [f"the plan lacks the {kind} arc {d} => {r}" for d, r in must - stated]
        found += [f"the plan has a {kind} arc {d} => {r} without a cause" for d, r in stated - must]
    for dependent, requirement in needed | starts:
        if not (order.together(dependent, requirement) or order.first(requirement, dependent)):
            found.append(f"{requirement} does not move before {dependent}")
    return found


def _wishes(plan: Plan, contracts: Contracts, order: _Order) -> list[str]:
    """Declared batches and ``after`` are granted, and no batch waits for another without an arc that says why."""
    found = []
    named = {batch.name: batch for batch in plan.batches}
    for declared in contracts.batches:
        batch = named.get(declared.name)
        if batch is None or not set(declared.components) <= set(batch.components):
            found.append(f"batch {declared.name} is not as declared")
            continue
        for wish in declared.after:
            required = wish.name if wish.name in named else order.batch.get(wish.name, wish.name)
            if required not in batch.requires:
                found.append(f"batch {declared.name} does not come after {wish.name}")
    for name in order.batch:
        for wish in contracts.components[name].after:
            if wish.name not in order.batch or not order.first(wish.name, name):
                found.append(f"{name} does not come after {wish.name}")
    causes: set[tuple[str, str]] = set()
    for arc in plan.arcs:
        if arc.dependent in order.batch and arc.requirement in order.batch:
            causes.add((order.batch[arc.dependent], order.batch[arc.requirement]))
        else:
            found.append(f"arc {arc.dependent} => {arc.requirement} names a component that does not change")
    for batch in plan.batches:
        found += [
            f"batch {batch.name} waits for {r} without an arc" for r in batch.requires if (batch.name, r) not in causes
        ]
    return found
