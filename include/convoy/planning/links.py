"""Contract edges that a change set touches, and their cells.

A :class:`Link` joins a consumer and a provider through one interface. Each side that changes has two states, 0 for the
version that is live and 1 for the one that is wanted; a side that does not change stays at 0. A cell is one pair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from convoy.manifest.diagnostics import Diagnostic
from convoy.planning.compatibility import Answer, ok
from convoy.planning.contracts import ComponentContract, Contracts, Release
from convoy.planning.errors import problem


@dataclass(frozen=True)
class Link:
    """One contract edge. ``location`` is where the consumer's requirement is written."""

    consumer: ComponentContract
    provider: ComponentContract
    interface: str
    location: str = ""

    def answer(self, consumer_state: int, provider_state: int) -> Answer:
        """Whether the two work together in this cell."""
        return ok(
            self.consumer.name,
            release(self.consumer, consumer_state),
            self.provider.name,
            release(self.provider, provider_state),
            self.interface,
        )

    @property
    def loops(self) -> bool:
        """Whether a component consumes from itself: its old and new replicas are peers."""
        return self.consumer.name == self.provider.name


def release(component: ComponentContract, state: int) -> Release | None:
    """The release of a component in a state. None: it does not exist."""
    return component.target if state else component.current


def touched_links(contracts: Contracts) -> tuple[list[Link], list[Diagnostic]]:
    """Every contract edge with at least one end that changes, in a stable order, and what cannot be resolved."""
    offering = _offering(contracts)
    links: list[Link] = []
    problems: list[Diagnostic] = []
    for name in sorted(contracts.components):
        consumer = contracts.components[name]
        for interface in sorted({i for r in _releases(consumer) for i in (*r.consumes, *r.uncertain_consumes)}):
            found: dict[str, str] = {}
            for provider, location in _providers(contracts, consumer, interface, offering[interface], problems):
                found.setdefault(provider, location)
            for provider, location in sorted(found.items()):
                if consumer.changes or contracts.components[provider].changes:
                    links.append(Link(consumer, contracts.components[provider], interface, location))
    return links, problems


def _releases(component: ComponentContract) -> Iterator[Release]:
    return (r for r in (component.current, component.target) if r is not None)


def _offering(contracts: Contracts) -> defaultdict[str, list[str]]:
    offering: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(contracts.components):
        offered = {i for r in _releases(contracts.components[name]) for i in (*r.provides, *r.uncertain_provides)}
        for interface in offered:
            offering[interface].append(name)
    return offering


def _providers(
    contracts: Contracts,
    consumer: ComponentContract,
    interface: str,
    offering: list[str],
    problems: list[Diagnostic],
) -> Iterable[tuple[str, str]]:
    """The providers that the consumer's releases take the interface from, each with where that is written."""
    for consuming in _releases(consumer):
        requirement = consuming.consumes.get(interface)
        who = f"{consumer.name} {consuming.version or ''}".strip()
        if requirement is None:
            if interface in consuming.uncertain_consumes:
                # Any of the providers may be meant.
                yield from ((p, consumer.location) for p in offering if p != consumer.name)
            continue
        location = requirement.location or consumer.location
        if requirement.provider is not None:
            if requirement.provider in contracts.components:
                yield requirement.provider, location
            else:
                problems.append(
                    problem(
                        f"{who} takes {interface} from {requirement.provider}, which is no component",
                        "name the component that provides it",
                        location,
                    )
                )
        elif len(offering) == 1:
            yield offering[0], location
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
