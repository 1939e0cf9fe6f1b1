"""``kind: Interface``: what is to be said about an interface or a format of data by itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from convoy.manifest.models.base import ApiVersion, InterfaceName, Model
from convoy.manifest.models.contract import VersionScheme


class Interface(Model):
    """An interface, or a format of persisted data. Needed only where its versions are not SemVer."""

    api_version: ApiVersion = Field(description="The version of the manifest format.")
    kind: Literal["Interface"] = Field(description="The manifest kind.")
    name: InterfaceName = Field(description="The name by which components provide and consume it.")
    description: str | None = Field(None, description="What it is, in a sentence.")
    owner: str | None = Field(None, description="The team that answers for it.")
    version_scheme: VersionScheme = Field(VersionScheme(), description="How its versions are written and ordered.")
