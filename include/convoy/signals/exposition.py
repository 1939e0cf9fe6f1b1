"""One scrape, parsed: the Prometheus text format and OpenMetrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import parser as text_format
from prometheus_client.openmetrics import parser as openmetrics_format

Labels = tuple[tuple[str, str], ...]
"""Sorted pairs: the identity of a series beside its name."""


class ExpositionError(ValueError):
    """The body of a scrape is not in a format that can be read, or was cut off."""


@dataclass(frozen=True)
class Exposition:
    """What one replica exposed. ``announced`` has the names of metrics that have a TYPE, with or without a series."""

    series: Mapping[str, Mapping[Labels, float]]
    announced: frozenset[str]

    def counter(self, name: str) -> str:
        """The name under which a counter is exposed: as given, or, where only that exists, with ``_total``."""
        total = f"{name}_total"
        known = name in self.series or name in self.announced
        return total if total in self.series or (not known and total in self.announced) else name


def parse(body: bytes, content_type: str) -> Exposition:
    """Parse by the content type that came with the body. Raises ExpositionError."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise ExpositionError("the metrics are not UTF-8") from None
    openmetrics = content_type.partition(";")[0].strip().lower() == "application/openmetrics-text"
    if text and not text.endswith("\n"):
        raise ExpositionError("the metrics break off in the middle of a line")
    families = (openmetrics_format if openmetrics else text_format).text_string_to_metric_families
    series: dict[str, dict[Labels, float]] = {}
    announced: set[str] = set()
    try:
        for family in families(text):
            announced.add(family.name)
            if family.type == "counter":
                announced.add(f"{family.name}_total")
            for sample in family.samples:
                labels = tuple(sorted(sample.labels.items()))
                if labels in series.setdefault(sample.name, {}):
                    raise ExpositionError(f"the metrics have a series of {sample.name} twice")
                series[sample.name][labels] = float(sample.value)
    except ExpositionError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        # The parser raises whatever its line-splitting runs into.
        raise ExpositionError(f"the metrics cannot be parsed: {str(error)[:120] or type(error).__name__}") from error
    return Exposition(series, frozenset(announced))
