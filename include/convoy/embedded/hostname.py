"""The name under which this machine's components record themselves in Airflow."""

from __future__ import annotations


def loopback() -> str:
    """Called by Airflow (``[core] hostname_callable``). The machine's own name may resolve slowly or to elsewhere."""
    return "localhost"
