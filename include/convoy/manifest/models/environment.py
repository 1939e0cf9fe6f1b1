"""``kind: Environment``: a place plus its rules."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

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


class KubernetesTarget(Model):
    """A namespace of a Kubernetes cluster, with the rules of docs/targets/kubernetes.md."""

    kind: Literal["kubernetes"] = Field(description="The target kind.")
    namespace: Name = Field(description="Namespace of the workloads and of the locks.")
    connection: str | None = Field(
        None, min_length=1, description="Airflow connection (type kubernetes) to the cluster. Or give a kubeconfig."
    )
    kubeconfig: str | None = Field(
        None, min_length=1, description="Path of a kubeconfig file on every machine that runs tasks."
    )
    context: str | None = Field(None, min_length=1, description="The kubeconfig's context. Default: its current one.")
    field_manager: str = Field(
        "convoy",
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
        description="The name under which fields are owned. Default: convoy.",
    )
    take_fields_from: list[str] = Field(
        [],
        description="Field managers whose fields may be taken over for the time of a rollout, for example "
        "kubectl-client-side-apply or helm. Those of anybody else are never touched.",
    )
    lock_duration: Duration | None = Field(
        None,
        ge=15.0,
        description="A lock that was not renewed for so long may be taken over. Default: never; see convoy unlock.",
    )
    timeout: Duration = Field(30.0, gt=0, description="Time allowed for one request.")

    @model_validator(mode="after")
    def _one_way_in(self) -> KubernetesTarget:
        if (self.connection is None) == (self.kubeconfig is None):
            raise ValueError("give either connection or kubeconfig")
        return self


def _target_kind(value: Any) -> str:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind if kind in ("processes", "webhook", "command", "kubernetes") else "processes"


TargetConfig = Annotated[
    Annotated[ProcessesTarget, Tag("processes")]
    | Annotated[WebhookTarget, Tag("webhook")]
    | Annotated[CommandTarget, Tag("command")]
    | Annotated[KubernetesTarget, Tag("kubernetes")],
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
