"""``kind: Rollout``: a change set, the environments it goes to, and what happens when it fails."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from convoy.manifest.models.base import ApiVersion, InterfaceName, Model, Name, Version
from convoy.manifest.models.contract import DataContract, Dependency, Requirement
from convoy.manifest.models.gates import Gates
from convoy.manifest.models.strategy import Strategy
from convoy.manifest.models.system import Defaults
from convoy.manifest.models.workload import Workload

OnFailure = Literal["rollback", "park"]
RollbackScope = Literal["all", "batch"]

INLINE_FIELDS = ("depends_on", "workload", "strategy", "gates", "provides", "consumes", "data")


class Change(Model):
    """One component's change. A small component may be defined here, without a Component manifest of its own."""

    from_version: Version | None = Field(None, alias="from", description="The version that is live; none: it is new.")
    to_version: Version = Field(alias="to", description="The version that is wanted.")
    after: list[Name] = Field([], description="Components of this rollout that must be done before, by wish.")
    depends_on: list[Dependency] = Field([], description="Inline component: what must be up first.")
    workload: Workload | None = Field(None, description="Inline component: what runs.")
    strategy: Strategy | None = Field(None, description="Inline component: how it moves.")
    gates: Gates | None = Field(None, description="Inline component: what must hold afterwards.")
    provides: dict[InterfaceName, Version] = Field({}, description="Inline component: interfaces provided.")
    consumes: dict[InterfaceName, Requirement] = Field({}, description="Inline component: interfaces consumed.")
    data: dict[InterfaceName, DataContract] = Field({}, description="Inline component: formats of persisted data.")

    @model_validator(mode="after")
    def _is_a_change(self) -> Change:
        if self.from_version is not None and self.from_version == self.to_version:
            raise ValueError(f"from and to are both {self.to_version}: nothing would change")
        return self


class DeclaredBatch(Model):
    """Components that are to advance together, by wish: deployed, gated and undone as one."""

    name: Name = Field(description="Name of the batch; its tasks are called <name>.deploy and so on.")
    components: list[Name] = Field(min_length=1, description="The components, all of them in this rollout.")
    after: list[Name] = Field([], description="Batches or components that must be done before, by wish.")
    on_failure: OnFailure | None = Field(None, description="What a failure of this batch leads to.")
    acceptance: str | None = Field(None, description="In words: what must be true for this batch to be done.")
    runbook: str | None = Field(None, pattern=r"^https?://", description="Address of the runbook.")


class Rollout(Model):
    """A change set for a system: one Airflow DAG for each of its environments."""

    api_version: ApiVersion = Field(description="The version of the manifest format.")
    kind: Literal["Rollout"] = Field(description="The manifest kind.")
    name: Name = Field(description="Unique name of the rollout.")
    description: str | None = Field(None, description="What this change is, and what it brings.")
    owner: str | None = Field(None, description="Who answers for the rollout; shown in Airflow.")
    environment: Name | None = Field(None, description="The environment. 'local' exists without a manifest.")
    environments: list[Name] = Field([], description="Several environments: one DAG each.")
    components: dict[Name, Change] = Field(min_length=1, description="The components that change, by name.")
    batches: list[DeclaredBatch] = Field([], description="Components that advance together, by wish.")
    max_parallel: int | None = Field(None, ge=1, description="How many batches may be in transit at once.")
    rollback_scope: RollbackScope = Field(
        "all", description="all: the rollout is one change. batch: undo the failed batch, others go on."
    )
    on_failure: OnFailure = Field("rollback", description="rollback: undo what was touched. park: stop and keep.")
    defaults: Defaults = Field(Defaults(), description="Defaults for every component of this rollout.")

    @model_validator(mode="after")
    def _environments(self) -> Rollout:
        if (self.environment is None) == (not self.environments):
            raise ValueError("give either environment or environments")
        twice = sorted({name for name in self.environments if self.environments.count(name) > 1})
        if twice:
            raise ValueError(f"environments names {', '.join(twice)} twice")
        return self

    @property
    def environment_names(self) -> tuple[str, ...]:
        """The environments that this rollout goes to."""
        return tuple(self.environments) or ((self.environment,) if self.environment else ())
