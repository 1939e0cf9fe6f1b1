"""``kind: Component``: one deployable thing, what it needs, and what each of its versions provides and consumes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from convoy.manifest.models.base import ApiVersion, Duration, InterfaceName, Model, Name, Version, VersionRange
from convoy.manifest.models.gates import Gates
from convoy.manifest.models.strategy import Strategy
from convoy.manifest.models.workload import Workload, WorkloadOverride

SchemeName = Literal["semver", "pep440", "calver", "integer"]


class Dependency(Model):
    """A component that must be up first. May be written as the bare name."""

    name: Name = Field(description="The component that is needed.")
    required: bool = Field(True, description="false: used when it is there; its absence or failure holds nothing up.")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": str(value)} if isinstance(value, str) else value


class Requirement(Model):
    """A consumed interface. May be written as the bare range."""

    range: VersionRange = Field(description="The versions of the interface that this component works with.")
    component: Name | None = Field(
        None, alias="from", description="Which component provides it; needed only where several do."
    )
    optional: bool = Field(
        False, description="true: works without the interface, but not with a version outside the range."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_range(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"range": value}


class Release(Model):
    """One version of a component: what is different from the component's own fields."""

    provides: dict[InterfaceName, Version] = Field(
        {}, description="Interfaces and their versions; replaces per interface."
    )
    consumes: dict[InterfaceName, Requirement] = Field({}, description="Interfaces and ranges; replaces per interface.")
    coexists: bool = Field(
        True, description="false: this version cannot serve beside the one before (needs recreate or blueGreen)."
    )
    workload: WorkloadOverride | None = Field(None, description="What this version changes of the workload.")
    notes: str | None = Field(None, description="What this version brings, for the plan and the notes.")


class Component(Model):
    """One deployable thing."""

    api_version: ApiVersion = Field(description="The version of the manifest format.")
    kind: Literal["Component"] = Field(description="The manifest kind.")
    name: Name = Field(description="Unique name of the component.")
    system: Name | None = Field(None, description="The system that it is a part of; its defaults apply.")
    description: str | None = Field(None, description="What it is, in a sentence.")
    owner: str | None = Field(None, description="The team that answers for it.")
    runbook: str | None = Field(None, pattern=r"^https?://", description="Address of the runbook.")
    labels: dict[str, str] = Field({}, description="Free labels.")
    depends_on: list[Dependency] = Field([], description="Components that must be up before this one.")
    workload: Workload | None = Field(None, description="What runs.")
    strategy: Strategy | None = Field(None, description="How it moves between versions. Default: rolling.")
    gates: Gates | None = Field(None, description="What must hold after it was deployed.")
    version_scheme: SchemeName = Field("semver", description="How its versions are ordered.")
    provides: dict[InterfaceName, Version] = Field({}, description="Interfaces that every version provides.")
    consumes: dict[InterfaceName, Requirement] = Field({}, description="Interfaces that every version consumes.")
    versions: dict[Version, Release] = Field({}, description="What single versions change.")
    expected_duration: Duration | None = Field(
        None, description="Expected time of a deployment without its gates, for the schedule. Default: 10s."
    )

    @model_validator(mode="after")
    def _not_itself(self) -> Component:
        if any(dependency.name == self.name for dependency in self.depends_on):
            raise ValueError(f"{self.name} depends on itself")
        return self
