"""Settings that the server and its workers share; nobody else needs a database's library."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from pydantic import Field, field_validator

from transferapp.host.database import sqlite_url
from transferapp.host.paths import host_paths
from transferapp.host.settings import EnvironmentSettings


class InstallationSettings(EnvironmentSettings):
    """What the server and its workers have in common."""

    needs_site_file = True

    #: The folder of everything: staging, local repository, and the database by default.
    data: Path = Field(default_factory=lambda: host_paths().server_data)
    #: SQLAlchemy URL of the server and its workers; empty: a SQLite file in ``data``.
    database_url: str = Field(default="", repr=False)
    #: Which image repository: ``local`` is the embedded one; ``omero`` has settings of its
    #: own, TRANSFERAPP_OMERO_*; another name is an entry point's (docs/extending.md).
    repository: str = "local"
    #: A TOML file with the commands that people may run (docs/commands.md).
    commands_file: Path | None = None
    #: A TOML file with the places that exports may be brought to (docs/places.md).
    places_file: Path | None = None
    #: A TOML file with the programs that recall files from an archive (docs/cold-tiers.md).
    recall_file: Path | None = None

    @field_validator("commands_file", "places_file", "recall_file", mode="before")
    @classmethod
    def _empty_is_none(cls, path: object) -> object:
        return None if path == "" else path

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
    def prepared_folder(self) -> Path:
        """Files that were made for exports and wait to be fetched."""
        return self.data / "prepared"

    @property
    def repository_folder(self) -> Path:
        """The embedded image repository."""
        return self.data / "repository"

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url or sqlite_url(self.data / "transferapp.db")
