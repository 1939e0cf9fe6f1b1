"""The arithmetic of scraped series: increases between two scrapes, rates, ratios, quantiles, folds. Pure.

A replica counts in an increase only if it was in both scrapes. A counter that fell says that its process started anew,
so all counters of that replica count from zero. A series that was not there in the first scrape of a replica counts
from zero too: the first error of a service is the first time that its series exists.

None means *no data*: no replica exposes the metric, or only without a label that ``where`` names (so that a misspelt
name cannot pass for "no errors"); or nothing happened that a ratio or a quantile could be made of. A metric that is
exposed, and of which no series matches, did not increase: that is zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean as mean
from typing import Any

from convoy.signals.exposition import Exposition, Labels

_STARTED = "process_start_time_seconds"
_FOLDS: dict[str, Callable[[Sequence[float]], float]] = {"max": max, "min": min, "sum": math.fsum, "avg": mean}


@dataclass(frozen=True)
class Window:
    """Two scrapes of one replica, ``seconds`` (monotonic) apart."""

    before: Exposition
    after: Exposition
    seconds: float


def rate(windows: Sequence[Window], query: Mapping[str, Any]) -> float | None:
    """Increase per second of a counter, summed over series and replicas. ``query`` is a CounterQuery as JSON.

    Raises ValueError for a ``where`` that is no regular expression."""
    found = [(_increase(window, query, [query]), window.seconds) for window in windows]
    known = [(increase, seconds) for increase, seconds in found if increase is not None and seconds > 0]
    return sum(increase / seconds for increase, seconds in known) if known else None


def ratio(windows: Sequence[Window], queries: Sequence[Mapping[str, Any]]) -> float | None:
    """Increase of the first counter over that of the second, each summed. Raises ValueError as :func:`rate` does."""
    above, below = (_total(_increase(window, query, queries) for window in windows) for query in queries)
    return None if above is None or not below else above / below


def gauge(expositions: Sequence[Exposition], query: Mapping[str, Any]) -> float | None:
    """All matching series of all replicas, folded. One NaN makes the result NaN. Raises ValueError as :func:`rate`."""
    values = [
        value
        for exposition in expositions
        for value in _matching(exposition.series.get(query["gauge"], {}), _where(query)).values()
    ]
    if not values:
        return None
    if any(math.isnan(value) for value in values):
        return math.nan
    fold = query.get("fold") or "max"
    if fold not in _FOLDS:
        raise ValueError(f"a gauge cannot be folded by {fold!r}; there are: {', '.join(_FOLDS)}")
    return float(_FOLDS[fold](values))


def quantile(windows: Sequence[Window], query: Mapping[str, Any]) -> float | None:
    """A quantile of what a histogram observed between the scrapes, over all replicas together.

    Raises ValueError for histograms whose buckets differ or have no ``+Inf``, and as :func:`rate` does."""
    name = f"{query['histogram']}_bucket"
    buckets: dict[float, float] = {}
    layouts: set[tuple[float, ...]] = set()
    for window in windows:
        before = {} if _restarted(window, [name]) else window.before.series.get(name, {})
        layout: dict[Labels, list[float]] = {}
        for labels, value in _matching(window.after.series.get(name, {}), _where(query)).items():
            bound = _bound(labels, name)
            layout.setdefault(tuple(pair for pair in labels if pair[0] != "le"), []).append(bound)
            buckets[bound] = buckets.get(bound, 0.0) + value - before.get(labels, 0.0)
        layouts |= {tuple(sorted(bounds)) for bounds in layout.values()}
    if len(layouts) > 1:
        raise ValueError(f"{name} has different buckets in different series, so they cannot be added up")
    return histogram_quantile(query["q"], buckets) if buckets else None


def histogram_quantile(q: float, buckets: Mapping[float, float]) -> float | None:
    """The quantile of cumulative buckets (upper bound to count) by linear interpolation, as PromQL's function has it.

    One difference: where the quantile lies beyond the highest finite bound, PromQL answers that bound, which would let
    a service pass that is slower than its histogram can tell. Here it is infinite. None for no observations.
    Raises ValueError where the ``+Inf`` bucket, or any other bucket, is missing.
    """
    bounds = sorted(buckets)
    if len(bounds) < 2 or bounds[-1] != math.inf:
        raise ValueError("the histogram needs a +Inf bucket and at least one more")
    if any(math.isnan(count) for count in buckets.values()):
        return math.nan
    counts: list[float] = []
    for bound in bounds:
        # The replica went on counting while it wrote its buckets: a lower bucket may be ahead of a higher one.
        counts.append(max(buckets[bound], counts[-1] if counts else 0.0))
    if counts[-1] <= 0:
        return None
    rank = q * counts[-1]
    index = next(i for i, count in enumerate(counts) if count >= rank)
    if bounds[index] == math.inf:
        return math.inf
    if index == 0 and bounds[0] <= 0:
        return bounds[0]
    start, below = (bounds[index - 1], counts[index - 1]) if index else (0.0, 0.0)
    return start + (bounds[index] - start) * (rank - below) / (counts[index] - below)


def _increase(window: Window, query: Mapping[str, Any], group: Iterable[Mapping[str, Any]]) -> float | None:
    """How much a counter of one replica grew. ``group``: the queries that have to agree on whether it restarted."""
    name = window.after.counter(query["counter"])
    if not _known(window.after, name, _where(query)):
        return None
    restarted = _restarted(window, [window.after.counter(other["counter"]) for other in group])
    before = {} if restarted else window.before.series.get(name, {})
    after = _matching(window.after.series.get(name, {}), _where(query))
    return sum(value - before.get(labels, 0.0) for labels, value in after.items())


def _total(increases: Iterable[float | None]) -> float | None:
    known = [increase for increase in increases if increase is not None]
    return sum(known) if known else None


def _restarted(window: Window, names: Iterable[str]) -> bool:
    """Whether the process behind the counters is another one than at the first scrape."""
    before, after = window.before.series, window.after.series
    if _STARTED in before and _STARTED in after and before[_STARTED] != after[_STARTED]:
        return True
    return any(
        value < before[name][labels]
        for name in names
        if name in before
        for labels, value in after.get(name, {}).items()
        if labels in before[name]
    )


def _known(exposition: Exposition, name: str, where: Mapping[str, str]) -> bool:
    """Whether zero matching series mean zero, and not a misspelt name or label."""
    series = exposition.series.get(name)
    if not series:
        return name in exposition.announced
    needed = {label for label, pattern in where.items() if not re.fullmatch(pattern, "")}
    return any(needed <= {label for label, _ in labels} for labels in series)


def _matching(series: Mapping[Labels, float], where: Mapping[str, str]) -> dict[Labels, float]:
    """The series whose labels match, each wholly; a missing label is an empty one, as in PromQL."""
    patterns = {label: re.compile(pattern) for label, pattern in where.items()}
    return {
        labels: value
        for labels, value in series.items()
        if all(pattern.fullmatch(dict(labels).get(label, "")) for label, pattern in patterns.items())
    }


def _where(query: Mapping[str, Any]) -> Mapping[str, str]:
    return query.get("where") or {}


def _bound(labels: Labels, name: str) -> float:
    text = dict(labels).get("le")
    try:
        bound = float(text) if text is not None else math.nan
    except ValueError:
        bound = math.nan
    if math.isnan(bound):
        raise ValueError(f"{name} has a bucket with le={text!r}, which is no number")
    return bound
