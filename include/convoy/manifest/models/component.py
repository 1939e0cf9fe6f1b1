"""``kind: Component``: one deployable thing, what it needs, and what each of its versions provides and consumes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from convoy.manifest.models.base import (
    ApiVersion,
    Coexistence,
    Duration,
    InterfaceName,
    Model,
    Name,
    Number,
    Version,
    VersionRange,
)
from convoy.manifest.models.contract import DataContract, Dependency, Incompatibility, Requirement, VersionScheme
from convoy.manifest.models.gates import Gates
from convoy.manifest.models.strategy import Strategy
from convoy.manifest.models.workload import Workload, WorkloadOverride


class Release(Model):
    """One version of a component: what is different from the component's own fields."""

    provides: dict[InterfaceName, Version] = Field(
        {}, description="Interfaces and their versions; replaces per interface."
    )
    consumes: dict[InterfaceName, Requirement] = Field({}, description="Interfaces and ranges; replaces per interface.")
    data: dict[InterfaceName, DataContract] = Field(
        {}, description="Formats of persisted data that it writes and reads; replaces per format."
    )
    incompatible: dict[Name, Incompatibility] = Field(
        {}, description="Components and their versions that must not run beside this version; replaces per component."
    )
    coexists: Coexistence = Field(
        True,
        description="false: this version cannot serve beside the one before (needs recreate or blueGreen). A range: it "
        "can serve beside these versions of itself.",
    )
    reversible: bool = Field(
        True, description="false: there is no way back from this version; the plan puts it as late as it can."
    )
    upgrades_from: VersionRange | None = Field(
        None, description="Versions from which one can go to this one in one step. Default: from every one."
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
    version_scheme: VersionScheme = Field(VersionScheme(), description="How its versions are written and ordered.")
    provides: dict[InterfaceName, Version] = Field({}, description="Interfaces that every version provides.")
    consumes: dict[InterfaceName, Requirement] = Field({}, description="Interfaces that every version consumes.")
    data: dict[InterfaceName, DataContract] = Field(
        {}, description="Formats of persisted data that every version writes and reads."
    )
    incompatible: dict[Name, Incompatibility] = Field(
        {}, description="Components and their versions that no version of this one may run beside."
    )
    versions: dict[Version, Release] = Field({}, description="What single versions change.")
    weight: Number = Field(
        1.0, ge=0, description="How much it matters when it is affected, for the blast radius: traffic, say, or users."
    )
    expected_duration: Duration | None = Field(
        None, description="Expected time of a deployment without its gates, for the schedule. Default: 10s."
    )

    @model_validator(mode="after")
    def _not_itself(self) -> Component:
        if any(dependency.name == self.name for dependency in self.depends_on):
            raise ValueError(f"{self.name} depends on itself")
        return self
