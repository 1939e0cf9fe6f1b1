"""The blast radius: who is affected when the components that change are not there, directly and through others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from convoy.planning.contracts import Use
from convoy.planning.plan import Affected, BlastRadius


def blast_radius(uses: Iterable[Use], weights: Mapping[str, float], changing: Iterable[str]) -> BlastRadius:
    """Who is affected, nearest first, each with the shortest hard chain, or else the shortest chain. O(uses).

    A chain is as hard as its weakest use: behind a use that is not hard everybody only serves less."""
    consumers: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
    for use in uses:
        consumers[use.provider].append((use.consumer, use.hard))
    origin = tuple(sorted(changing))
    found: dict[str, Affected] = {}
    for hard in (True, False):
        layer = list(origin) if hard else sorted({*origin, *found})
        seen = {*origin, *found}
        while layer:
            following = []
            for provider in layer:
                for consumer, is_hard in sorted(consumers[provider]):
                    if consumer in seen or (hard and not is_hard):
                        continue
                    seen.add(consumer)
                    following.append(consumer)
                    before = found[provider].distance if provider in found else 0
                    found[consumer] = Affected(consumer, before + 1, provider, hard, weights.get(consumer, 1.0))
            layer = following
    affected = sorted(found.values(), key=lambda a: (a.distance, not a.hard, a.component))
    return BlastRadius(sum(weights.get(name, 1.0) for name in origin), tuple(affected))
