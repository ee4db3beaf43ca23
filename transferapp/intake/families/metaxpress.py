"""Molecular Devices MetaXpress and ImageXpress: an ``.htd`` of text and the TIFFs of a plate.

Order of files as seen with Bio-Formats 7.3.1, MetaxpressTiffReader: the ``.htd``, the images
by well, time point, plane, site and wavelength, then the thumbnails beside the ``.htd``. The
letters' case counts in names of images, not in their suffix. CellWorX's ``.pnl`` images are
not looked for.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import plates
from transferapp.intake.families.damaged import called_alike, damaged
from transferapp.intake.families.family import Family
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

FORMAT = ImageFormat("MetaXpress", (".htd",), (b'"HTSInfoFile"',))
_MAX_INDEX_BYTES = 4 << 20
_GUID = r"(?:(?i:[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}))?"
#: What follows the plate's name: A01_s1_w1.TIF; a GUID may stand right behind the wavelength.
_PARTS = (
    rf"_(?P<row>[A-Z]{{1,2}})(?P<col>\d\d)(?:_s(?P<s>\d+))?(?:_w(?P<w>\d+?))?{_GUID}(?:_t\d+)?"
)
_IMAGE = re.compile(_PARTS + r"(?i:\.tiff?)")
_TIME, _PLANE = re.compile(r"TimePoint_(\d+)"), re.compile(r"ZStep_(\d+)")
_LETTERS = string.ascii_uppercase
_THUMB = "_thumb"
#: Row, column, time point, plane, site, wavelength; 0 where a name does not tell it.
_Place = tuple[int, int, int, int, int, int]


@dataclass(frozen=True)
class _Plate:
    """What an ``.htd`` says."""

    wells: frozenset[tuple[int, int]]
    times: int
    sites: int
    wavelengths: int
    #: The last line is there.
    is_whole: bool


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of an ``.htd``; one without wells or an end is damaged."""
    with index.path.open("rb") as opened:
        text = opened.read(_MAX_INDEX_BYTES).decode("latin-1")
    stated = _plate(text)
    stem = index.name[: -len(FORMAT.suffixes[0])]
    placed = list(_placed(index, stem, neighbours))
    if not stated.wells or not stated.is_whole:
        images = [file for _, file in placed]
        return damaged(index, FORMAT, images + called_alike(index, neighbours), plate=True)
    found = {
        place: file
        for place, file in placed
        if place[:2] in stated.wells
        and place[4] <= stated.sites
        and place[5] <= stated.wavelengths
    }
    found = _of_one_kind(found)
    beside = plates.in_code_order(neighbours.listing(index, index.path.parent))
    thumbs = [f for f in beside if f.name.startswith(f"{stem}_") and _is_thumb(f)]
    files = (index, *(found[place] for place in sorted(found)), *thumbs)
    absent = _absent(stem, stated, set(found)) if found else [f"{stem}_A01_s1_w1.TIF"]
    return plates.judged(index, FORMAT, files, len(found), absent)


def _of_one_kind(found: dict[_Place, FoundFile]) -> dict[_Place, FoundFile]:
    """Leave out images without a site or wavelength where others have one (overviews)."""
    kinds = {(place[4] > 0, place[5] > 0) for place in found}
    most = max(kinds, default=(False, False))
    return {place: f for place, f in found.items() if (place[4] > 0, place[5] > 0) == most}


def _plate(text: str) -> _Plate:
    lines = (line.split(",") for line in text.splitlines())
    stated = {key.strip().strip('"'): [one.strip() for one in values] for key, *values in lines}
    wells = frozenset(
        (int(key.removeprefix("WellsSelection")) - 1, column)
        for key, values in stated.items()
        if re.fullmatch(r"WellsSelection\d{1,2}", key)
        for column, value in enumerate(values)
        if value.upper() == "TRUE"
    )
    sites = _count(stated, "XSites") * _count(stated, "YSites")
    return _Plate(
        wells,
        _count(stated, "TimePoints"),
        sites,
        _count(stated, "NWavelengths"),
        "EndFile" in stated,
    )


def _count(stated: dict[str, list[str]], key: str) -> int:
    text = (stated.get(key) or [""])[0]
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 1


def _placed(
    index: FoundFile, stem: str, neighbours: Neighbours
) -> Iterator[tuple[_Place, FoundFile]]:
    """Find the images: beside the index, or in folders of time points and planes."""
    for folder, time, plane in _folders(index.path.parent, neighbours):
        for file in neighbours.listing(index, folder):
            name = file.name
            match = _IMAGE.fullmatch(name, len(stem)) if name.startswith(stem) else None
            if match:
                site, wave = int(match["s"] or 0), int(match["w"] or 0)
                yield (_row(match["row"]), int(match["col"]) - 1, time, plane, site, wave), file


def _folders(top: Path, neighbours: Neighbours) -> Iterator[tuple[Path, int, int]]:
    """Return the folders that hold images, with their time point and plane."""
    for folder, time in [(top, 0), *_numbered(top, _TIME, neighbours)]:
        yield folder, time, 0
        for below, plane in _numbered(folder, _PLANE, neighbours):
            yield below, time, plane


def _numbered(
    top: Path, name: re.Pattern[str], neighbours: Neighbours
) -> list[tuple[Path, int]]:
    found = ((path, name.fullmatch(path.name)) for path in neighbours.folders(top))
    return [(path, int(match[1])) for path, match in found if match]


def _absent(stem: str, stated: _Plate, found: set[_Place]) -> list[str]:
    """Return the names of images that the plate has by its index, and by what is there of
    sites and planes.
    """
    times = sorted({place[2] for place in found})
    if stated.times > 1 and times != [0]:
        times = list(range(1, stated.times + 1))
    planes, sites = (sorted({place[axis] for place in found}) for axis in (3, 4))
    has_waves = any(place[5] for place in found)
    waves = range(1, stated.wavelengths + 1) if has_waves else range(1)
    expected = product(sorted(stated.wells), times, planes, sites, waves)
    return [
        _name(stem, (*well, *rest)) for well, *rest in expected if (*well, *rest) not in found
    ]


def _name(stem: str, place: tuple[int, ...]) -> str:
    row, column, time, plane, site, wave = place
    folders = (f"TimePoint_{time}/" if time else "") + (f"ZStep_{plane}/" if plane else "")
    parts = (f"_s{site}" if site else "") + (f"_w{wave}" if wave else "")
    letters = "A" * (row // len(_LETTERS)) + _LETTERS[row % len(_LETTERS)]
    return f"{folders}{stem}_{letters}{column + 1:02}{parts}.TIF"


def _row(letters: str) -> int:
    """Return the row of A (0) to Z, and of AA (26) on."""
    return len(_LETTERS) * (len(letters) - 1) + _LETTERS.index(letters[-1])


def _is_thumb(file: FoundFile) -> bool:
    return _THUMB in file.name and file.path.suffix.lower() in (".tif", ".tiff")


METAXPRESS = Family(
    "MetaXpress",
    FORMAT.suffixes,
    collect,
    re.compile(r"_[A-P]\d\d_s\d+_w\d+[^/]*\.tiff?$", re.IGNORECASE),
    "its .HTD file",
)
