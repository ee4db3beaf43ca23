"""Where an export of the Browse page goes, without Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from transferapp.errors import Invalid
from transferapp.protocol.places import PlaceView

#: Characters of a folder at a place, as the protocol has it.
MAX_BELOW = 1024


@dataclass(frozen=True, slots=True)
class ExportDestination:
    """A folder of this computer; or a place of the facility, and a folder below the person's
    own there.
    """

    folder: Path = Path()
    place: PlaceView | None = None
    below: str = ""

    @property
    def to(self) -> str:
        """Return it as a request names a place; empty for this computer."""
        return f"{self.place.name}:{self.below}" if self.place else ""

    @property
    def shown(self) -> str:
        """Return where the person finds it."""
        if self.place is None:
            return str(self.folder)
        path = self.place.path.rstrip("/")
        return f"{path}/{self.below}" if self.below else path


def destination_written(place: PlaceView | None, text: str) -> ExportDestination:
    """Return the destination of a folder that a person has written; at a place it may be empty.

    Raises Invalid for one that cannot be; which names a place takes, the server knows.
    """
    text = text.strip()
    if place is not None:
        if len(text) > MAX_BELOW or not text.isprintable():
            raise Invalid("This cannot be a folder at a place. Write a shorter, plain name.")
        return ExportDestination(place=place, below=text.strip("/"))
    try:
        folder = Path(text).expanduser()
    except RuntimeError:  # ``~name`` of nobody.
        folder = Path(text)
    if not folder.is_absolute():
        raise Invalid("Write the whole path of the folder, or choose it.")
    return ExportDestination(folder)
