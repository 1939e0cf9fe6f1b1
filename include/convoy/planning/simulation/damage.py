"""The damage that faults do: the integral over time of who is exposed to them, in weight-seconds.

A component of weight 3 that fails for 10 seconds altogether, or a tenth of it for 100 seconds, is a damage of 30. Where
several faults harm one component at the same moment, the largest exposure counts, not the sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Source:
    """A faulty component in a batch (by number). ``steps``: from which time on which share of it is exposed, growing.
    ``harms``: what fails with it, each with its weight."""

    batch: int
    steps: tuple[tuple[float, float], ...]
    harms: Mapping[str, float]


def damage(sources: Sequence[Source], stops: Mapping[int, float]) -> float:
    """The damage in weight-seconds, each source until its batch stops."""
    if len(sources) == 1:
        (source,) = sources
        return sum(source.harms.values()) * _exposed(source, stops[source.batch])
    total = 0.0
    harmed = {name: weight for source in sources for name, weight in source.harms.items()}
    for name in sorted(harmed):
        hit = [source for source in sources if name in source.harms]
        seconds = _exposed(hit[0], stops[hit[0].batch]) if len(hit) == 1 else _together(hit, stops)
        total += harmed[name] * seconds
    return total


def _exposed(source: Source, stop: float) -> float:
    """Seconds times share until it stops."""
    ends = [*(start for start, _ in source.steps[1:]), stop]
    return sum(share * max(0.0, min(end, stop) - start) for (start, share), end in zip(source.steps, ends, strict=True))


def _together(sources: Sequence[Source], stops: Mapping[int, float]) -> float:
    """Seconds times the largest share of several sources."""
    moments = sorted(
        {start for source in sources for start, _ in source.steps} | {stops[source.batch] for source in sources}
    )
    total = 0.0
    for start, end in pairwise(moments):
        total += (end - start) * max(_share(source, start, stops[source.batch]) for source in sources)
    return total


def _share(source: Source, moment: float, stop: float) -> float:
    if moment >= stop:
        return 0.0
    return max((share for start, share in source.steps if start <= moment), default=0.0)
