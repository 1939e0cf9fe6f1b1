"""The certificate: every combination of versions that the rollout brings about, with the evidence that it works.

For each batch and each contract edge of its members there is one line per cell that the batch brings about: the
member at its new version beside whatever the other end may be at. ``during X`` holds from the first touch of X on,
while X rolls and after it; ``after X`` is a cell that appears in one moment, when a lockstep batch or a component that
replaces itself at once has switched. The combination that is live before anything is touched has no line: the rollout
does not bring it about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from convoy.planning.compatibility import Answer
from convoy.planning.contracts import ComponentContract, Contracts
from convoy.planning.facts import Facts
from convoy.planning.feasibility import coexistence
from convoy.planning.groups import Group, Grouping
from convoy.planning.links import Link
from convoy.planning.plan import Cell

ITSELF = "(itself)"
"""The interface of the edge between old and new replicas of one component."""


def certify(contracts: Contracts, links: tuple[Link, ...], grouping: Grouping, order: list[str]) -> tuple[Cell, ...]:
    """The cells in the order of the batches. O(edges)."""
    group_of = grouping.group_of()
    lines: dict[str, list[Cell]] = {name: [] for name in order}
    for name in contracts.changing:
        component = contracts.components[name]
        if component.current is not None and not component.switches_at_once:
            lines[group_of[name]].append(_itself(component, group_of[name], contracts.facts))
    for link in links:
        for group, cell in _cells(link, group_of, grouping.requires, grouping.groups):
            lines[group].append(cell)
    return tuple(cell for name in order for cell in lines[name])


def _itself(component: ComponentContract, group: str, facts: Facts) -> Cell:
    verdict = coexistence(component, facts)
    return Cell(
        component.name,
        component.to_version,
        component.name,
        component.from_version,
        ITSELF,
        f"during {group}",
        verdict.holds,
        verdict.evidence,
    )


def _cells(
    link: Link, group_of: Mapping[str, str], requires: Mapping[str, frozenset[str]], groups: Mapping[str, Group]
) -> Iterator[tuple[str, Cell]]:
    """The cells of one link, each with the group that brings it about."""
    consumer, provider = group_of.get(link.consumer.name), group_of.get(link.provider.name)
    if consumer is None and provider is not None:
        yield provider, _cell(link, 0, 1, f"during {provider}")
    elif provider is None and consumer is not None:
        yield consumer, _cell(link, 1, 0, f"during {consumer}")
    elif consumer is not None and provider is not None:
        lockstep = consumer == provider and groups[consumer].lockstep
        if link.consumer.switches_at_once if link.loops else lockstep:
            yield consumer, _cell(link, 1, 1, f"after {consumer}")
            return
        if provider not in requires[consumer]:
            yield consumer, _cell(link, 1, 0, f"during {consumer}")
        if consumer not in requires[provider]:
            yield provider, _cell(link, 0, 1, f"during {provider}")
        last = provider if consumer in requires[provider] else consumer
        yield last, _cell(link, 1, 1, f"during {last}")


def _cell(link: Link, consumer_state: int, provider_state: int, when: str) -> Cell:
    answer: Answer = link.answer(consumer_state, provider_state)
    return Cell(
        link.consumer.name,
        _version(link.consumer, consumer_state),
        link.provider.name,
        _version(link.provider, provider_state),
        link.label,
        when,
        answer.holds,
        answer.evidence,
    )


def _version(component: ComponentContract, state: int) -> str | None:
    return component.to_version if state else component.from_version
