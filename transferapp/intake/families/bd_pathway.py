"""BD Pathway: ``Experiment.exp`` of text, files about dyes and plate, and folders of wells.

As seen with Bio-Formats 7.3.1, BDReader: ``Experiment.exp`` is opened (the letters' case
counts); files of the suffixes below, in its folder and one folder down, come next, then the
images in folders called "Well ...". The plate's ``.plt`` and the ``.dye`` of each dye must be
there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

from transferapp.errors import DamagedFile, MissingCompanion
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts, plates
from transferapp.intake.families.family import Family
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

_NAME = "Experiment.exp"
FORMAT = ImageFormat("BD Pathway", (_NAME.lower(),), ())
_BEFORE = re.compile(
    r"\.(?:drt|dye|plt|txt|geo|ltp|ffc|afc|mon|xyz|mac|bmp|roi|adf)", re.IGNORECASE
)
_IMAGE = re.compile(r"(?P<dye>.*) - n(?P<number>\d{6})\.tif", re.IGNORECASE)
_MAX_INDEX_BYTES = 1 << 20
#: Without these Bio-Formats 7.3.1 does not open an experiment.
_SECTIONS = frozenset({"General", "Camera", "Dyes", "Image", "Geometry"})
#: It takes the magnification from this, and the aperture where there is one.
_OBJECTIVE = re.compile(r"^Name=(?!.*NA\s*$).*x", re.MULTILINE)


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of an experiment; None when the file is something else."""
    if index.name != _NAME:
        return None
    with index.path.open("rb") as opened:
        text = opened.read(_MAX_INDEX_BYTES).decode("utf-8", "replace")
    sections = _sections(text)
    dyes = _dyes(sections)
    files = plates.one_folder_down(index, neighbours, index.path.parent)
    before = [file for file in files if _BEFORE.fullmatch(file.path.suffix)]
    images = {
        (file.path.parent.name, match["dye"], match["number"]): file
        for file in files
        if file.path.parent.name.startswith("Well") and (match := _IMAGE.fullmatch(file.name))
    }
    together = (*before, *images.values())
    if not dyes and not images:
        return None
    is_whole = sections.keys() >= _SECTIONS and _OBJECTIVE.search(sections["Geometry"])
    if not dyes or not is_whole:
        cut = DamagedFile(f"'{index.name}' is not complete: its end is cut off. Copy it again.")
        return plates.kept_together(index, FORMAT, together, cut)
    if needed := _absent_settings(before, dyes):
        problem = MissingCompanion(doubt_texts.needs(index, needed))
        return plates.kept_together(index, FORMAT, together, problem)
    wells, _, numbers = (sorted({place[axis] for place in images}) for axis in range(3))
    absent = [
        f"{well}/{dye} - n{number}.tif"
        for well, dye, number in product(wells, dyes, numbers)
        if (well, dye, number) not in images
    ]
    made = plates.judged(index, FORMAT, (index, *together), len(images), absent)
    made = plates.small_endings(made, index, images.values())
    ends = () if text.endswith(("\n", "\r")) else (doubt_texts.no_end(index),)
    return replace(made, doubts=(*made.doubts, *ends))


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^\[(.+?)\]\s*$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _dyes(sections: dict[str, str]) -> list[str]:
    """Return the names in the section of dyes."""
    lines = sections.get("Dyes", "").splitlines()
    pairs = (line.partition("=") for line in lines)
    return [value.strip() for _, is_set, value in pairs if is_set and value.strip()]


def _absent_settings(before: list[FoundFile], dyes: list[str]) -> list[str]:
    """Return what an experiment cannot be opened without, and is not there."""
    names = {file.name for file in before}
    absent = [f"{dye}.dye" for dye in dyes if f"{dye}.dye" not in names]
    has_plate = any(name.endswith(".plt") for name in names)
    return absent if has_plate else [*absent, "the plate's .plt file"]


BD_PATHWAY = Family(
    "BD Pathway",
    FORMAT.suffixes,
    collect,
    re.compile(r"(?:^|/)Well [^/]+/[^/]+ - n\d{6}\.tif$", re.IGNORECASE),
    _NAME,
)
