"""The registry of signal providers."""

from __future__ import annotations

import pytest

from convoy.manifest.models.environment import OpenMetricsSignals, PrometheusSignals
from convoy.signals import UnknownProvider, open_provider
from convoy.signals.openmetrics import OpenMetricsProvider
from convoy.signals.prometheus import PrometheusProvider


def test_providers_open_with_the_dumped_settings_of_an_environment() -> None:
    prometheus = PrometheusSignals.model_validate({"url": "http://127.0.0.1:9090", "timeout": "3s"})
    for mode in ("python", "json"):
        assert isinstance(open_provider("prometheus", prometheus.model_dump(mode=mode)), PrometheusProvider)
        assert isinstance(open_provider("openmetrics", OpenMetricsSignals().model_dump(mode=mode)), OpenMetricsProvider)


def test_an_unknown_provider_is_an_error_with_the_closest_name() -> None:
    with pytest.raises(UnknownProvider, match="'promethius'; did you mean prometheus"):
        open_provider("promethius", {})


def test_an_unknown_provider_without_a_close_name_is_an_error_that_lists_all() -> None:
    with pytest.raises(UnknownProvider, match="there are prometheus and openmetrics"):
        open_provider("zabbix", {})
