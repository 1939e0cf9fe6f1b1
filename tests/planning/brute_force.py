"""What safe means, by trying everything. Knows nothing of arcs, cycles and orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import combinations

from convoy.manifest.versions import in_range
from convoy.planning.contracts import ComponentContract, Contracts, Release
from convoy.planning.plan import Plan

State = frozenset[str]
"""The components that are at their new version."""


class World:
    """All states of a change set, and which of them are safe."""

    def __init__(self, contracts: Contracts) -> None:
        self.contracts = contracts
        self.changing = contracts.changing
        self.components = list(contracts.components.values())
        self.refuted = {r.pair for r in contracts.verifications if r.result == "refuted"}
        self.vouched = {r.pair for r in contracts.verifications if r.result != "refuted"} - self.refuted
        self.formats = {n for c in self.components for r in _ends(c) for n in (*r.data, *r.uncertain_data)}
        self.safe = cache(self._safe)

    def release(self, component: ComponentContract, state: State) -> Release | None:
        return component.target if component.name in state else component.current

    def _safe(self, state: State) -> bool:
        """Nobody meets anybody that it does not work with. What is live before the rollout is excused."""
        for one in self.components:
            for other in self.components:
                if one is other:
                    if one.name in state and not self.gets_on(one, one.target, one, one.target):
                        return False
                elif not state.isdisjoint((one.name, other.name)) and not self.gets_on(
                    one, self.release(one, state), other, self.release(other, state)
                ):
                    return False
        if not all(self.stored_well(name, state) for name in self.formats):
            return False
        return all(self.fed(component) for component in self.components if component.name in state)

    def gets_on(
        self, one: ComponentContract, first: Release | None, other: ComponentContract, second: Release | None
    ) -> bool:
        """Whether one works with the other: what it consumes from it, what it excludes, what a test said."""
        if first is None:
            return True
        if not self.works(one, other, first, second):
            return False
        if second is None:
            return True
        for consumer, consuming, provider, providing in self.refuted:
            named = consumer == one.name and provider == other.name
            if named and first.version in (None, consuming) and second.version in (None, providing):
                return False
        excluded = first.incompatible.get(other.name)
        return excluded is None or (second.version is not None and not in_range(excluded.range, second.version))

    def stored_well(self, name: str, state: State) -> bool:
        """Whether every reader of a format copes with what is stored and written, as far as the change touches it."""
        for reader in self.components:
            reading = self.release(reader, state)
            if reading is None or not any(name in (*r.data, *r.uncertain_data) for r in _ends(reader)):
                continue
            unclear = name in reading.uncertain_data
            text = reading.data[name].reads if name in reading.data else None
            reads = unclear or any(name in r.data and r.data[name].reads is not None for r in _ends(reader))
            for writer in self.components:
                writing = self.release(writer, state)
                touched = reader.name in state or writer.name in state
                writes = any(
                    name in r.uncertain_data or (name in r.data and r.data[name].writes is not None)
                    for r in _ends(writer)
                )
                if not touched or not reads or not writes:
                    continue
                if writing is not None and (unclear or name in writing.uncertain_data):
                    return False
                now = writing.data[name].writes if writing is not None and name in writing.data else None
                if text is not None and now is not None and not in_range(text, now):
                    return False
                before = writer.current.data[name].writes if writer.current and name in writer.current.data else None
                if reader.name not in state or writer.target is None or before is None:
                    continue
                # What the old writer wrote is there until a migration has removed it.
                gone = any(
                    m.target is not None
                    and name in m.target.data
                    and (t := m.target.data[name].migrates) is not None
                    and in_range(t, before)
                    and m.name in state
                    and (m is not reader or (m.current is not None and m.strategy == "recreate"))
                    for m in self.components
                )
                if not gone and (unclear or (text is not None and not in_range(text, before))):
                    return False
        return all(
            self.stays_migrated(name, migration, state) for migration in self.components if migration.name in state
        )

    def stays_migrated(self, name: str, migration: ComponentContract, state: State) -> bool:
        """Whether nobody writes what a migration has removed."""
        assert migration.target is not None
        removed = migration.target.data[name].migrates if name in migration.target.data else None
        if removed is None:
            return True
        for writer in self.components:
            writing = self.release(writer, state)
            if writer is migration or writing is None:
                continue
            if name in writing.uncertain_data:
                return False
            now = writing.data[name].writes if name in writing.data else None
            if now is not None and in_range(removed, now):
                return False
        return True

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

    def works(
        self, consumer: ComponentContract, provider: ComponentContract, consuming: Release, providing: Release | None
    ) -> bool:
        """Whether what one release consumes of the other's interface is what that provides."""
        interface = f"i-{provider.name}"
        if not any(interface in (*r.provides, *r.uncertain_provides) for r in _ends(provider)):
            return True
        pair = (consumer.name, consuming.version, provider.name, providing.version if providing else None)
        vouched = providing is not None and pair in self.vouched
        if interface in consuming.uncertain_consumes:
            return vouched
        requirement = consuming.consumes.get(interface)
        if requirement is None or (requirement.startup and consumer.target is None):
            return True
        if providing is not None and interface in providing.uncertain_provides:
            return vouched
        version = providing.provides.get(interface) if providing else None
        if version is None:
            return requirement.optional
        return vouched if requirement.range == "verified" else in_range(requirement.range, version)

    def can_roll(self, name: str) -> bool:
        """Whether old and new replicas of a component may serve side by side."""
        component = self.contracts.components[name]
        old, new = component.current, component.target
        assert new is not None
        if old is None:
            return True
        if isinstance(new.coexists, str):
            beside = old.version is not None and in_range(new.coexists, old.version)
        else:
            beside = new.coexists
        peers = self.gets_on(component, new, component, old) and self.gets_on(component, old, component, new)
        return beside and peers and self.shares_data(old, new)

    def shares_data(self, old: Release, new: Release) -> bool:
        """Whether each reads what the other writes."""
        for name in {*old.data, *new.data}:
            for reader, writer in ((old, new), (new, old)):
                text = reader.data[name].reads if name in reader.data else None
                version = writer.data[name].writes if name in writer.data else None
                if text is not None and version is not None and not in_range(text, version):
                    return False
        return True

    def at_once(self, name: str) -> bool:
        component = self.contracts.components[name]
        return component.current is None or component.strategy in ("recreate", "blueGreen")

    def can_move(self, group: Iterable[str]) -> bool:
        """Whether these can move in one step: a single one by its strategy, several only if all switch at once."""
        group = tuple(group)
        if not all(self.can_follow(name) for name in group):
            return False
        if len(group) == 1:
            return self.at_once(group[0]) or self.can_roll(group[0])
        # A migration takes its time: whoever waits for it to be done, in the same moment, has to be down.
        components = [self.contracts.components[name] for name in group]
        if any(d.migrates for c in components if c.target for d in c.target.data.values()):
            return all(c.current is None or c.strategy == "recreate" for c in components)
        return all(self.at_once(name) for name in group)

    def can_follow(self, name: str) -> bool:
        """Whether the new version can be reached from the old one in one step."""
        component = self.contracts.components[name]
        assert component.target is not None
        allowed, old = component.target.upgrades_from, component.current
        if allowed is None or old is None:
            return True
        return old.version is not None and in_range(allowed, old.version)

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


def _ends(component: ComponentContract) -> list[Release]:
    return [r for r in (component.current, component.target) if r is not None]


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
