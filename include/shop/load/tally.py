"""Counting: what visitors got, by phase, by route and status, and who was to blame."""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One request. ``status`` is the HTTP status or the word for a failed connection; ``blamed`` is the component that
    the shop itself names as the cause; ``seconds`` is until the whole answer."""

    phase: str
    route: str
    status: str
    seconds: float
    blamed: str | None = None

    @property
    def served(self) -> bool:
        """Whether the visitor got what was wanted: a 2xx answer. Everything else is a failure."""
        return len(self.status) == 3 and self.status.startswith("2")


class Tally:
    """Adds samples up. Keeps every duration (8 bytes each), so that the percentiles are exact."""

    def __init__(self) -> None:
        self._seconds: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self._failed: Counter[str] = Counter()
        self._routes: dict[str, Counter[str]] = defaultdict(Counter)
        self._blamed: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, sample: Sample) -> None:
        """Count one request."""
        self._seconds[sample.phase].append(sample.seconds)
        self._routes[sample.route][sample.status] += 1
        if not sample.served:
            self._failed[sample.phase] += 1
            self._blamed[sample.phase][sample.blamed or "unknown"] += 1

    @property
    def requests(self) -> int:
        """How many requests there were."""
        return sum(map(len, self._seconds.values()))

    @property
    def failed(self) -> int:
        """How many of them failed."""
        return sum(self._failed.values())

    def summary(self) -> dict[str, Any]:
        """Everything, as JSON. Phases stand in the order of their first request; durations are seconds."""
        everything = array("d")
        for seconds in self._seconds.values():
            everything.extend(seconds)
        return {
            "requests": self.requests,
            "served": self.requests - self.failed,
            "failed": self.failed,
            **_percentiles(everything),
            "phases": {
                phase: {
                    "requests": len(seconds),
                    "failed": self._failed[phase],
                    "blamed": dict(self._blamed[phase].most_common()) if phase in self._blamed else {},
                    **_percentiles(seconds),
                }
                for phase, seconds in self._seconds.items()
            },
            "routes": {route: dict(sorted(statuses.items())) for route, statuses in sorted(self._routes.items())},
        }


def _percentiles(seconds: Iterable[float]) -> dict[str, float | None]:
    ordered = sorted(seconds)
    return {name: _percentile(ordered, share) for name, share in (("p50", 0.5), ("p95", 0.95))}


def _percentile(ordered: list[float], share: float) -> float | None:
    """The nearest-rank percentile; None of nothing."""
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 4) if ordered else None
