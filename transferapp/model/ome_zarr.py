"""What OME-Zarr metadata lists: wells, fields, series and levels; needs no zarr.

Versions 0.1 to 0.5 (ngff.openmicroscopy.org). Functions take what JSON gave, and raise
DamagedFile where it is not what the specification asks for. Paths are '/'-separated.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from transferapp.errors import DamagedFile

BIOFORMATS2RAW = "bioformats2raw.layout"
#: A group with one of these holds images, or is one.
_IMAGE_KEYS = ("plate", "well", "multiscales", BIOFORMATS2RAW)
#: Files that tell of an array or a group; every other file holds pixels.
METADATA_NAMES = frozenset({"zarr.json", ".zgroup", ".zattrs", ".zarray", ".zmetadata"})
#: Rows are called by as many letters at most: the last row of 1,536 wells is AF.
_LETTERS = 2


@dataclass(frozen=True, slots=True)
class ListedWell:
    """A well that a plate lists; row and column are counted from 0."""

    path: str
    row: int
    column: int


def ome_attributes(attributes: object) -> dict[str, Any]:
    """Return OME's part of a group's attributes: in 0.5 ``ome``, before that all of them."""
    if not isinstance(attributes, dict):
        return {}
    found = attributes.get("ome", attributes)
    return found if isinstance(found, dict) else {}


def reports_of_images(ome: dict[str, Any]) -> bool:
    """Say whether a group with these attributes holds images, or is one."""
    return any(key in ome for key in _IMAGE_KEYS)


def wells(ome: dict[str, Any]) -> list[ListedWell]:
    """List the wells of a plate, whether there is anything in them or not."""
    plate = _mapping(ome, "plate")
    rows, columns = (_Axis.of(plate.get(key)) for key in ("rows", "columns"))
    found = []
    for well in _listed(plate, "wells"):
        path = _path(well)
        row_name, column_name = ["", *path.split("/")][-2:]
        # 0.4 says rowIndex, bioformats2raw 0.3 row_index, and 0.1 to 0.3 only the path.
        row = well.get("rowIndex", well.get("row_index"))
        column = well.get("columnIndex", well.get("column_index"))
        try:
            row, column = rows.place(row_name, row), columns.place(column_name, column)
            found.append(ListedWell(path, row, column))
        except (TypeError, ValueError) as error:
            raise DamagedFile(f"Its metadata does not say where well '{path}' is.") from error
    return found


def fields(ome: dict[str, Any]) -> list[str]:
    """List the paths of a well's fields."""
    return [_path(image) for image in _listed(_mapping(ome, "well"), "images")]


def series(ome: dict[str, Any]) -> list[str]:
    """List the images that the group ``OME`` of bioformats2raw names; often none."""
    found = ome.get("series") or []
    if not isinstance(found, list):
        raise DamagedFile("Its list of series is no list.")
    return [inside(path) for path in found]


def first_multiscales(ome: dict[str, Any]) -> dict[str, Any]:
    """Return the image of a group: of several multiscales the first, as 0.4 and 0.5 advise.

    They are meant to be the same image, made smaller in different ways.
    """
    found = _listed(ome, "multiscales")
    if not found:
        raise DamagedFile("Its OME-Zarr metadata has nothing under 'multiscales'.")
    return found[0]


def levels(multiscales: dict[str, Any]) -> list[str]:
    """List the paths of an image's arrays, largest first."""
    found = [_path(dataset) for dataset in _listed(multiscales, "datasets")]
    if not found:
        raise DamagedFile("Its OME-Zarr metadata has nothing under 'datasets'.")
    return found


def inside(path: object) -> str:
    """Return a path of the metadata; raises DamagedFile when it leads out of the group."""
    text = str(path)
    parts = [part for part in text.split("/") if part not in {"", "."}]
    if text.startswith("/") or ".." in parts or not parts:
        raise DamagedFile(f"Its metadata names '{text}', which is outside of the folder.")
    return "/".join(parts)


def _path(listed: dict[str, Any]) -> str:
    if "path" not in listed:
        raise DamagedFile("Its OME-Zarr metadata lacks 'path'.")
    return inside(listed["path"])


def _listed(holder: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = holder.get(key)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise DamagedFile(f"Its OME-Zarr metadata lacks '{key}'.")
    return found


def _mapping(holder: dict[str, Any], key: str) -> dict[str, Any]:
    found = holder.get(key)
    if not isinstance(found, dict):
        raise DamagedFile(f"Its OME-Zarr metadata lacks '{key}'.")
    return found


@dataclass(frozen=True, slots=True)
class _Axis:
    """The names of a plate's rows or columns as it lists them, and where each is on the plate;
    no places where not every name says one.
    """

    names: list[str]
    places: list[int]

    @classmethod
    def of(cls, listed: object) -> _Axis:
        found = listed if isinstance(listed, list) else []
        names = [str(one.get("name")) for one in found if isinstance(one, dict)]
        places = [place for name in names if (place := _place(name)) is not None]
        return cls(names, places if len(set(places)) == len(names) else [])

    def place(self, name: str, index: object) -> int:
        """Return where a row or column is on the plate; raises TypeError, ValueError.

        ``index`` counts within the lists, which may name only what was imaged: of a plate
        whose first row is B it is 0 for B. So the names go first, as people know wells by them.
        """
        if name in self.names and self.places:
            return self.places[self.names.index(name)]
        if index is not None:
            return int(str(index))
        if name in self.names:
            return self.names.index(name)
        place = _place(name)
        if place is None:
            raise ValueError(name)
        return place


def _place(name: str) -> int | None:
    """Return where a name says that it is, from 0: ``B``, ``2`` and ``02`` are 1."""
    if name.isdecimal():
        return int(name) - 1 if int(name) else None
    if not (name.isascii() and name.isalpha() and len(name) <= _LETTERS):
        return None
    number = 0
    for letter in name.upper():
        number = number * len(ascii_uppercase) + ascii_uppercase.index(letter) + 1
    return number - 1
