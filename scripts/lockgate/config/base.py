"""What all declarations share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ServiceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
"""Folder name of a service: it ends up in the names of AWS resources, the shortest of which allows 64."""

EnvironmentName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,11}$")]


class Declaration(BaseModel):
    """A part of a declaration file: frozen, and a key that is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
