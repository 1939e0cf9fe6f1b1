"""Ways to the wanted versions by trying everything: every state, every move. Knows no tables, bounds and parts."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from itertools import combinations, count, product

from convoy.manifest.versions import in_range, scheme_of
from convoy.planning.contracts import Contracts, Release

Versions = tuple["str | None", ...]
"""The version of each changing component, in the order of their names."""
Stored = frozenset[tuple[str, str]]
"""Formats of data with the versions that are stored."""


class EveryState:
    """All states of a change set with versions in between. ``goals``: who has to get to its target, by default all;
    ``orders``: pairs of components of which the first must not get there before the second.
    ``watched``: component, version and format of the migrations whose work nobody may undo, by default all."""

    def __init__(
        self,
        contracts: Contracts,
        goals: frozenset[str] | None = None,
        orders: frozenset[tuple[str, str]] = frozenset(),
        watched: frozenset[tuple[str, str | None, str]] | None = None,
    ) -> None:
        self.contracts = contracts
        self.components = contracts.components
        self.changing = contracts.changing
        self.goals = frozenset(self.changing) if goals is None else goals
        self.orders = orders
        self.watched = watched
        self.refuted = {r.pair for r in contracts.verifications if r.result == "refuted"}
        self.vouched = {r.pair for r in contracts.verifications if r.result != "refuted"} - self.refuted
        self.offered = {i for c in self.components.values() for r in c.releases for i in r.provides}

    # --- ways ------------------------------------------------------------------------------------------------

    def fewest_moves(self) -> tuple[int, bool] | None:
        """The least number of component changes in which every goal is reached, and whether it takes no detour; None if
        nothing does."""
        for onward in (True, False):
            found = self._fewest(onward)
            if found is not None:
                return found, onward
        return None

    def reachable(self) -> bool:
        """Whether there is a way at all, detours allowed."""
        return self._fewest(onward=False) is not None

    def _fewest(self, onward: bool) -> int | None:
        start: Versions = tuple(self.components[name].from_version for name in self.changing)
        number = count()
        queue: list[tuple[int, int, Versions, Stored]] = [(0, next(number), start, self.written(self.live(start)))]
        seen: set[tuple[Versions, Stored]] = set()
        while queue:
            cost, _, versions, stored = heapq.heappop(queue)
            if (versions, stored) in seen:
                continue
            seen.add((versions, stored))
            if all(
                version == self.components[name].to_version
                for name, version in zip(self.changing, versions, strict=True)
                if name in self.goals
            ):
                return cost
            for following, after, size in self.moves(versions, stored, onward):
                heapq.heappush(queue, (cost + size, next(number), following, after))
        return None

    def moves(self, versions: Versions, stored: Stored, onward: bool) -> Iterator[tuple[Versions, Stored, int]]:
        """Every state that one move leads to, what is stored then, and how many components moved."""
        for size in range(1, len(self.changing) + 1):
            for places in combinations(range(len(self.changing)), size):
                names = [self.changing[place] for place in places]
                before = [versions[place] for place in places]
                if size > 1 and not all(self.at_once(name, old) for name, old in zip(names, before, strict=True)):
                    continue
                down = all(
                    old is None or self.components[name].strategy == "recreate"
                    for name, old in zip(names, before, strict=True)
                )
                choices = [
                    [v for v in self.choices(n) if self.may_go(n, old, v, onward)]
                    for n, old in zip(names, before, strict=True)
                ]
                for wanted in product(*choices):
                    migrates = any(self.migrates(n, v) for n, v in zip(names, wanted, strict=True))
                    if size > 1 and migrates and not down:
                        continue
                    following = list(versions)
                    for place, version in zip(places, wanted, strict=True):
                        following[place] = version
                    after = self.stored_after(stored, dict(zip(names, wanted, strict=True)))
                    if self.legal(versions, tuple(following), stored):
                        yield tuple(following), after, size

    def choices(self, name: str) -> list[str]:
        return sorted({str(r.version) for r in self.components[name].releases})

    def may_go(self, name: str, old: str | None, new: str, onward: bool) -> bool:
        """Whether the direction is right, and whether the version can follow."""
        component = self.components[name]
        if old == new:
            return False
        parse = scheme_of(component.scheme).parse
        target, live = parse(str(component.to_version)), component.from_version
        there = parse(new)
        if live is None:
            straight = there <= target and (old is None or parse(old) < there)
        elif parse(live) <= target:
            straight = old is not None and parse(old) < there <= target
        else:
            straight = old is not None and parse(old) > there >= target
        release, before = self.release(name, new), self.release(name, old)
        if onward and not straight:
            return False
        if before is not None and not before.reversible and there < parse(str(old)):
            return False
        assert release is not None
        allowed = release.upgrades_from
        return allowed is None or old is None or in_range(allowed, old)

    # --- what is safe ----------------------------------------------------------------------------------------

    def legal(self, old: Versions, new: Versions, stored: Stored) -> bool:
        """Whether a move passes through safe states only; what it does not touch is excused."""
        moved = {n for n, a, b in zip(self.changing, old, new, strict=True) if a != b}
        before, after = self.live(old), self.live(new)
        for name in moved:
            release = after[name]
            assert release is not None
            if any(i not in self.offered and not r.optional for i, r in release.consumes.items()):
                return False
            if not self.gets_on(name, release, name, release):
                return False
            if not self.at_once(name, before[name].version if before[name] else None):
                assert before[name] is not None
                if not self.side_by_side(name, before[name], release):
                    return False
            releases = {n: str(r.version) for n in moved if (r := after[n]) is not None}
            if not self.reads_all(release, self.left_for(name, before[name], stored, releases)):
                return False
            for format_name, deal in release.data.items():
                if self.watched is not None and (name, release.version, format_name) not in self.watched:
                    continue
                for other, found in after.items():
                    if deal.migrates is None or other == name or found is None or format_name not in found.data:
                        continue
                    now = found.data[format_name].writes
                    if now is not None and in_range(deal.migrates, now):
                        return False
        return self.pairs_get_on(before, after, moved) and self.in_order(after, moved)

    def in_order(self, after: Mapping[str, Release | None], moved: set[str]) -> bool:
        for first, second in self.orders:
            done, other = after[first], after[second]
            arrives = first in moved and done is not None and done.version == self.components[first].to_version
            if arrives and (other is None or other.version != self.components[second].to_version):
                return False
        return True

    def pairs_get_on(
        self, before: Mapping[str, Release | None], live: Mapping[str, Release | None], touched: set[str]
    ) -> bool:
        """Whether everything that was touched works with everything that is there."""
        for one, other in product(live, repeat=2):
            touches = one != other and not touched.isdisjoint((one, other))
            stays = one not in touched
            if touches and not self.gets_on(one, live[one], other, live[other], stays, before[other]):
                return False
        return True

    def gets_on(
        self,
        one: str,
        first: Release | None,
        other: str,
        second: Release | None,
        runs_on: bool = False,
        was: Release | None = None,
        blame: bool = True,
    ) -> bool:
        """Whether one works with the other. ``runs_on``: it is not started anew. Then, and without ``blame``, the other
        one, which ``was`` another release before, is only blamed for the lack of what it offered then."""
        if first is None:
            return True
        interface = f"i-{other}"
        requirement = first.consumes.get(interface)
        if requirement is not None and interface in self.offered and not (runs_on and requirement.startup):
            offer = second.provides.get(interface) if second else None
            vouched = second is not None and (one, first.version, other, second.version) in self.vouched
            if offer is None:
                lost = was is not None and interface in was.provides
                if not requirement.optional and (lost or (blame and not runs_on)):
                    return False
            elif requirement.range == "verified":
                if not vouched:
                    return False
            elif not in_range(requirement.range, offer):
                return False
        if second is None:
            return True
        for name, deal in first.data.items():
            written = second.data[name].writes if name in second.data else None
            if deal.reads is not None and written is not None and not in_range(deal.reads, written):
                return False
        if (one, first.version, other, second.version) in self.refuted:
            return False
        excluded = first.incompatible.get(other)
        return excluded is None or not in_range(excluded.range, str(second.version))

    def side_by_side(self, name: str, old: Release, new: Release) -> bool:
        able = in_range(new.coexists, str(old.version)) if isinstance(new.coexists, str) else new.coexists
        mixed = self.gets_on(name, old, name, new, was=old, blame=False)
        return able and mixed and self.gets_on(name, new, name, old)

    def migrates(self, name: str, version: str) -> bool:
        release = self.release(name, version)
        return release is not None and any(deal.migrates for deal in release.data.values())

    def left_for(self, name: str, before: Release | None, stored: Stored, moved: Mapping[str, str]) -> Stored:
        """What one that moves has to read: also what it migrates itself, unless it is down for that."""
        down = before is not None and self.components[name].strategy == "recreate"
        others = {n: v for n, v in moved.items() if n != name or down}
        return self.stored_after(stored, others) | self.written({n: self.release(n, v) for n, v in moved.items()})

    def reads_all(self, release: Release, stored: Stored) -> bool:
        return all(
            name not in release.data or (text := release.data[name].reads) is None or in_range(text, version)
            for name, version in stored
        )

    def at_once(self, name: str, old: str | None) -> bool:
        return old is None or self.components[name].strategy in ("recreate", "blueGreen")

    # --- states ----------------------------------------------------------------------------------------------

    def release(self, name: str, version: str | None) -> Release | None:
        if version is None:
            return None
        return next(r for r in self.components[name].releases if r.version == version)

    def live(self, versions: Versions) -> dict[str, Release | None]:
        found = {name: component.current for name, component in self.components.items()}
        return found | {n: self.release(n, v) for n, v in zip(self.changing, versions, strict=True)}

    def written(self, live: Mapping[str, Release | None]) -> Stored:
        return frozenset(
            (name, deal.writes) for r in live.values() if r for name, deal in r.data.items() if deal.writes is not None
        )

    def stored_after(self, stored: Stored, moved: Mapping[str, str]) -> Stored:
        releases = {name: self.release(name, version) for name, version in moved.items()}
        removed = {
            (name, version)
            for name, version in stored
            for r in releases.values()
            if r and name in r.data and (text := r.data[name].migrates) is not None and in_range(text, version)
        }
        return (stored - removed) | self.written(releases)
