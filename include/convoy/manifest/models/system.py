"""``kind: System``: components that belong together, and the defaults that they share."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from convoy.manifest.models.base import ApiVersion, Model, Name
from convoy.manifest.models.gates import Gates
from convoy.manifest.models.strategy import Strategy


class Defaults(Model):
    """Values for components that do not say otherwise. The most specific wins: component, rollout,
    environment, system."""

    owner: str | None = Field(None, description="The team that answers for the components.")
    runbook: str | None = Field(None, pattern=r"^https?://", description="Address of the runbook.")
    strategy: Strategy | None = Field(None, description="How components move between versions.")
    gates: Gates | None = Field(
        None, description="Health and metric gates; replaced as a whole per health and metrics."
    )
    env: dict[str, str] = Field({}, description="Environment variables of process workloads, merged by name.")


class System(Model):
    """Components that belong together."""

    api_version: ApiVersion = Field(description="The version of the manifest format.")
    kind: Literal["System"] = Field(description="The manifest kind.")
    name: Name = Field(description="Unique name of the system.")
    description: str | None = Field(None, description="What it is, in a sentence.")
    owner: str | None = Field(None, description="The team that answers for it.")
    defaults: Defaults = Field(Defaults(), description="Defaults for its components.")
