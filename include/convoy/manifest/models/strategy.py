"""How a component moves from one version to the next, in the vocabulary of Argo Rollouts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from convoy.manifest.models.base import Amount, Duration, Model


class Rolling(Model):
    """Replace replicas a few at a time; old and new serve together meanwhile."""

    type: Literal["rolling"] = Field("rolling", description="The strategy.")
    max_unavailable: Amount = Field("0", description="How many replicas (or which share) may be missing meanwhile.")
    max_surge: Amount = Field("1", description="How many replicas (or which share) may exist beyond the wanted number.")

    @model_validator(mode="after")
    def _must_be_able_to_move(self) -> Rolling:
        if self.max_unavailable.rstrip("%") == "0" and self.max_surge.rstrip("%") == "0":
            raise ValueError("maxUnavailable and maxSurge are both 0: no replica could ever be replaced")
        return self


class Recreate(Model):
    """Stop every old replica, then start the new ones: a downtime, for versions that cannot coexist."""

    type: Literal["recreate"] = Field(description="The strategy.")


class Pause(Model):
    """Wait before the next step."""

    duration: Duration = Field(description="How long to wait, for example 30s.")


class CanaryStep(Model):
    """One step of a canary; exactly one key."""

    set_weight: int | None = Field(
        None, ge=1, le=100, description="Percent of the replicas that run the new version from this step on."
    )
    pause: Pause | None = Field(None, description="Wait while the canary serves.")
    analysis: bool | None = Field(None, description="true: judge the component's metric gates here, before going on.")

    @model_validator(mode="after")
    def _exactly_one(self) -> CanaryStep:
        given = [key for key in ("set_weight", "pause", "analysis") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError("a step has exactly one of setWeight, pause, analysis")
        return self


class Canary(Model):
    """Move a growing share of the replicas, judging the metrics between the steps."""

    type: Literal["canary"] = Field(description="The strategy.")
    steps: list[CanaryStep] = Field(
        min_length=1, description="The steps in order. After the last one the component goes to 100 percent."
    )

    @model_validator(mode="after")
    def _weights_grow(self) -> Canary:
        weights = [step.set_weight for step in self.steps if step.set_weight is not None]
        if not weights or self.steps[0].set_weight is None:
            raise ValueError("the first step of a canary is a setWeight")
        if weights != sorted(set(weights)):
            raise ValueError("the weights of a canary grow from step to step")
        return self


class BlueGreen(Model):
    """Start the new version beside the old one, switch all traffic at once, then stop the old one."""

    type: Literal["blueGreen"] = Field(description="The strategy.")
    scale_down_delay: Duration = Field(5.0, description="How long the old replicas stay after the switch.")


def _strategy_type(value: Any) -> str:
    kind = value.get("type", "rolling") if isinstance(value, dict) else getattr(value, "type", "rolling")
    return kind if kind in ("rolling", "recreate", "canary", "blueGreen") else "rolling"


Strategy = Annotated[
    Annotated[Rolling, Tag("rolling")]
    | Annotated[Recreate, Tag("recreate")]
    | Annotated[Canary, Tag("canary")]
    | Annotated[BlueGreen, Tag("blueGreen")],
    Discriminator(_strategy_type),
]
