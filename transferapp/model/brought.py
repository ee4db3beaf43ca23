"""What was brought to places: which item lies where, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from typing_extensions import override


@dataclass(frozen=True, slots=True)
class BroughtItem:
    """An item of an export at a place. ``export`` is the folder of the whole export below its
    person's own, ``inside`` the item's in it; both are '/'-separated.
    """

    item_id: str
    transfer_id: str
    owner: str
    place: str
    export: str
    inside: str
    size_bytes: int
    #: By which the place knows the files; empty until they are there.
    mark: str = ""
    expires_at: datetime | None = None
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BroughtTo:
    """Where an export is brought to: a place, and a folder below the person's own there."""

    place: str
    folder: str = ""

    @classmethod
    def parse(cls, text: str) -> BroughtTo:
        """Read ``cluster:`` or ``cluster:sub/folder``."""
        place, _, folder = text.partition(":")
        return cls(place, folder.strip("/"))

    @override
    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.place}:{self.folder}"
