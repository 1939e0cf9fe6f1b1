"""``kind: Verification``: what tests, or people, say about pairs of versions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from convoy.manifest.models.base import ApiVersion, Model, Name, Version

Result = Literal["verified", "refuted", "accepted"]


class Record(Model):
    """What is known of one pair of versions."""

    consumer: Name = Field(description="The component that uses the other one.")
    consumer_version: Version = Field(description="Its version.")
    provider: Name = Field(description="The component that is used; the same one for a component beside itself.")
    provider_version: Version = Field(description="Its version.")
    result: Result = Field(
        description="verified: a test passed; it counts where no range decides. refuted: a test failed; it counts "
        "whatever the ranges say. accepted: nobody tested it, and somebody takes the risk."
    )
    evidence: str | None = Field(None, description="Where to look: an address, a build, a ticket.")
    by: str | None = Field(None, description="Who accepts the risk; needed for accepted.")
    reason: str | None = Field(None, description="Why the risk is accepted; needed for accepted.")

    @model_validator(mode="after")
    def _accepted_by_somebody(self) -> Record:
        if self.result == "accepted" and not (self.by and self.reason):
            raise ValueError("accepted needs by and reason: who takes the risk, and why")
        return self


class Verification(Model):
    """Verification records, from contract tests or from people."""

    api_version: ApiVersion = Field(description="The version of the manifest format.")
    kind: Literal["Verification"] = Field(description="The manifest kind.")
    name: Name = Field(description="Unique name of this set of records.")
    description: str | None = Field(None, description="Where the records come from.")
    records: list[Record] = Field(min_length=1, description="The records.")
