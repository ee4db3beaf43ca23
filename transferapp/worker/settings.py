"""The worker's settings: environment variables with the prefix ``TRANSFERAPP_``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, NonNegativeInt, PositiveInt, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from transferapp.errors import SettingsInvalid
from transferapp.host.database import sqlite_url
from transferapp.host.paths import host_paths
from transferapp.worker.housekeeping import Retention


class WorkerSettings(BaseSettings):
    """What the worker works on, and how much at once."""

    model_config = SettingsConfigDict(env_prefix="TRANSFERAPP_", extra="ignore", frozen=True)

    #: The folder of everything: staging, local repository, and the database by default.
    data: Path = Field(default_factory=lambda: host_paths().server_data)
    #: SQLAlchemy URL shared with the server; empty: a SQLite file in ``data``.
    database_url: str = Field(default="", repr=False)
    #: Which image repository: ``local`` is the embedded one; ``omero`` has settings of its
    #: own, TRANSFERAPP_OMERO_*.
    repository: str = "local"
    #: Tasks that may run at once per target, over all workers: JSON, {"repository": 4}.
    limits: dict[str, PositiveInt] = Field(default_factory=lambda: {"repository": 4})
    #: A TOML file with the commands that people may run (docs/commands.md).
    commands_file: Path | None = None
    #: A worker on another host that is silent for so long counts as dead (seconds).
    worker_dead_after_s: float = Field(default=15.0, gt=1.0)

    #: Seconds between two rounds of housekeeping.
    housekeeping_s: float = Field(default=300.0, gt=0.0)
    #: A client that was away for longer reads its lists anew instead of the events.
    keep_events_days: PositiveInt = 30
    #: Also what is in an inbox, read or not.
    keep_notifications_days: PositiveInt = 180
    #: Transfers that are over; 0 keeps them for ever.
    keep_transfers_days: NonNegativeInt = 0

    def __init__(self, **values: Any) -> None:
        """Read the environment; raises SettingsInvalid that names the variable."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = "_".join(str(part) for part in first["loc"]).upper()
            raise SettingsInvalid(f"TRANSFERAPP_{name}: {first['msg']}.") from error

    @property
    def staging_folder(self) -> Path:
        """Half-arrived files."""
        return self.data / "staging"

    @property
    def repository_folder(self) -> Path:
        """The embedded image repository."""
        return self.data / "repository"

    @property
    def retention(self) -> Retention:
        """For how long what is over is kept."""
        return Retention(
            self.keep_events_days, self.keep_notifications_days, self.keep_transfers_days
        )

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url or sqlite_url(self.data / "transferapp.db")
