"""The port to Bio-Formats: which files it uses, what it makes of them, and their pixels.

All calls block, and are safe to use from many threads. A request that hangs or breaks down
costs only itself: the next one has a new process.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from transferapp.model.images import TileRegion

#: What is known of a Z, a Y and an X, in micrometres.
Micrometres = tuple[float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class FormatReader:
    """One of Bio-Formats' readers; suffixes without their dot, "" when it takes any name."""

    name: str
    format: str
    suffixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reads:
    """What this Bio-Formats reads."""

    version: str
    readers: tuple[FormatReader, ...]

    @property
    def suffixes(self) -> frozenset[str]:
        """All suffixes, with their dot, in lower case."""
        found = {suffix.lower() for one in self.readers for suffix in one.suffixes}
        return frozenset(f".{suffix}" for suffix in found if suffix)


@dataclass(frozen=True, slots=True)
class UsedFiles:
    """The files that one file brings with it, in Bio-Formats' order."""

    reader: str
    format: str
    is_plate: bool
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """One image, as the file says it; unknown is ``None`` or empty."""

    name: str | None
    #: Bio-Formats' name of the pixel type, for example ``float``.
    type: str
    size_z: int
    size_c: int
    size_t: int
    #: 3 or 4 where the file stores colours, which come as channels one after the other.
    samples: int
    is_little_endian: bool
    #: Height and width of what is best read at once.
    tile: tuple[int, int]
    #: Name and colour (``RRGGBB``) of channels.
    channels: tuple[tuple[str, str | None], ...]
    size_um: Micrometres
    #: Of the stage at the first plane.
    position_um: Micrometres
    date: str | None
    #: Plate, row, column and field, counted from 0.
    well: tuple[int, int, int, int] | None
    #: Height and width of each level, full size first.
    levels: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Description(UsedFiles):
    """What Bio-Formats makes of a file and those that belong to it."""

    #: Names of plates; empty for one without.
    plates: tuple[str, ...]
    series: tuple[Series, ...]


class BioFormats(Protocol):
    """Bio-Formats of one version."""

    def reads(self) -> Reads:
        """Return the formats; raises Unavailable when it does not start, also when tried once
        more. Its first sentence says why.
        """

    def used(self, file: Path) -> UsedFiles:
        """Return the files that belong to one, without its images.

        Raises UnsupportedFile, DamagedFile, MissingCompanion; UnreadableFile when it hangs
        or breaks down; Unavailable when it does not start.
        """

    def describe(self, file: Path) -> Description:
        """Return the images of a file; raises like ``used``."""

    def pixels(self, file: Path, series: int, region: TileRegion) -> bytes:
        """Return a region's pixels, row by row, of one channel; raises like ``used``."""

    def forget(self, file: Path) -> None:
        """Close a file, if it is open; never raises."""

    def interrupt(self) -> None:
        """End the process at once, whatever it is at, and do not wait; never raises.

        A request under way raises UnreadableFile in its own thread; a later one starts it
        again. What is still starting is ended too, and raises Unavailable.
        """

    def close(self) -> None:
        """End the process; a later call starts it again."""
