"""What a component runs: the workload kinds of the targets."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from convoy.manifest.models.base import Model, Name
from convoy.manifest.models.kubernetes import (
    AnnotationKey,
    ConfigMapWorkload,
    ContainerChange,
    CronJobWorkload,
    CustomWorkload,
    DaemonSetWorkload,
    DataKey,
    DeploymentWorkload,
    JobWorkload,
    KubernetesWorkload,
    StatefulSetWorkload,
)


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


KUBERNETES_MODELS: dict[str, type[Model]] = {
    "deployment": DeploymentWorkload,
    "statefulSet": StatefulSetWorkload,
    "daemonSet": DaemonSetWorkload,
    "configMap": ConfigMapWorkload,
    "job": JobWorkload,
    "cronJob": CronJobWorkload,
    "custom": CustomWorkload,
}
KUBERNETES_KINDS = tuple(KUBERNETES_MODELS)
"""The workload kinds that the ``kubernetes`` target moves."""
KINDS = ("process", "external", *KUBERNETES_KINDS)


def _workload_kind(value: Any) -> str:
    kind = value.get("kind", "process") if isinstance(value, dict) else getattr(value, "kind", "process")
    return kind if kind in KINDS else "process"


Workload = Annotated[
    Annotated[ProcessWorkload, Tag("process")]
    | Annotated[ExternalWorkload, Tag("external")]
    | Annotated[DeploymentWorkload, Tag("deployment")]
    | Annotated[StatefulSetWorkload, Tag("statefulSet")]
    | Annotated[DaemonSetWorkload, Tag("daemonSet")]
    | Annotated[ConfigMapWorkload, Tag("configMap")]
    | Annotated[JobWorkload, Tag("job")]
    | Annotated[CronJobWorkload, Tag("cronJob")]
    | Annotated[CustomWorkload, Tag("custom")],
    Discriminator(_workload_kind),
]


class WorkloadOverride(Model):
    """What one version changes of the component's workload: fields given here replace its own, env is merged."""

    command: list[str] | None = Field(None, min_length=1, description="Another program and arguments.")
    env: dict[str, str] = Field({}, description="Variables added to, or replacing, the component's.")
    directory: str | None = Field(None, description="Another working directory, relative to the manifest file.")
    parameters: dict[str, Any] = Field({}, description="External workloads: parameters added or replaced.")
    containers: dict[Name, ContainerChange] = Field(
        {}, description="Kubernetes workloads: containers whose image replaces the component's; env is merged."
    )
    init_containers: dict[Name, ContainerChange] = Field(
        {}, description="Kubernetes workloads: the same for init containers."
    )
    annotations: dict[AnnotationKey, str] = Field(
        {}, description="Kubernetes workloads: annotations added or replaced."
    )
    pod_annotations: dict[AnnotationKey, str] = Field(
        {}, description="Kubernetes workloads: annotations of the pods added or replaced."
    )
    data: dict[DataKey, str] = Field({}, description="ConfigMaps: keys added or replaced.")
    template: dict[str, Any] | None = Field(None, description="Kubernetes workloads: another template.")
    rollback: dict[str, Any] | None = Field(None, description="Jobs: another way back.")
    suspend: bool | None = Field(None, description="CronJobs: suspend it, or let it run again.")
    patch: dict[str, Any] = Field({}, description="Custom resources: top-level parts of the patch that replace.")


def kubernetes_at(workload: KubernetesWorkload, override: WorkloadOverride) -> KubernetesWorkload:
    """A Kubernetes workload as one version has it."""
    known = type(workload).model_fields
    changes: dict[str, Any] = {}
    for field in ("containers", "init_containers"):
        ours = getattr(override, field)
        if field in known and ours:
            before: dict[str, ContainerChange] = getattr(workload, field)
            changes[field] = {**before, **{name: _merged(before.get(name), change) for name, change in ours.items()}}
    for field in ("annotations", "pod_annotations", "data", "patch"):
        if field in known and getattr(override, field):
            changes[field] = {**getattr(workload, field), **getattr(override, field)}
    for field in ("template", "rollback", "suspend"):
        if field in known and getattr(override, field) is not None:
            changes[field] = getattr(override, field)
    return workload.model_copy(update=changes)


def _merged(before: ContainerChange | None, after: ContainerChange) -> ContainerChange:
    if before is None:
        return after
    image, tag = (after.image, after.tag) if after.image is not None else (before.image, after.tag or before.tag)
    return ContainerChange(image=image, tag=tag, env={**before.env, **after.env})
