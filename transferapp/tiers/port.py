"""The port to storage tiers: whether files can be read at once, and asking for them back.

The bytes of a file may lie on tape while its name and size are still seen. Whoever reads it
then waits for hours, or fails; so it is asked first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class TierState(StrEnum):
    """Where the bytes of a file are."""

    #: It can be read at once.
    ONLINE = "online"
    #: It was asked for and is on its way.
    RECALLING = "recalling"
    #: It has to be asked for.
    OFFLINE = "offline"
    #: It was asked for, and the archive does not give it back.
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileTier:
    """A file by its path on this computer; ``eta_s``: seconds until it can be read, as far as
    anybody knows.
    """

    path: str
    state: TierState
    eta_s: float | None = None


class Tiers(Protocol):
    """The tiers of one facility."""

    async def status(self, paths: Sequence[str]) -> list[FileTier]:
        """Say where files are, in this order, without reading them; what is not there at all
        is online: whoever opens it hears of it. Raises ArchiveUnavailable.
        """

    async def recall(self, paths: Sequence[str]) -> None:
        """Ask for files; returns before they are here. Asked for again nothing changes.

        Raises ArchiveUnavailable, RecallFailed.
        """
