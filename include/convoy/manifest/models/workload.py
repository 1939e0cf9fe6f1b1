"""What a component runs: the workload kinds of the targets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from convoy.manifest.models.base import Model


class ProcessWorkload(Model):
    """Replicas of one operating-system process, kept by the ``processes`` target."""

    kind: Literal["process"] = Field("process", description="The workload kind; may be left out.")
    command: list[str] = Field(
        min_length=1,
        description="Program and arguments, run without a shell. The process finds its address in the environment "
        "variables HOST and PORT, and who it is in CONVOY_COMPONENT, CONVOY_VERSION and CONVOY_REPLICA. Other "
        "components are reached at CONVOY_ADDRESS_<NAME> (host:port, upper case, dashes as underscores).",
    )
    env: dict[str, str] = Field({}, description="Environment variables, added to the defaults.")
    directory: str | None = Field(
        None, description="Working directory, relative to the manifest file. Defaults to the manifest's folder."
    )
    replicas: int = Field(1, ge=1, le=100, description="How many replicas run.")
    stop_timeout: str = Field(
        "10s", pattern=r"^\d+s$", description="Time between SIGTERM and SIGKILL when a replica is stopped."
    )


class ExternalWorkload(Model):
    """A workload that a ``webhook`` or ``command`` target moves; Convoy hands the parameters on as they are."""

    kind: Literal["external"] = Field(description="The workload kind.")
    parameters: dict[str, Any] = Field({}, description="Passed to the target unchanged, as JSON.")
    replicas: int = Field(1, ge=1, le=10000, description="How many replicas the target is expected to report.")


def _workload_kind(value: Any) -> str:
    kind = value.get("kind", "process") if isinstance(value, dict) else getattr(value, "kind", "process")
    return kind if kind in ("process", "external") else "process"


Workload = Annotated[
    Annotated[ProcessWorkload, Tag("process")] | Annotated[ExternalWorkload, Tag("external")],
    Discriminator(_workload_kind),
]


class WorkloadOverride(Model):
    """What one version changes of the component's workload: fields given here replace its own, env is merged."""

    command: list[str] | None = Field(None, min_length=1, description="Another program and arguments.")
    env: dict[str, str] = Field({}, description="Variables added to, or replacing, the component's.")
    directory: str | None = Field(None, description="Another working directory, relative to the manifest file.")
    parameters: dict[str, Any] = Field({}, description="External workloads: parameters added or replaced.")
