"""Which Airflow the commands talk to."""

from __future__ import annotations

import os

import click

from convoy.cli.airflow_api import AirflowApi
from convoy.cli.places import home


def api_session() -> AirflowApi:
    """The Airflow at ``$CONVOY_AIRFLOW_URL`` (with ``$CONVOY_AIRFLOW_USER`` and ``$CONVOY_AIRFLOW_PASSWORD``), else the
    embedded one of the state folder. Raises a click error where neither is there."""
    url = os.environ.get("CONVOY_AIRFLOW_URL")
    if url:
        user, password = os.environ.get("CONVOY_AIRFLOW_USER"), os.environ.get("CONVOY_AIRFLOW_PASSWORD")
        if not user or not password:
            raise click.UsageError("CONVOY_AIRFLOW_URL is set: set CONVOY_AIRFLOW_USER and CONVOY_AIRFLOW_PASSWORD too")
        return AirflowApi(url, user, password)
    from convoy.embedded import Embedded, EmbeddedError

    embedded = Embedded(home())
    try:
        return AirflowApi(embedded.url, embedded.user, embedded.password)
    except EmbeddedError as error:
        raise click.ClickException(str(error)) from error
