"""Contract edges that a change set touches, and their cells.

A :class:`Link` joins a consumer and a provider through one interface. Each side that changes has two states, 0 for the
version that is live and 1 for the one that is wanted; a side that does not change stays at 0. A cell is one pair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from convoy.manifest.diagnostics import Diagnostic
from convoy.planning.compatibility import Answer, fits, ok
from convoy.planning.contracts import ComponentContract, Contracts, Release
from convoy.planning.errors import problem


@dataclass(frozen=True, slots=True)
class Link:
    """One contract edge."""

    consumer: ComponentContract
    provider: ComponentContract
    interface: str

    def where(self, consumer_state: int) -> str:
        """Where the requirement of the consumer in this state is written; else where the consumer is."""
        consuming = release(self.consumer, consumer_state)
        requirement = consuming.consumes.get(self.interface) if consuming else None
        return requirement.location if requirement and requirement.location else self.consumer.location

    def answer(self, consumer_state: int, provider_state: int) -> Answer:
        """Whether the two work together in this cell."""
        return ok(
            self.consumer.name,
            release(self.consumer, consumer_state),
            self.provider.name,
            release(self.provider, provider_state),
            self.interface,
        )

    def holds(self, consumer_state: int, provider_state: int) -> bool:
        """Whether the two may meet in this cell; unknown counts as no. Cheaper than the whole answer."""
        needs, offers = release(self.consumer, consumer_state), release(self.provider, provider_state)
        return fits(needs, self.provider.name, offers, self.interface) is True

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
            found = set(_providers(contracts, consumer, interface, offering[interface], problems))
            for provider in map(contracts.components.__getitem__, sorted(found)):
                if consumer.changes or provider.changes:
                    links.append(Link(consumer, provider, interface))
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
) -> Iterator[str]:
    """The providers that the consumer's releases take the interface from."""
    for consuming in _releases(consumer):
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
