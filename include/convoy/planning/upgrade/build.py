"""From contracts to the space of versions: every rule is judged here, once for each pair of versions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from convoy.planning.contracts import ComponentContract, Contracts, Release
from convoy.planning.data_compatibility import would_write_again
from convoy.planning.errors import PlanError
from convoy.planning.feasibility import cannot_follow, coexistence
from convoy.planning.links import INTERFACE, KEPT, LEFT, MIGRATION, Link
from convoy.planning.touched import every_version, touched_links
from convoy.planning.upgrade.cells import constraint_of, needed_at_start_only, never_provided
from convoy.planning.upgrade.constraints import (
    COEXISTS,
    FOLLOWS,
    MIGRATES,
    ORDER,
    RANGE,
    RETURNS,
    TARGET,
    Constraint,
    Register,
)
from convoy.planning.upgrade.order import order_pairs
from convoy.planning.upgrade.space import Mover, Space
from convoy.planning.upgrade.stored import Stored
from convoy.planning.upgrade.unmet import without_unmet
from convoy.planning.upgrade.versions import mover_of

Grid = list[list[int]]


def space_of(contracts: Contracts) -> Space:
    """The space of a change set. Raises PlanError where it is not clear who provides what."""
    return _Builder(contracts).build()


class _Builder:
    def __init__(self, contracts: Contracts) -> None:
        self.whole = contracts
        self.contracts, self.unmet = without_unmet(contracts)
        self.register = Register()
        self.movers = [mover_of(contracts.components[name]) for name in contracts.changing]
        self.index = {mover.name: number for number, mover in enumerate(self.movers)}
        self.steps = [self._grid(mover, mover) for mover in self.movers]
        self.meets: dict[tuple[int, int], Grid] = {}
        self.both: dict[tuple[int, int], Grid] = {}
        self.links, problems = touched_links(self.contracts, every_version)
        if problems:
            raise PlanError(problems)

    def build(self) -> Space:
        """All tables."""
        for mover in self.movers:
            self._alone(mover)
        for link in self.links:
            if link.kind not in (KEPT, LEFT, MIGRATION):
                self._judge(link)
        stored = Stored.of(self.contracts, self.movers, self.register)
        self._migrations()
        orders = self._orders()
        goals = [self._goal(self.whole.components[mover.name]) for mover in self.movers]
        joined: defaultdict[int, set[int]] = defaultdict(set)
        for one, other in self.meets:
            joined[one].add(other)
        return Space(
            movers=tuple(self.movers),
            constraints=self.register.constraints,
            steps=tuple(map(_frozen, self.steps)),
            meets={pair: _frozen(grid) for pair, grid in self.meets.items()},
            both={pair: _frozen(grid) for pair, grid in self.both.items()},
            writes=stored.writes,
            removes=stored.removes,
            reads=stored.reads,
            orders=orders,
            goals=tuple(goals),
            gives=tuple(tuple(map(self._gives, mover.releases)) for mover in self.movers),
            stored=stored.at_start,
            bare=tuple(map(self._bare, self.movers)),
            neighbours=tuple(tuple(sorted(joined[number])) for number in range(len(self.movers))),
            formats=stored.formats,
            items=stored.items,
        )

    def _alone(self, mover: Mover) -> None:
        """What a step breaks by itself: the version before, versions side by side, needs that nobody meets."""
        component, facts = self.contracts.components[mover.name], self.contracts.facts
        grid = self.steps[self.index[mover.name]]
        for b, release in enumerate(mover.releases):
            if release is None:
                continue
            always = 0
            for interface, requirement in self.unmet.get((mover.name, release.version), ()):
                sentence = (
                    f"{mover.name} {release.version} needs {interface} {requirement.range}, which nobody provides"
                )
                place = requirement.location or component.location
                always |= self._bit(RANGE, mover.name, release, interface, sentence, place)
            for a, before in enumerate(mover.releases):
                grid[a][b] |= always
                if a == b or before is None:
                    continue
                step = replace(component, current=before, target=release)
                if cannot_follow(replace(step, target=replace(release, upgrades_from=None)), facts):
                    sentence = f"{mover.name} {before.version} has no way back (reversible: false)"
                    grid[a][b] |= self._bit(RETURNS, mover.name, before, "", sentence, before.location)
                if cannot_follow(replace(step, current=replace(before, reversible=True)), facts):
                    sentence = f"{mover.name} {release.version} can only follow {release.upgrades_from}"
                    grid[a][b] |= self._bit(FOLLOWS, mover.name, release, "", sentence, release.location)
                if not mover.at_once(a) and not coexistence(step, facts).holds:
                    beside = (
                        "the version before" if isinstance(release.coexists, bool) else f"all but {release.coexists}"
                    )
                    sentence = f"{mover.name} {release.version} cannot serve beside {beside}"
                    grid[a][b] |= self._bit(COEXISTS, mover.name, release, "", sentence, release.location)

    def _judge(self, link: Link) -> None:
        one, other = self.index.get(link.consumer.name), self.index.get(link.provider.name)
        if link.loops and one is not None:
            self._loop(link, one)
        elif one is not None and other is not None:
            for a, needs in enumerate(self.movers[one].releases):
                for b, offers in enumerate(self.movers[other].releases):
                    mask = self._mask(link, needs, offers)
                    if mask:
                        self._mark(one, other, a, b, mask, runs_on=needed_at_start_only(link, needs))
        elif one is not None:
            for b, needs in enumerate(self.movers[one].releases):
                self._always(one, b, self._mask(link, needs, link.provider.current))
        elif other is not None and not link.only_at_start:
            releases = self.movers[other].releases
            for b, offers in enumerate(releases):
                mask = self._mask(link, link.consumer.current, offers)
                for a, before in enumerate(releases):
                    if not never_provided(link, link.consumer.current, before, offers):
                        self.steps[other][a][b] |= mask

    def _loop(self, link: Link, number: int) -> None:
        """A component that deals with itself: with its peers, and while it moves gradually, with old ones."""
        mover = self.movers[number]
        for b, release in enumerate(mover.releases):
            alone = self._mask(link, release, release)
            for a, before in enumerate(mover.releases):
                mixed = 0
                if not mover.at_once(a):
                    mixed = self._mask(link, release, before)
                    if not never_provided(link, before, before, release):
                        mixed |= self._mask(link, before, release)
                self.steps[number][a][b] |= alone | mixed

    def _mark(self, one: int, other: int, a: int, b: int, mask: int, *, runs_on: bool = False) -> None:
        """Release ``a`` of one mover does not go with release ``b`` of another. ``runs_on``: but ``one`` does not mind
        what becomes of the other while it runs itself."""
        self._pair(self.meets, one, other)[a][b] |= mask
        back = self._pair(self.meets, other, one)
        if not runs_on:
            back[b][a] |= mask
        if one < other:
            self._pair(self.both, one, other)[a][b] |= mask
        else:
            self._pair(self.both, other, one)[b][a] |= mask

    def _pair(self, grids: dict[tuple[int, int], Grid], one: int, other: int) -> Grid:
        if (one, other) not in grids:
            grids[one, other] = self._grid(self.movers[one], self.movers[other])
        return grids[one, other]

    @staticmethod
    def _grid(one: Mover, other: Mover) -> Grid:
        return [[0] * len(other.releases) for _ in one.releases]

    def _always(self, number: int, release: int, mask: int) -> None:
        """A release that does not go with something that stays as it is."""
        for row in self.steps[number]:
            row[release] |= mask

    def _mask(self, link: Link, needs: Release | None, offers: Release | None) -> int:
        answer = link.judge(needs, offers)
        if answer.holds:
            return 0
        assert needs is not None
        return self.register.bit(constraint_of(link, needs, offers, answer))

    def _migrations(self) -> None:
        """A migration must leave nothing that somebody writes again at once."""
        for number, mover in enumerate(self.movers):
            for b, release in enumerate(mover.releases):
                for name, deal in release.data.items() if release else ():
                    if deal.migrates is not None and release is not None:
                        for writer in self.contracts.components.values():
                            if writer.name != mover.name:
                                self._stops(number, b, release, name, writer)

    def _stops(self, number: int, b: int, release: Release, name: str, writer: ComponentContract) -> None:
        mover, facts = self.movers[number], self.contracts.facts
        other = self.index.get(writer.name)
        writing = self.movers[other].releases if other is not None else (writer.current,)
        for a, found in enumerate(writing):
            answer = would_write_again(writer.name, found, mover.name, release, name, facts)
            if answer.holds:
                continue
            sentence = f"{mover.name} {release.version} leaves no {name} {release.data[name].migrates}"
            mask = self._bit(MIGRATES, mover.name, release, name, sentence, release.data[name].location)
            if other is None:
                self._always(number, b, mask)
            else:
                # Only at the moment of the migration: later somebody may well write it again.
                self._mark(number, other, b, a, mask, runs_on=True)

    def _orders(self) -> tuple[tuple[int, int, int], ...]:
        joined = {(link.consumer.name, link.provider.name) for link in self.links if link.kind == INTERFACE}
        return tuple(
            (
                self.index[pair.first],
                self.index[pair.second],
                self.register.bit(Constraint(ORDER, pair.first, None, pair.second, pair.sentence, pair.location)),
            )
            for pair in order_pairs(self.whole, joined)
        )

    def _gives(self, release: Release | None) -> int:
        """The requirements that are about an interface which a release offers."""
        offered = {*release.provides, *release.uncertain_provides} if release else set()
        ranges = enumerate(self.register.constraints)
        return sum(1 << index for index, c in ranges if c.kind == RANGE and c.about in offered)

    def _bare(self, mover: Mover) -> int:
        """The requirements of a mover that name no provider."""
        named = {(r.version, i) for r in mover.releases if r for i, need in r.consumes.items() if need.provider}
        return sum(
            1 << index
            for index, c in enumerate(self.register.constraints)
            if c.kind == RANGE and c.component == mover.name and (c.version, c.about) not in named
        )

    def _goal(self, component: ComponentContract) -> int:
        assert component.target is not None
        sentence = f"{component.name} has to get to {component.target.version}"
        return self._bit(TARGET, component.name, component.target, "", sentence, component.location)

    def _bit(self, kind: str, name: str, release: Release, about: str, sentence: str, location: str) -> int:
        return self.register.bit(Constraint(kind, name, release.version, about, sentence, location))


def _frozen(grid: Grid) -> tuple[tuple[int, ...], ...]:
    return tuple(map(tuple, grid))
