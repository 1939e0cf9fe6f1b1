"""Every link that a change set touches: with at least one end that changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from convoy.manifest.diagnostics import Diagnostic
from convoy.planning.contracts import ComponentContract, Contracts, Release
from convoy.planning.errors import problem
from convoy.planning.links import DATA_LINK, EXCLUSION, KEPT, LEFT, MIGRATION, RECORD, Link

Releases = Callable[[ComponentContract], Iterable[Release]]
"""Which releases of a component count."""


def both_ends(component: ComponentContract) -> list[Release]:
    """The releases that are live before and after the change."""
    return [r for r in (component.current, component.target) if r is not None]


def every_version(component: ComponentContract) -> list[Release]:
    """Every release that is known."""
    return list(component.releases)


def touched_links(contracts: Contracts, releases: Releases = both_ends) -> tuple[list[Link], list[Diagnostic]]:
    """Every link with at least one end that changes, in a stable order, and what cannot be resolved."""
    offering = _offering(contracts, releases)
    links: list[Link] = []
    problems: list[Diagnostic] = []
    for name in sorted(contracts.components):
        consumer = contracts.components[name]
        for interface in sorted({i for r in releases(consumer) for i in (*r.consumes, *r.uncertain_consumes)}):
            found = set(_providers(contracts, consumer, interface, offering[interface], problems, releases))
            for provider in map(contracts.components.__getitem__, sorted(found)):
                if consumer.changes or provider.changes:
                    links.append(Link(consumer, provider, interface, contracts.facts))
    links += _data_links(contracts, releases)
    links += _exclusions(contracts, releases)
    return links, problems


def _offering(contracts: Contracts, releases: Releases) -> defaultdict[str, list[str]]:
    offering: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(contracts.components):
        for interface in {
            i for r in releases(contracts.components[name]) for i in (*r.provides, *r.uncertain_provides)
        }:
            offering[interface].append(name)
    return offering


def _providers(
    contracts: Contracts,
    consumer: ComponentContract,
    interface: str,
    offering: list[str],
    problems: list[Diagnostic],
    releases: Releases,
) -> Iterator[str]:
    """The providers that the consumer's releases take the interface from."""
    for consuming in releases(consumer):
        requirement = consuming.consumes.get(interface)
        who = f"{consumer.name} {consuming.version or ''}".strip()
        if requirement is None:
            if interface in consuming.uncertain_consumes:
                # Any of the providers may be meant.
                yield from (p for p in offering if p != consumer.name)
            continue
        location = requirement.location or consumer.location
        if requirement.provider is not None:
            if requirement.provider in contracts.components:
                yield requirement.provider
            else:
                problems.append(
                    problem(
                        f"{who} takes {interface} from {requirement.provider}, which is no component",
                        "name the component that provides it",
                        location,
                    )
                )
        elif len(offering) == 1:
            yield offering[0]
        elif offering:
            if consumer.changes or any(contracts.components[p].changes for p in offering):
                problems.append(
                    problem(
                        f"{who} needs {interface} {requirement.range}, and {', '.join(offering)} all provide it",
                        f"say which: {interface}: {{range: '{requirement.range}', from: {offering[0]}}}",
                        location,
                    )
                )
        elif consuming is consumer.target and not requirement.optional:
            problems.append(
                problem(
                    f"{who} needs {interface} {requirement.range}, and no component provides it",
                    f"add `provides: {{{interface}: <version>}}` to the component that does, "
                    "or mark the requirement `optional: true`",
                    location,
                )
            )


@dataclass
class _Users:
    """Who deals with a format of data in which way, by name."""

    readers: list[ComponentContract]
    writers: list[ComponentContract]
    migrations: list[ComponentContract]


def _data_links(contracts: Contracts, releases: Releases) -> Iterator[Link]:
    formats: dict[str, _Users] = {}
    for name in sorted(contracts.components):
        component = contracts.components[name]
        for subject in sorted({s for r in releases(component) for s in (*r.data, *r.uncertain_data)}):
            users = formats.setdefault(subject, _Users([], [], []))
            deals = [r.data[subject] for r in releases(component) if subject in r.data]
            unclear = any(subject in r.uncertain_data for r in releases(component))
            if unclear or any(d.reads is not None for d in deals):
                users.readers.append(component)
            if unclear or any(d.writes is not None for d in deals):
                users.writers.append(component)
            target = component.target.data.get(subject) if component.target else None
            if target is not None and target.migrates is not None:
                users.migrations.append(component)
    for subject in sorted(formats):
        yield from _around(contracts, subject, formats[subject])


def _around(contracts: Contracts, subject: str, users: _Users) -> Iterator[Link]:
    facts = contracts.facts
    for reader in users.readers:
        for writer in users.writers:
            if reader.changes or writer.changes:
                yield Link(reader, writer, subject, facts, DATA_LINK)
            before = tuple(stored_before([writer], subject))
            removing = [m for m in users.migrations if _counts(m, reader)]
            if (
                reader.changes
                and writer.changes
                and before
                and not _removed(contracts, removing, subject, before[0][0])
            ):
                yield Link(reader, writer, subject, facts, KEPT, before)
        for migration in users.migrations if reader.changes else ():
            removes = migration.target.data[subject].migrates if migration.target else None
            stored = stored_before(users.writers, subject)
            left = tuple(item for item in stored if removes and facts.inside(subject, removes, item[0]))
            # Where several migrations remove the same versions, the reader waits for all of them.
            if left and reader is not migration:
                yield Link(reader, migration, subject, facts, LEFT, left)
    for migration in users.migrations:
        for writer in users.writers:
            if writer is not migration:
                yield Link(writer, migration, subject, facts, MIGRATION)


def _counts(migration: ComponentContract, reader: ComponentContract) -> bool:
    """Whether a migration can be done before a reader reads. What migrates for itself can do so only while it is
    stopped; replicas that come one by one read before the last of them has migrated."""
    return migration is not reader or (reader.current is not None and reader.strategy == "recreate")


def _removed(contracts: Contracts, migrations: Iterable[ComponentContract], subject: str, version: str) -> bool:
    """Whether one of these migrations leaves nothing in this version of a format."""
    removing = (m.target.data[subject].migrates for m in migrations if m.target)
    return any(text and contracts.facts.inside(subject, text, version) for text in removing)


def stored_before(writers: Iterable[ComponentContract], subject: str) -> Iterator[tuple[str, str]]:
    """The versions of a format that live releases write, each with the name of the writer."""
    for writer in writers:
        contract = writer.current.data.get(subject) if writer.current else None
        if contract is not None and contract.writes is not None:
            yield contract.writes, f"{writer.name} {writer.from_version or ''}".strip()


def _exclusions(contracts: Contracts, releases: Releases) -> Iterator[Link]:
    facts = contracts.facts
    for name in sorted(contracts.components):
        component = contracts.components[name]
        for other_name in sorted({other for r in releases(component) for other in r.incompatible}):
            other = contracts.components.get(other_name)
            if other is not None and (component.changes or other.changes):
                yield Link(component, other, "", facts, EXCLUSION)
    refuted = {(r.consumer, r.provider) for r in contracts.verifications if r.result == "refuted"}
    for one, two in sorted(refuted):
        ends = contracts.components.get(one), contracts.components.get(two)
        if ends[0] is not None and ends[1] is not None and (ends[0].changes or ends[1].changes):
            yield Link(ends[0], ends[1], "", facts, RECORD)
