"""What a reader says of the images in a set of files, in one shape for all readers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

#: Which planes are compared, as (z, c, t) of the sizes: 1 is the last, 0 the first. The middle
#: one is rounded down; what was recorded earlier lacks it.
PLANES = {
    "first": (0, 0, 0),
    "last": (1, 1, 1),
    "last z": (1, 0, 0),
    "last c": (0, 1, 0),
    "last t": (0, 0, 1),
    "middle": (0.5, 0.5, 0.5),
}
#: Bio-Formats' names of pixel types that numpy calls otherwise.
_TYPES = {"float": "float32", "double": "float64", "bit": "bool"}
_HASH_DIGITS = 16


@dataclass(frozen=True)
class Picture:
    """One image; what is None or empty was not said."""

    sizes: dict[str, int]
    dtype: str
    levels: int
    #: Micrometres (z, y, x); words where the unit is no length.
    pixel_size: tuple[float | str | None, ...]
    #: In UTC, or as it stands where the file names no zone.
    date: datetime | None
    names: tuple[str, ...]
    colours: tuple[str | None, ...]
    #: First digits of the SHA-1 of the little-endian bytes of each of ``PLANES``.
    planes: dict[str, str]


@dataclass(frozen=True)
class FileSetAnswer:
    """The images that one reader makes of files that belong together.

    ``opened`` and ``files`` are paths below the folder, '/'-separated. ``refused`` is the
    sentence of a reader that does not take them.
    """

    opened: str
    files: frozenset[str]
    pictures: tuple[Picture, ...] = ()
    refused: str = ""
    #: The files in their order, the one to open first, and whether they are a plate: where
    #: Bio-Formats said it.
    used: tuple[str, ...] = field(default=(), compare=False)
    plate: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class FolderAnswer:
    """All that one reader finds in a folder."""

    sets: tuple[FileSetAnswer, ...] = ()
    #: Bio-Formats' version, where it was Bio-Formats.
    version: str = field(default="", compare=False)


def hashes(sizes: dict[str, int], plane: Callable[[int, int, int], Any]) -> dict[str, str]:
    """Hash the planes that ``plane`` returns for (z, c, t)."""
    return {
        name: hash_of(
            plane(*(int(end * (sizes[axis] - 1)) for end, axis in zip(at, "zct", strict=True)))
        )
        for name, at in PLANES.items()
    }


def without_middle(picture: Picture) -> Picture:
    """Leave out the plane that was not looked at when answers were recorded."""
    kept = {name: value for name, value in picture.planes.items() if name != "middle"}
    return replace(picture, planes=kept)


def hash_of(plane: npt.NDArray[Any]) -> str:
    """Hash the little-endian bytes of a plane."""
    little = np.ascontiguousarray(plane, plane.dtype.newbyteorder("<"))
    return hashlib.sha1(little.tobytes(), usedforsecurity=False).hexdigest()[:_HASH_DIGITS]


def of_bio_formats(answer: dict[str, Any]) -> FolderAnswer:
    """Read an answer of ``BioFormatsAnswers.java``, live or recorded."""
    sets = tuple(
        FileSetAnswer(
            one["opened"],
            frozenset(one["used"]),
            tuple(map(_picture, one["series"])),
            used=tuple(one["used"]),
            plate=one.get("plate", False),
        )
        for one in answer["filesets"]
    )
    return FolderAnswer(sets, answer.get("version", ""))


def _picture(series: dict[str, Any]) -> Picture:
    channels = series["channels"]
    return Picture(
        {axis: series[axis] for axis in "xyzct"},
        _TYPES.get(series["type"], series["type"]),
        series["levels"],
        tuple(series["px"]),
        _date(series["date"]),
        tuple(name or "" for name, _, _ in channels),
        tuple(colour and colour[:6] for _, colour, _ in channels),
        {
            name: series[key]
            for name in PLANES
            if (key := name.replace("last ", "") + "last" if " " in name else name) in series
        },
    )


def _date(text: str | None) -> datetime | None:
    try:
        date = datetime.fromisoformat(text or "").replace(microsecond=0)
    except ValueError:
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
