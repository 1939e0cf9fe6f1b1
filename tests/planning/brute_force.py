"""What safe means, by trying everything. Knows nothing of arcs, cycles and orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import combinations

from convoy.manifest.versions import in_interface_range
from convoy.planning.contracts import ComponentContract, Contracts, Release
from convoy.planning.plan import Plan

State = frozenset[str]
"""The components that are at their new version."""


class World:
    """All states of a change set, and which of them are safe."""

    def __init__(self, contracts: Contracts) -> None:
        self.contracts = contracts
        self.changing = contracts.changing
        self.safe = cache(self._safe)

    def release(self, component: ComponentContract, state: State) -> Release | None:
        return component.target if component.name in state else component.current

    def _safe(self, state: State) -> bool:
        """No consumer meets a provider that it does not work with. What is live before the rollout is excused."""
        components = self.contracts.components.values()
        for consumer in components:
            for provider in components:
                if consumer is provider:
                    if consumer.name in state and not self.works(consumer, consumer.target, consumer.target):
                        return False
                elif (consumer.name in state or provider.name in state) and not self.meets(consumer, provider, state):
                    return False
        return all(self.fed(component) for component in components if component.name in state)

    def meets(self, consumer: ComponentContract, provider: ComponentContract, state: State) -> bool:
        return self.works(provider, self.release(consumer, state), self.release(provider, state))

    def fed(self, component: ComponentContract) -> bool:
        """Every requirement has somebody who could meet it at all."""
        assert component.target is not None
        for interface, requirement in component.target.consumes.items():
            offered = any(
                r is not None and interface in (*r.provides, *r.uncertain_provides)
                for other in self.contracts.components.values()
                for r in (other.current, other.target)
            )
            if not offered and not requirement.optional:
                return False
        return True

    def works(self, provider: ComponentContract, consuming: Release | None, providing: Release | None) -> bool:
        if consuming is None:
            return True
        interface = f"i-{provider.name}"
        requirement = consuming.consumes.get(interface)
        offers = [
            r
            for r in (provider.current, provider.target)
            if r is not None and interface in (*r.provides, *r.uncertain_provides)
        ]
        if not offers:
            return True
        if interface in consuming.uncertain_consumes:
            return False
        if requirement is None:
            return True
        if providing is not None and interface in providing.uncertain_provides:
            return False
        version = providing.provides.get(interface) if providing else None
        if version is None:
            return requirement.optional
        return in_interface_range(requirement.range, version)

    def can_roll(self, name: str) -> bool:
        """Whether old and new replicas of a component may serve side by side."""
        component = self.contracts.components[name]
        assert component.target is not None
        if component.current is None:
            return True
        pairs = [(component.target, component.current), (component.current, component.target)]
        return component.target.coexists and all(self.works(component, a, b) for a, b in pairs)

    def at_once(self, name: str) -> bool:
        component = self.contracts.components[name]
        return component.current is None or component.strategy in ("recreate", "blueGreen")

    def can_move(self, group: Iterable[str]) -> bool:
        """Whether these can move in one step: a single one by its strategy, several only if all switch at once."""
        group = tuple(group)
        if len(group) == 1:
            return self.at_once(group[0]) or self.can_roll(group[0])
        return all(self.at_once(name) for name in group)

    def longest_way(self) -> int | None:
        """The most steps in which everything gets to its new version through safe states only; None: no way."""

        @cache
        def longest(state: State) -> int | None:
            rest = [name for name in self.changing if name not in state]
            if not rest:
                return 0
            best: int | None = None
            for size in range(1, len(rest) + 1):
                for group in combinations(rest, size):
                    following = state | frozenset(group)
                    if self.can_move(group) and self.safe(following):
                        more = longest(following)
                        if more is not None:
                            best = max(best or 0, more + 1)
            return best

        return longest(frozenset())

    def least_safe_superset(self, wanted: State) -> State | None:
        """The smallest safe set of changes with these in it; None if there is none."""
        rest = [name for name in self.changing if name not in wanted]
        for size in range(len(rest) + 1):
            for more in combinations(rest, size):
                if self.safe(wanted | frozenset(more)):
                    return wanted | frozenset(more)
        return None


def visited(plan: Plan) -> Iterator[State]:
    """Every state that any run of the plan can pass through: any number of batches in transit at the same time, a
    lockstep batch wholly old or new, the members of any other batch each at either version."""
    names = [batch.name for batch in plan.batches]
    by_name = {batch.name: batch for batch in plan.batches}
    for size in range(len(names) + 1):
        for done in combinations(names, size):
            if any(not set(by_name[name].requires) <= set(done) for name in done):
                continue
            base = frozenset(c for name in done for c in by_name[name].components)
            ready = [n for n in names if n not in done and set(by_name[n].requires) <= set(done)]
            choices: list[list[State]] = [_partial(plan, name) for name in ready]
            yield from _products(base, choices)


def _partial(plan: Plan, name: str) -> list[State]:
    batch = plan.batch(name)
    if batch.lockstep:
        return [frozenset(), frozenset(batch.components)]
    return [frozenset(c) for size in range(len(batch.components) + 1) for c in combinations(batch.components, size)]


def _products(base: State, choices: list[list[State]]) -> Iterator[State]:
    if not choices:
        yield base
        return
    for choice in choices[0]:
        yield from _products(base | choice, choices[1:])
