"""Settings from environment variables, and what is said when one is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings

from transferapp.errors import SettingsInvalid
from transferapp.host.database import sqlite_url
from transferapp.host.paths import host_paths


class EnvironmentSettings(BaseSettings):
    """Settings whose errors name the variable; a subclass gives its prefix."""

    def __init__(self, **values: Any) -> None:
        """Read the environment; raises SettingsInvalid."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = "_".join(str(part) for part in first["loc"]).upper()
            prefix = self.model_config.get("env_prefix", "")
            # pydantic puts this before what a check of ours says.
            words = first["msg"].removeprefix("Value error, ").rstrip(".")
            raise SettingsInvalid(f"{prefix}{name}: {words}.") from error


class InstallationSettings(EnvironmentSettings):
    """What the server and its workers have in common."""

    #: The folder of everything: staging, local repository, and the database by default.
    data: Path = Field(default_factory=lambda: host_paths().server_data)
    #: SQLAlchemy URL of the server and its workers; empty: a SQLite file in ``data``.
    database_url: str = Field(default="", repr=False)
    #: Which image repository: ``local`` is the embedded one; ``omero`` has settings of its
    #: own, TRANSFERAPP_OMERO_*; another name is an entry point's (docs/extending.md).
    repository: str = "local"
    #: A TOML file with the commands that people may run (docs/commands.md).
    commands_file: Path | None = None

    @field_validator("data")
    @classmethod
    def _is_a_folder(cls, data: Path) -> Path:
        if data.exists() and not data.is_dir():
            raise ValueError(f"'{data}' is a file. Name a folder")
        return data

    @field_validator("database_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        try:
            if url:
                sa.make_url(url)
        except sa.exc.ArgumentError:
            # Not shown: it may hold a password.
            raise ValueError(
                "this is no address of a database. Write it like"
                " postgresql+psycopg://user@host/name, or leave it out for a file"
            ) from None
        return url

    @property
    def staging_folder(self) -> Path:
        """Half-arrived files."""
        return self.data / "staging"

    @property
    def repository_folder(self) -> Path:
        """The embedded image repository."""
        return self.data / "repository"

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url or sqlite_url(self.data / "transferapp.db")
