"""The parts of contracts: how versions are written, what is needed, persisted data, and what must not meet."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from convoy.manifest.models.base import Model, Name, SchemeName, Version, VersionRange


class VersionScheme(Model):
    """How versions are written and ordered. May be written as the bare name of a scheme."""

    scheme: SchemeName = Field("semver", description="One of the schemes.")
    names: list[Version] = Field(
        [], description="Instead of a scheme: the versions in order, oldest first, for releases with names."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        return {"scheme": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_of_them(self) -> VersionScheme:
        if "names" in self.model_fields_set and not self.names:
            raise ValueError("names is empty: name the versions, oldest first")
        if self.names and "scheme" in self.model_fields_set:
            raise ValueError("give either scheme or names")
        return self

    @property
    def spec(self) -> str | tuple[str, ...]:
        """The scheme as plain data."""
        return tuple(self.names) or self.scheme


class Dependency(Model):
    """A component that must be up first. May be written as the bare name."""

    name: Name = Field(description="The component that is needed.")
    required: bool = Field(True, description="false: used when it is there; its absence or failure holds nothing up.")
    startup: bool = Field(
        False, description="true: needed only while this component starts, for example a job that prepares something."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": str(value)} if isinstance(value, str) else value


class Requirement(Model):
    """A consumed interface. May be written as the bare range."""

    range: VersionRange = Field(
        description="The versions of the interface that this component works with; `verified`: those that verification "
        "records say so of, and no others."
    )
    component: Name | None = Field(
        None, alias="from", description="Which component provides it; needed only where several do."
    )
    optional: bool = Field(
        False, description="true: works without the interface, but not with a version outside the range."
    )
    startup: bool = Field(
        False,
        description="true: needed only while this component starts. A component that a rollout does not touch may then "
        "run on beside a version that it could not start with; the plan warns of it.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_range(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"range": value}


class DataContract(Model):
    """A format of persisted data (a table, a topic, a file), as one version deals with it."""

    writes: Version | None = Field(None, description="The version of the format that it writes.")
    reads: VersionRange | None = Field(None, description="The versions of the format that it can read.")
    migrates: VersionRange | None = Field(
        None, description="When its change is done, nothing in these versions is left: all became what it writes."
    )

    @model_validator(mode="after")
    def _says_something(self) -> DataContract:
        if self.migrates is not None and self.writes is None:
            raise ValueError("migrates needs writes: the version that the migration leaves")
        if self.writes is None and self.reads is None:
            raise ValueError("give writes, reads, or both")
        return self


class Incompatibility(Model):
    """Versions of another component that must never run beside this one. May be written as the bare range."""

    range: VersionRange = Field(description="The versions of the other component.")
    reason: str | None = Field(None, description="Why, for the plan.")

    @model_validator(mode="before")
    @classmethod
    def _from_range(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"range": value}
