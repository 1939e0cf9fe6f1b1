"""Where gates get their measurements: HTTP health, Prometheus, scraped replicas."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from convoy.signals.base import Provider

PROVIDERS = ("prometheus", "openmetrics")


class UnknownProvider(ValueError):
    """There is no signal provider of this name."""


def open_provider(name: str, settings: Mapping[str, Any]) -> Provider:
    """The provider of a name, with its part of the environment's ``signals`` as JSON.

    Makes no connection yet. Raises UnknownProvider, and ValueError for settings that cannot be used.
    """
    if name == "prometheus":
        from convoy.signals.prometheus import PrometheusProvider

        return PrometheusProvider(settings)
    if name == "openmetrics":
        from convoy.signals.openmetrics import OpenMetricsProvider

        return OpenMetricsProvider(settings)
    close = difflib.get_close_matches(name, PROVIDERS, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {' and '.join(PROVIDERS)}"
    raise UnknownProvider(f"no signal provider is called {name!r}; {hint}")
