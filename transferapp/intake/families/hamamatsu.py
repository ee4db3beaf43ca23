"""Hamamatsu: an ``.ndpis`` that names NDPI files, and a ``.vms`` that names JPEGs.

Seen with Bio-Formats 7.3.1 (NDPISReader, HamamatsuVMSReader): the index is opened, then the
files that it names, by exact names. NDPIS: in the order of their numbers. VMS: the JPEGs by
rows, then map, optimisation and macro; only the optimisation file may be absent. A single
``.ndpi`` is an image by itself.
"""

from __future__ import annotations

import re
from dataclasses import replace

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts
from transferapp.intake.families.damaged import called_alike, damaged, if_utf_16
from transferapp.intake.families.family import Family
from transferapp.intake.families.named_files import set_of_named
from transferapp.intake.families.texts import ends_a_line, read_ini
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

NDPIS_FORMAT = ImageFormat("Hamamatsu NDPIS", (".ndpis",), (b"[",))
VMS_FORMAT = ImageFormat("Hamamatsu VMS", (".vms",), (b"[Virtual Microscope Specimen]",))
_MAX_INDEX_BYTES = 1 << 20
_MAX_CHANNELS = 1_000
#: What sizes are counted from stands behind the names of all images.
_VMS_SIZES = ("PhysicalWidth", "PhysicalHeight", "SourceLens")
_VMS_IMAGE = re.compile(r"ImageFile(?:\((\d+),(\d+)(?:,(\d+))?\))?")


def collect_ndpis(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of an ``.ndpis``; one that names no image is damaged."""
    values = read_ini(index, _MAX_INDEX_BYTES)
    numbered = (values.get(f"Image{number}", "") for number in range(_MAX_CHANNELS))
    names = [name for name in numbered if name]
    if not names or len(names) < _number(values, "NoImages"):
        there = (neighbours.exactly(index, name) for name in names)
        alike = called_alike(index, neighbours)
        return damaged(index, NDPIS_FORMAT, [*filter(None, there), *alike])
    made = set_of_named(index, names, NDPIS_FORMAT, neighbours)
    return if_utf_16(made, index)


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
    is_cut = len(names) < expected and not values.get("MacroImage")
    if not names or is_cut or any(not values.get(key) for key in _VMS_SIZES):
        return damaged(index, VMS_FORMAT, called_alike(index, neighbours))
    names += [values[key] for key in ("MapFile", "MacroImage") if values.get(key)]
    made = if_utf_16(set_of_named(index, names, VMS_FORMAT, neighbours), index)
    if made is not None and not ends_a_line(index):
        made = replace(made, doubts=(doubt_texts.no_end(index),))
    extra = neighbours.exactly(index, values.get("OptimisationFile") or "no such file")
    if made is None or extra is None:
        return made
    files = list(made.files)
    at = next((i for i, f in enumerate(files) if f.name == values.get("MacroImage")), None)
    files.insert(len(files) if at is None else at, extra)
    return replace(made, files=tuple(files))


def _number(values: dict[str, str], key: str) -> int:
    text = values.get(key, "")
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0


NDPIS = Family("Hamamatsu NDPIS", NDPIS_FORMAT.suffixes, collect_ndpis, names_any=True)
VMS = Family(
    "Hamamatsu VMS",
    VMS_FORMAT.suffixes,
    collect_vms,
    re.compile(r"\(\d+,\d+\)\.jpg$", re.IGNORECASE),
    "its .vms file",
    names_any=True,
)
