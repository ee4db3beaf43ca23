"""The server's settings: environment variables with the prefix ``TRANSFERAPP_``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from transferapp.errors import SettingsInvalid
from transferapp.host.database import sqlite_url
from transferapp.host.paths import host_paths
from transferapp.host.private_file import private_text


class ServerSettings(BaseSettings):
    """Where the server listens and what it keeps where."""

    model_config = SettingsConfigDict(env_prefix="TRANSFERAPP_", extra="ignore", frozen=True)

    #: The folder of everything: staging, local repository, and the database by default.
    data: Path = Field(default_factory=lambda: host_paths().server_data)
    #: SQLAlchemy URL shared with the workers; empty: a SQLite file in ``data``.
    database_url: str = Field(default="", repr=False)
    host: str = "127.0.0.1"
    #: 0 takes a free one.
    port: int = Field(default=8470, ge=0, le=65535)
    #: What the sign-in window calls this server.
    name: str = "TransferApp"
    #: Bytes of the disk that uploads leave free, so that the database can go on.
    reserve_bytes: int = Field(default=256 << 20, ge=0)
    #: Which image repository: ``local`` is the embedded one; ``omero`` has settings of its
    #: own, TRANSFERAPP_OMERO_*.
    repository: str = "local"

    #: A TOML file with the commands that people may run (docs/commands.md).
    commands_file: Path | None = None
    #: A private file with the token that /metrics asks for; None: anyone may read it.
    metrics_token_file: Path | None = None

    def __init__(self, **values: Any) -> None:
        """Read the environment; raises SettingsInvalid that names the variable."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = "_".join(str(part) for part in first["loc"]).upper()
            raise SettingsInvalid(f"TRANSFERAPP_{name}: {first['msg']}.") from error

    def metrics_token(self) -> str:
        """Read the token of /metrics, empty for none; blocking."""
        if self.metrics_token_file is None:
            return ""
        return private_text(self.metrics_token_file, "TRANSFERAPP_METRICS_TOKEN_FILE")

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
