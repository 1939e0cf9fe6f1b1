"""The workload kinds of the ``kubernetes`` target: what a version sets in an object of the cluster.

Every name that ends up in a request or an object has a pattern, so that a manifest cannot reach further than it says.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from convoy.manifest.models.base import Model, Name

OBJECT_PATTERN = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
IMAGE_PATTERN = r"^[a-z0-9]+([._:/-]+[A-Za-z0-9_]+)*(@sha256:[0-9a-f]{64})?$"
TAG_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"
ENV_PATTERN = r"^[A-Za-z_][A-Za-z0-9_.-]{0,252}$"
ANNOTATION_PATTERN = r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"
DATA_PATTERN = r"^[A-Za-z0-9_.-]{1,253}$"
API_VERSION_PATTERN = r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?v[0-9]+((alpha|beta)[0-9]+)?$"
KIND_PATTERN = r"^[A-Z][A-Za-z0-9]{0,62}$"
FIELD_PATTERN = r"^(spec|data)(\.[A-Za-z0-9_-]{1,63}){1,12}$"
OURS = "convoy.dev/"

ObjectName = Annotated[
    str, Field(pattern=OBJECT_PATTERN, description="The name of an object: lower-case letters, digits, dashes, dots.")
]
EnvName = Annotated[str, Field(pattern=ENV_PATTERN, description="The name of an environment variable.")]
AnnotationKey = Annotated[str, Field(pattern=ANNOTATION_PATTERN, description="The key of an annotation.")]
DataKey = Annotated[str, Field(pattern=DATA_PATTERN, description="A key of a ConfigMap.")]


class ContainerChange(Model):
    """What a version sets in one container. Everything else stays as it is."""

    image: str | None = Field(
        None,
        pattern=IMAGE_PATTERN,
        max_length=512,
        description="The image. With a tag or a digest it is used as it is; else the component's version is the tag.",
    )
    tag: str | None = Field(
        None,
        pattern=TAG_PATTERN,
        description="The image's tag, where it is not the version. Without an image: another tag of the present one.",
    )
    env: dict[EnvName, str] = Field(
        {}, description="Environment variables. No secrets: what stands here is read by everybody who reads the plan."
    )

    @model_validator(mode="after")
    def _one_tag(self) -> ContainerChange:
        image = self.image or ""
        if self.tag is not None and ("@" in image or ":" in image.rpartition("/")[2]):
            raise ValueError("tag goes with an image that has neither a tag nor a digest")
        return self


class _Object(Model):
    """Where the object is."""

    name: ObjectName | None = Field(None, description="Name of the object. Default: the component's.")
    namespace: Name | None = Field(None, description="Its namespace. Default: the target's.")
    annotations: dict[AnnotationKey, str] = Field({}, description="Annotations of the object.")

    @model_validator(mode="after")
    def _not_ours(self) -> _Object:
        keys = (*self.annotations, *getattr(self, "pod_annotations", {}))
        for key in keys:
            if key.startswith(OURS):
                raise ValueError(f"annotations of {OURS} are Convoy's own; choose another name than {key}")
        return self


class _Pods(_Object):
    """An object that has a template of pods."""

    containers: dict[Name, ContainerChange] = Field(
        {},
        description="What is set per container. Where no container has an image, the version becomes the tag of the "
        "container that is called like the component, or of the only one.",
    )
    init_containers: dict[Name, ContainerChange] = Field({}, description="The same for init containers.")
    pod_annotations: dict[AnnotationKey, str] = Field(
        {}, description="Annotations of the pods; a change of one makes the pods roll."
    )


class DeploymentWorkload(_Pods):
    """A Deployment of the ``kubernetes`` target."""

    kind: Literal["deployment"] = Field(description="The workload kind.")
    template: dict[str, Any] | None = Field(
        None, description="The spec of the object, for one that Convoy creates. Default: it has to exist."
    )


class StatefulSetWorkload(_Pods):
    """A StatefulSet of the ``kubernetes`` target."""

    kind: Literal["statefulSet"] = Field(description="The workload kind.")
    template: dict[str, Any] | None = Field(
        None, description="The spec of the object, for one that Convoy creates. Default: it has to exist."
    )


class DaemonSetWorkload(_Pods):
    """A DaemonSet of the ``kubernetes`` target."""

    kind: Literal["daemonSet"] = Field(description="The workload kind.")
    template: dict[str, Any] | None = Field(
        None, description="The spec of the object, for one that Convoy creates. Default: it has to exist."
    )


class CronJobWorkload(_Pods):
    """A CronJob of the ``kubernetes`` target."""

    kind: Literal["cronJob"] = Field(description="The workload kind.")
    suspend: bool | None = Field(None, description="Suspend it (true), or let it run again (false).")


class ConfigMapWorkload(_Object):
    """A ConfigMap of the ``kubernetes`` target: configuration as a component. Created where it does not exist."""

    kind: Literal["configMap"] = Field(description="The workload kind.")
    data: dict[DataKey, str] = Field({}, description="Keys that are set; others stay. No secrets.")


class JobWorkload(_Pods):
    """A Job of the ``kubernetes`` target: a migration or another one-shot. Created once per rollout and content."""

    kind: Literal["job"] = Field(description="The workload kind.")
    template: dict[str, Any] = Field(description="The spec of the Job.")
    rollback: dict[str, Any] | None = Field(
        None, description="The spec of the Job that undoes it. Default: a Job that has begun cannot be undone."
    )
    leave_on_rollback: bool = Field(
        False, description="true: there is nothing to undo; a rollback removes the Job and goes on."
    )

    @model_validator(mode="after")
    def _one_way_back(self) -> JobWorkload:
        if self.rollback is not None and self.leave_on_rollback:
            raise ValueError(
                "rollback says how to undo the Job, leaveOnRollback that nothing is to be undone: keep one"
            )
        return self


Profile = Literal[
    "kstatus", "argo-rollout", "flux-helmrelease", "flux-kustomization", "argocd-application", "flagger-canary"
]


class CustomWorkload(_Pods):
    """An existing custom resource of the ``kubernetes`` target, which an operator of yours rolls."""

    kind: Literal["custom"] = Field(description="The workload kind.")
    api_version: str = Field(pattern=API_VERSION_PATTERN, description="API group and version of the resource.")
    resource: str = Field(pattern=KIND_PATTERN, description="Kind of the resource, for example HelmRelease.")
    profile: Profile = Field("kstatus", description="How it tells that it is ready.")
    version_field: str | None = Field(
        None,
        pattern=FIELD_PATTERN,
        description="The field that the version is written to, for example spec.chart.spec.version. Default: the "
        "profile's, if it has one and no container is named.",
    )
    patch: dict[str, Any] = Field({}, description="Further fields that are set, as a part of the object: spec or data.")

    @model_validator(mode="after")
    def _only_content(self) -> CustomWorkload:
        foreign = sorted(set(self.patch) - {"spec", "data"})
        if foreign:
            raise ValueError(f"a patch sets spec and data; delete {', '.join(foreign)}")
        return self


KubernetesWorkload = (
    DeploymentWorkload
    | StatefulSetWorkload
    | DaemonSetWorkload
    | CronJobWorkload
    | ConfigMapWorkload
    | JobWorkload
    | CustomWorkload
)
