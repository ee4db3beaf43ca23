"""Hamamatsu: an ``.ndpis`` that names NDPI files, and a ``.vms`` that names JPEGs.

Seen with Bio-Formats 7.3.1 (NDPISReader, HamamatsuVMSReader): the index is opened, then the
files that it names, by exact names. NDPIS: in the order of their numbers. VMS: the JPEGs by
rows, then map, optimisation and macro; only the optimisation file may be absent. A single
``.ndpi`` is an image by itself.
"""

from __future__ import annotations

import re

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families.damaged import called_alike, damaged
from transferapp.intake.families.family import Family
from transferapp.intake.families.named_files import set_of_named
from transferapp.intake.families.texts import read_ini
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

NDPIS_FORMAT = ImageFormat("Hamamatsu NDPIS", (".ndpis",), (b"[",))
VMS_FORMAT = ImageFormat("Hamamatsu VMS", (".vms",), (b"[Virtual Microscope Specimen]",))
_MAX_INDEX_BYTES = 1 << 20
_MAX_CHANNELS = 1_000
_VMS_IMAGE = re.compile(r"ImageFile(?:\((\d+),(\d+)(?:,(\d+))?\))?")


def collect_ndpis(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of an ``.ndpis``; one that names no image is damaged."""
    values = read_ini(index, _MAX_INDEX_BYTES)
    names = [values.get(f"Image{number}", "") for number in range(_MAX_CHANNELS)]
    if not any(names):
        return damaged(index, NDPIS_FORMAT, called_alike(index, neighbours))
    return set_of_named(index, [name for name in names if name], NDPIS_FORMAT, neighbours)


def collect_vms(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of a ``.vms``; one that does not name all images is damaged."""
    values = read_ini(index, _MAX_INDEX_BYTES)
    placed = list[tuple[int, int, int, str]]()
    for key, name in values.items():
        if (match := _VMS_IMAGE.fullmatch(key)) and name:
            column, row, layer = (int(number or 0) for number in match.groups())
            placed.append((layer, row, column, name))
    names = [name for *_, name in sorted(placed)]
    expected = _number(values, "NoJpegColumns") * _number(values, "NoJpegRows")
    # The macro's name comes after those of all images.
    if not names or (len(names) < expected and not values.get("MacroImage")):
        return damaged(index, VMS_FORMAT, called_alike(index, neighbours))
    names += [values[key] for key in ("MapFile", "MacroImage") if values.get(key)]
    made = set_of_named(index, names, VMS_FORMAT, neighbours)
    extra = neighbours.exactly(index, values.get("OptimisationFile") or "no such file")
    if made is None or extra is None:
        return made
    files = list(made.files)
    at = next((i for i, f in enumerate(files) if f.name == values.get("MacroImage")), None)
    files.insert(len(files) if at is None else at, extra)
    return FilesetCandidate(made.name, tuple(files), VMS_FORMAT, made.problems)


def _number(values: dict[str, str], key: str) -> int:
    text = values.get(key, "")
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0


NDPIS = Family("Hamamatsu NDPIS", NDPIS_FORMAT.suffixes, collect_ndpis)
VMS = Family(
    "Hamamatsu VMS",
    VMS_FORMAT.suffixes,
    collect_vms,
    re.compile(r"\(\d+,\d+\)\.jpg$", re.IGNORECASE),
    "its .vms file",
)
