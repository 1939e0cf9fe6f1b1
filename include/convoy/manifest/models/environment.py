"""``kind: Environment``: a place plus its rules."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from convoy.manifest.models.base import ApiVersion, Duration, Model, Name, Version
from convoy.manifest.models.system import Defaults


class ProcessesTarget(Model):
    """Operating-system processes on this machine, kept by supervisor."""

    kind: Literal["processes"] = Field(description="The target kind.")
    root: str | None = Field(
        None, description="Folder of the environment. Default: environments/<name> in Convoy's state folder."
    )


class WebhookTarget(Model):
    """A deployment system behind HTTP, with the contract of docs/targets/webhook.md."""

    kind: Literal["webhook"] = Field(description="The target kind.")
    connection: str = Field(
        min_length=1,
        description="Airflow connection (type http) with the address and, if needed, a bearer token as password.",
    )
    timeout: Duration = Field(10.0, gt=0, description="Time allowed for one request.")


class CommandTarget(Model):
    """A deployment system behind a program, with the contract of docs/targets/command.md."""

    kind: Literal["command"] = Field(description="The target kind.")
    command: list[str] = Field(
        min_length=1,
        description="Program and leading arguments; the verb is appended, the request comes on standard input.",
    )
    directory: str | None = Field(None, description="Working directory, relative to the manifest file.")
    connection: str | None = Field(
        None, description="Airflow connection whose password the program gets as CONVOY_SECRET."
    )
    timeout: Duration = Field(60.0, gt=0, description="Time allowed for one call.")


def _target_kind(value: Any) -> str:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind if kind in ("processes", "webhook", "command") else "processes"


TargetConfig = Annotated[
    Annotated[ProcessesTarget, Tag("processes")]
    | Annotated[WebhookTarget, Tag("webhook")]
    | Annotated[CommandTarget, Tag("command")],
    Discriminator(_target_kind),
]


class PrometheusSignals(Model):
    """Where PromQL is answered."""

    connection: str | None = Field(None, description="Airflow connection (type http), if a login is needed.")
    url: str | None = Field(None, pattern=r"^https?://[^@]*$", description="Address without credentials.")
    timeout: Duration = Field(10.0, gt=0, description="Time allowed for one query.")


class OpenMetricsSignals(Model):
    """How replicas are scraped."""

    path: str = Field("/metrics", pattern=r"^/", description="Path of the metrics on each replica.")
    timeout: Duration = Field(5.0, gt=0, description="Time allowed for one scrape.")


class Signals(Model):
    """Where the gates get their numbers."""

    prometheus: PrometheusSignals | None = Field(None, description="A Prometheus server.")
    openmetrics: OpenMetricsSignals = Field(OpenMetricsSignals(), description="Scraping the replicas themselves.")


class Limits(Model):
    """Bounds on what may happen at the same time."""

    max_parallel: int | None = Field(None, ge=1, description="How many batches may be in transit at once.")


class Environment(Model):
    """A place plus its rules."""

    api_version: ApiVersion = Field(description="The version of the manifest format.")
    kind: Literal["Environment"] = Field(description="The manifest kind.")
    name: Name = Field(description="Unique name of the environment.")
    description: str | None = Field(None, description="What it is for.")
    target: TargetConfig = Field(description="Where components run.")
    signals: Signals = Field(Signals(), description="Where the gates get their numbers.")
    versions: dict[Name, Version] = Field(
        {}, description="Versions of components that a rollout does not change, where contracts touch them."
    )
    limits: Limits = Field(Limits(), description="Bounds on what may happen at once.")
    defaults: Defaults = Field(Defaults(), description="Defaults for every component here.")
