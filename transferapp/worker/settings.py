"""The worker's settings: environment variables with the prefix ``TRANSFERAPP_``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt
from pydantic_settings import SettingsConfigDict

from transferapp.host.installation import InstallationSettings
from transferapp.operations.convert_image import PORTION_PIXELS
from transferapp.worker.housekeeping import Retention

#: At most a hundred years: with more there is no date so long ago.
Days = Annotated[int, Field(ge=1, le=36_500)]
DaysOrEver = Annotated[int, Field(ge=0, le=36_500)]


class WorkerSettings(InstallationSettings):
    """What the worker works on, and how much at once."""

    model_config = SettingsConfigDict(env_prefix="TRANSFERAPP_", extra="ignore", frozen=True)

    #: Tasks that may run at once per target, over all workers: JSON, {"repository": 4}.
    limits: dict[str, PositiveInt] = Field(default_factory=lambda: {"repository": 4})
    #: A worker on another host that is silent for so long counts as dead (seconds).
    worker_dead_after_s: float = Field(default=15.0, gt=1.0)

    #: Conversions, or portions of large ones, that this worker makes at once.
    conversions: PositiveInt = 2
    #: Threads that each of them encodes with; 0: as many as there are processors, at most 4.
    conversion_threads: Annotated[int, Field(ge=0, le=64)] = 0
    #: An image of more than four times as many pixels is converted in portions of these, by all
    #: workers. Where the repository is slow to read, fewer lose less to a crash.
    portion_pixels: Annotated[int, Field(ge=1 << 22)] = PORTION_PIXELS

    #: Seconds between two rounds of housekeeping.
    housekeeping_s: float = Field(default=300.0, gt=0.0)
    #: A client that was away for longer reads its lists anew instead of the events.
    keep_events_days: Days = 30
    #: Also what is in an inbox, read or not.
    keep_notifications_days: Days = 180
    #: Transfers that are over; 0 keeps them for ever.
    keep_transfers_days: DaysOrEver = 0
    #: Ended runs of commands with their output; 0 keeps them for ever.
    keep_command_runs_days: DaysOrEver = 30
    #: Tokens after they have expired.
    keep_grants_days: Days = 30

    @property
    def retention(self) -> Retention:
        """For how long what is over is kept."""
        return Retention(
            events_days=self.keep_events_days,
            notifications_days=self.keep_notifications_days,
            transfers_days=self.keep_transfers_days,
            command_runs_days=self.keep_command_runs_days,
            grants_days=self.keep_grants_days,
        )
