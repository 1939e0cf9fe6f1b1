"""The checker's own reading of the contracts: which pairs of components can disagree, and whether they do.

Written from the theory and not from the planner: it knows no links, arcs or states of a search. For each pair that can
disagree about something there is a :class:`Pair`, which looks up for a combination of versions whether they work
together. What is not known does not work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from convoy.manifest.versions import SchemeSpec, in_range
from convoy.planning.contracts import ComponentContract, Contracts, DataContract, Release

State = tuple[int, int]
Works = Callable[[State], bool]


@dataclass(frozen=True)
class Pair:
    """Two components and what they can disagree about. ``works`` takes which end is new (1) and which is old (0)."""

    consumer: ComponentContract
    provider: ComponentContract
    about: str
    works: Works


def at(component: ComponentContract, state: int) -> Release | None:
    """The release of a component before (0) and after (1)."""
    return (component.current, component.target)[state]


def all_pairs(contracts: Contracts) -> Iterator[Pair]:
    """Every pair with an end that changes, once per subject."""
    reader = _Reader(contracts)
    yield from reader.interfaces()
    yield from reader.data()
    yield from reader.exclusions()
    yield from reader.refutations()


def unresolved(contracts: Contracts) -> list[str]:
    """Requirements of a new version that nobody meets, or where it is not clear who does."""
    found = []
    offered = _offered(contracts)
    for consumer in contracts.components.values():
        for release in _both(consumer):
            for interface, requirement in release.consumes.items():
                candidates = offered.get(interface, set())
                if requirement.provider is not None:
                    if requirement.provider not in contracts.components:
                        found.append(f"{consumer.name} takes {interface} from {requirement.provider}, which is unknown")
                elif not candidates:
                    if release is consumer.target and not requirement.optional:
                        found.append(f"{consumer.name} needs {interface}, and nothing provides it")
                elif len(candidates) > 1:
                    changing = consumer.target or any(contracts.components[c].target for c in candidates)
                    if changing:
                        found.append(f"{consumer.name} needs {interface}, and it is not clear from whom")
    return found


def serves_beside_itself(component: ComponentContract, contracts: Contracts) -> bool:
    """Whether old and new replicas of a changing component may run side by side."""
    old, new = component.current, component.target
    if old is None or new is None or isinstance(new.coexists, bool):
        return new is None or new.coexists is not False
    return old.version is not None and within(new.coexists, old.version, component.scheme)


def goes_back(component: ComponentContract) -> bool:
    """Whether a change leads to an earlier version, or may: where the versions cannot be compared."""
    old, new = component.from_version, component.to_version
    return old is None or new is None or _compare(f"<{old}", new, component.scheme, forbidden=True) is not False


@lru_cache(maxsize=65536)
def _compare(text: str, version: str, scheme: SchemeSpec, *, forbidden: bool = False) -> bool | None:
    """Whether a version lies in a range; None where either cannot be read."""
    try:
        return in_range(text, version, scheme, prereleases=forbidden)
    except ValueError:
        return None


def within(text: str, version: str, scheme: SchemeSpec) -> bool:
    """Whether a version lies in a range; what cannot be read does not."""
    return _compare(text, version, scheme) is True


def _both(component: ComponentContract) -> Iterator[Release]:
    yield from (r for r in (component.current, component.target) if r is not None)


def _offered(contracts: Contracts) -> dict[str, set[str]]:
    offered: defaultdict[str, set[str]] = defaultdict(set)
    for name, component in contracts.components.items():
        for release in _both(component):
            for interface in (*release.provides, *release.uncertain_provides):
                offered[interface].add(name)
    return offered


@dataclass
class _Format:
    """Who deals with a format of data."""

    reads: list[ComponentContract] = field(default_factory=list)
    writes: list[ComponentContract] = field(default_factory=list)
    migrates: list[ComponentContract] = field(default_factory=list)


class _Reader:
    def __init__(self, contracts: Contracts) -> None:
        self.contracts = contracts
        self.refuted = {
            (v.consumer, v.consumer_version, v.provider, v.provider_version)
            for v in contracts.verifications
            if v.result == "refuted"
        }
        self.refuted_versions: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        for consumer, consuming, provider, providing in self.refuted:
            self.refuted_versions[consumer, provider].append((consuming, providing))
        self.vouched = {
            (v.consumer, v.consumer_version, v.provider, v.provider_version)
            for v in contracts.verifications
            if v.result in ("verified", "accepted")
        } - self.refuted

    def scheme(self, subject: str) -> SchemeSpec:
        return self.contracts.schemes.get(subject, "semver")

    def moving(self, one: ComponentContract, other: ComponentContract) -> bool:
        return one.target is not None or other.target is not None

    def interfaces(self) -> Iterator[Pair]:
        offered = _offered(self.contracts)
        for consumer in self.contracts.components.values():
            ends: set[tuple[str, str]] = set()
            for release in _both(consumer):
                for interface, requirement in release.consumes.items():
                    providers = {requirement.provider} if requirement.provider else offered.get(interface, set())
                    ends |= {(provider, interface) for provider in providers}
                for interface in release.uncertain_consumes:
                    ends |= {(provider, interface) for provider in offered.get(interface, set()) - {consumer.name}}
            for name, interface in ends:
                provider = self.contracts.components.get(name)
                if provider is not None and self.moving(consumer, provider):
                    yield Pair(consumer, provider, interface, self._consumes(consumer, provider, interface))

    def _consumes(self, consumer: ComponentContract, provider: ComponentContract, interface: str) -> Works:
        def works(state: State) -> bool:
            needs, offers = at(consumer, state[0]), at(provider, state[1])
            if needs is None:
                return True
            vouched = (
                offers is not None and (consumer.name, needs.version, provider.name, offers.version) in self.vouched
            )
            if interface in needs.uncertain_consumes:
                return vouched
            requirement = needs.consumes.get(interface)
            if requirement is None or requirement.provider not in (None, provider.name):
                return True
            if requirement.startup and consumer.target is None:
                return True
            if offers is not None and interface in offers.uncertain_provides:
                return vouched
            version = offers.provides.get(interface) if offers is not None else None
            if version is None:
                return requirement.optional
            if requirement.range == "verified":
                return vouched
            return self._fits(interface, requirement.range, version, vouched)

        return works

    def _fits(self, interface: str, text: str, version: str, vouched: bool) -> bool:
        """A range that cannot be read says nothing, and then a record may."""
        known = _compare(text, version, self.scheme(interface))
        return vouched if known is None else known

    def data(self) -> Iterator[Pair]:
        formats: defaultdict[str, _Format] = defaultdict(_Format)
        for component in self.contracts.components.values():
            for name in {n for r in _both(component) for n in (*r.data, *r.uncertain_data)}:
                kinds = [r.data.get(name) for r in _both(component)]
                unclear = any(name in r.uncertain_data for r in _both(component))
                if unclear or any(k is not None and k.reads is not None for k in kinds):
                    formats[name].reads.append(component)
                if unclear or any(k is not None and k.writes is not None for k in kinds):
                    formats[name].writes.append(component)
                if component.target is not None and _deal(component.target, name).migrates is not None:
                    formats[name].migrates.append(component)
        for name, users in formats.items():
            for reader in users.reads:
                for writer in users.writes:
                    if self.moving(reader, writer):
                        yield Pair(reader, writer, f"{name} (data)", self._reads(reader, writer, name))
                if reader.target is not None:
                    yield from self._history(reader, users, name)
            for migration in users.migrates:
                for writer in users.writes:
                    if writer is not migration:
                        yield Pair(writer, migration, f"{name} (migration)", self._stops(writer, migration, name))

    def _reads(self, reader: ComponentContract, writer: ComponentContract, name: str) -> Works:
        def works(state: State) -> bool:
            reading, writing = at(reader, state[0]), at(writer, state[1])
            if reading is None or writing is None:
                return True
            if name in reading.uncertain_data or name in writing.uncertain_data:
                return False
            text, version = _deal(reading, name).reads, _deal(writing, name).writes
            return text is None or version is None or within(text, version, self.scheme(name))

        return works

    def _history(self, reader: ComponentContract, users: _Format, name: str) -> Iterator[Pair]:
        """What was written before the change is read after it, unless a migration of this change set removes it."""
        gone: defaultdict[str, list[str]] = defaultdict(list)
        for writer in users.writes:
            written = _deal(writer.current, name).writes if writer.current is not None else None
            if written is None:
                continue
            removing = [
                m for m in users.migrates if within(_deal(m.target, name).migrates or "", written, self.scheme(name))
            ]
            if reader.current is None or reader.strategy != "recreate":
                # It would have to read before its last replica has migrated.
                removing = [m for m in removing if m is not reader]
            for migration in removing:
                gone[migration.name].append(written)
            if not removing and writer.target is not None:
                yield Pair(reader, writer, f"{name} (kept)", self._copes(reader, [written], name, until_migrated=False))
        for migration in users.migrates:
            if migration is not reader and gone[migration.name]:
                copes = self._copes(reader, gone[migration.name], name, until_migrated=True)
                yield Pair(reader, migration, f"{name} (left)", copes)

    def _copes(self, reader: ComponentContract, stored: list[str], name: str, *, until_migrated: bool) -> Works:
        def works(state: State) -> bool:
            if until_migrated and state[1]:
                return True
            reading = at(reader, state[0])
            if reading is None or (not until_migrated and not state[0]):
                return True
            if name in reading.uncertain_data:
                return False
            text = _deal(reading, name).reads
            return text is None or all(within(text, version, self.scheme(name)) for version in stored)

        return works

    def _stops(self, writer: ComponentContract, migration: ComponentContract, name: str) -> Works:
        def works(state: State) -> bool:
            writing = at(writer, state[0])
            if not state[1] or writing is None:
                return True
            if name in writing.uncertain_data:
                return False
            version, removed = _deal(writing, name).writes, _deal(migration.target, name).migrates
            if version is None or removed is None:
                return True
            return _compare(removed, version, self.scheme(name), forbidden=True) is False

        return works

    def exclusions(self) -> Iterator[Pair]:
        for component in self.contracts.components.values():
            for other_name in {name for release in _both(component) for name in release.incompatible}:
                other = self.contracts.components.get(other_name)
                if other is not None and self.moving(component, other):
                    yield Pair(component, other, "(exclusion)", _apart(component, other))

    def refutations(self) -> Iterator[Pair]:
        for one_name, two_name in list(self.refuted_versions):
            one, two = self.contracts.components.get(one_name), self.contracts.components.get(two_name)
            if one is not None and two is not None and self.moving(one, two):
                yield Pair(one, two, "(record)", self._not_refuted(one, two))

    def _not_refuted(self, one: ComponentContract, two: ComponentContract) -> Works:
        about = self.refuted_versions[one.name, two.name]

        def works(state: State) -> bool:
            first, second = at(one, state[0]), at(two, state[1])
            if first is None or second is None:
                return True
            return not any(
                first.version in (None, consuming) and second.version in (None, providing)
                for consuming, providing in about
            )

        return works


def _apart(component: ComponentContract, other: ComponentContract) -> Works:
    def works(state: State) -> bool:
        release, met = at(component, state[0]), at(other, state[1])
        if release is None or met is None or other.name not in release.incompatible:
            return True
        if met.version is None:
            return False
        return _compare(release.incompatible[other.name].range, met.version, other.scheme, forbidden=True) is False

    return works


def _deal(release: Release | None, name: str) -> DataContract:
    return release.data.get(name, DataContract()) if release is not None else DataContract()
