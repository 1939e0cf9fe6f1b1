"""Who uses whom, over the whole catalog: what the blast radius is computed from.

A use is hard where the consumer fails without the provider: a required interface, or a required dependency. Where
either says that it is optional, the consumer serves less. What is needed only at the start affects nobody that runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from convoy.planning.contracts import Use
from convoy.planning.sources import Source


def uses_of(sources: Mapping[str, Source], changing: Iterable[str]) -> tuple[Use, ...]:
    """Every use on a chain that ends at one of these components, sorted."""
    consumers: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    for consumer, provider, hard in _all_uses(sources):
        consumers[provider][consumer] = consumers[provider].get(consumer, False) or hard
    reached = set(changing)
    pending = list(reached)
    while pending:
        for consumer in consumers[pending.pop()]:
            if consumer not in reached:
                reached.add(consumer)
                pending.append(consumer)
    return tuple(
        Use(consumer, provider, hard)
        for provider in sorted(reached)
        for consumer, hard in sorted(consumers[provider].items())
    )


def weights_of(sources: Mapping[str, Source], uses: Iterable[Use], changing: Iterable[str]) -> dict[str, float]:
    """The weights of everything affected, where they are not 1."""
    affected = {*changing, *(use.consumer for use in uses)}
    weights = {name: sources[name].component.weight for name in sorted(affected) if name in sources}
    return {name: weight for name, weight in weights.items() if weight != 1.0}


def _all_uses(sources: Mapping[str, Source]) -> Iterator[tuple[str, str, bool]]:
    providers: defaultdict[str, set[str]] = defaultdict(set)
    for name, source in sources.items():
        for part in source.parts():
            for interface in part.provides:
                providers[interface].add(name)
    for name, source in sources.items():
        for dependency in source.component.depends_on:
            if not dependency.startup and dependency.name != name:
                yield name, dependency.name, dependency.required
        for part in source.parts():
            for interface, requirement in part.consumes.items():
                if requirement.startup:
                    continue
                named = {requirement.component} if requirement.component else providers[interface]
                for provider in named - {name, None}:
                    yield name, str(provider), not requirement.optional
