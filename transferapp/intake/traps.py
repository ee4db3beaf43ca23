"""Tell before the import what Bio-Formats, and so OMERO, shows wrongly without a word.

Each trap was seen with the version of Bio-Formats that it names; ``pytest -m oracle`` looks
whether it is still there (tests/oracle/test_traps.py). Most have a script in ``findings/``.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from transferapp.intake.formats import COMPANION, OME_TIFF, OME_XML, TIFF
from transferapp.intake.omexml import DAMAGE
from transferapp.intake.scanning import FoundFile
from transferapp.intake.tiff_opening import open_tiff
from transferapp.ome.reading import may_be_ome, read_bytes

#: The files of a set are written alike; so many tell of all.
_FILES_SCANNED_AT = 16
#: Headers that are text end within so many bytes.
_HEAD_BYTES = 64 << 10
_OME_TIFFS = (*OME_TIFF.suffixes, *TIFF.suffixes)
#: Who reads by Bio-Formats, in the sentences below.
_OMERO = "OMERO"
_PREDICTOR_FLOAT = 3
_NARROW = 16
_MRC = struct.Struct("<4i")
_MRCS = (".mrc", ".map", ".st", ".rec", ".ali")
_MRC_SIGNED_BYTES, _MRC_HALF_FLOATS = 0, 12
_FITS_LINE = 80


@dataclass(frozen=True, slots=True)
class Trap:
    """Valid input that is shown wrongly. ``springs`` tells whether a file has it; it raises
    OSError and what ``omexml.DAMAGE`` lists. ``unnamed``: files without a suffix may too.
    """

    name: str
    suffixes: tuple[str, ...]
    springs: Callable[[Path], bool]
    sentence: str
    unnamed: bool = False
    seen_with: str = "7.3.1"

    def concerns(self, name: str) -> bool:
        """Say whether a file of this name may have it."""
        return name.lower().endswith(self.suffixes) or ("." not in name and self.unnamed)


def warnings(files: Iterable[FoundFile], who: str = _OMERO) -> list[str]:
    """Return a sentence for each trap that a fileset's files have; raises OSError.

    ``who`` reads by Bio-Formats.
    """
    found = dict[str, None]()
    for file in islice(files, _FILES_SCANNED_AT):
        for trap in TRAPS:
            if trap.concerns(file.name) and _springs(trap, file.path):
                sentence = trap.sentence.replace(_OMERO, who)
                found[f"{sentence} (Seen with Bio-Formats {trap.seen_with}.)"] = None
    return list(found)


def _springs(trap: Trap, path: Path) -> bool:
    try:
        return trap.springs(path)
    except DAMAGE:
        return False  # A damaged file is told as such.


def _head(path: Path, length: int = _HEAD_BYTES) -> bytes:
    with path.open("rb") as opened:
        return opened.read(length)


def _description(path: Path) -> str:
    with open_tiff(path) as tiff:
        return tiff.pages.first.description


def _ome_xml(path: Path) -> str:
    is_tiff = path.name.lower().endswith(_OME_TIFFS)
    text = _description(path) if is_tiff else read_bytes(path).decode("utf-8", "replace")
    return text if may_be_ome(text) else ""


def _unit_by_number(path: Path) -> bool:
    """In ASCII a unit of µm becomes '&#181;m'; Bio-Formats turns every '&#' into ' #'."""
    return re.search(r'Unit="[^"]*&#', _ome_xml(path)) is not None


def _name_by_number(path: Path) -> bool:
    return re.search(r'\b(?:Name|Fluor)="[^"]*&#', _ome_xml(path)) is not None


def _imagej_depth(path: Path) -> bool:
    """ImageJ has one unit for width, height and depth ("spacing")."""
    lines = dict(line.partition("=")[::2] for line in _description(path).splitlines())
    if "ImageJ" not in lines or "spacing" not in lines:
        return False
    unit = lines.get("unit", "").strip().lower()
    return int(lines.get("slices", "1")) > 1 and unit in {"nm", "mm", "cm", "inch"}


def _float_predictor(path: Path) -> bool:
    with open_tiff(path) as tiff:
        return bool(tiff.pages.first.predictor == _PREDICTOR_FLOAT)


def _inverted_dicom(path: Path) -> bool:
    return (
        re.search(rb"\x28\x00\x04\x00(?:CS|..)..MONOCHROME1", _head(path), re.DOTALL)
        is not None
    )


def _narrow_nrrd(path: Path) -> bool:
    header = _head(path).partition(b"\n\n")[0].replace(b"\r", b"").decode("ascii", "replace")
    sizes = re.search(r"^sizes:\s*(\d+)(\s+\d+)+", header, re.MULTILINE)
    if sizes is None:
        return False
    kinds = re.search(r"^kinds:\s*(\S+)", header, re.MULTILINE)
    # A first axis that is said to hold colours or values is rightly read as channels.
    is_space = kinds is None or kinds[1] in {"domain", "space"}
    return is_space and len(sizes[0].split()) > 3 and int(sizes[1]) <= _NARROW  # noqa: PLR2004


def _wide_pgm(path: Path) -> bool:
    """In binary PGM and PPM numbers above 255 take two bytes, the higher first."""
    head = re.sub(rb"#[^\r\n]*", b"", _head(path, 4096))
    match = re.match(rb"P[56]\s+\d+\s+\d+\s+(\d+)\s", head)
    return match is not None and int(match[1]) > 255  # noqa: PLR2004


def _wide_ics(path: Path) -> bool:
    head = _head(path).lower()
    wide = re.search(rb"^layout[\t ]+sizes[\t ]+32[\t ]", head, re.MULTILINE) is not None
    return wide and b"integer" in head.partition(b"end\n")[0]


def _shifted_fits(path: Path) -> bool:
    """FITS stores unsigned numbers as signed ones and tells in BZERO what to add."""
    head = _head(path)
    lines = (head[at : at + _FITS_LINE] for at in range(0, len(head), _FITS_LINE))
    for line in lines:
        if line.startswith(b"END "):
            return False
        if line.startswith(b"BZERO   ="):
            return float(line[10:30]) != 0
    return False


def _mrc_mode(path: Path) -> int:
    """Return how the numbers are stored; -1 for a header that is none."""
    x, y, z, mode = _MRC.unpack(_head(path, _MRC.size))
    return int(mode) if min(x, y, z) > 0 else -1


def _bdv_views(path: Path) -> bool:
    """Several set-ups of several channels: each tile or angle shows the last one's pixels."""
    text = path.read_text("utf-8", "replace")
    if "<SpimData" not in text:
        return False
    views = [
        tuple(re.findall(r"<(channel|tile|angle)>\s*(\d+)\s*</", one))
        for one in re.findall(r"<ViewSetup>.*?</ViewSetup>", text, re.DOTALL)
    ]
    channels = {number for view in views for kind, number in view if kind == "channel"}
    places = {tuple(pair for pair in view if pair[0] != "channel") for view in views}
    return len(channels) > 1 and len(places) > 1


TRAPS = (
    Trap(
        "ome-xml-unit",
        (*_OME_TIFFS, *COMPANION.suffixes, *OME_XML.suffixes),
        _unit_by_number,
        "OMERO will ignore all of its OME-XML, because µ stands there as '&#181;': channels,"
        " time points, names and sizes would be wrong. Write the OME-XML in UTF-8, not in"
        " ASCII, then import that.",
    ),
    Trap(
        "ome-xml-name",
        (*_OME_TIFFS, *COMPANION.suffixes, *OME_XML.suffixes),
        _name_by_number,
        "OMERO will show some names with ' #945;' or the like for a letter, because its"
        " OME-XML is written in ASCII. Write it in UTF-8 to keep the names.",
    ),
    Trap(
        "imagej-depth",
        TIFF.suffixes,
        _imagej_depth,
        "OMERO will take the distance of its slices for µm, whatever its unit is. In ImageJ"
        " set the unit to micron (Image > Properties), save it again, then import that.",
    ),
    Trap(
        "float-predictor",
        TIFF.suffixes,
        _float_predictor,
        "OMERO cannot read its pixels, which are stored with the predictor for floating"
        " point. Save it without a predictor, then import that.",
    ),
    Trap(
        "dicom-monochrome1",
        (".dcm", ".dicom"),
        _inverted_dicom,
        "OMERO will show it inverted and keep only 0 as it is (it is MONOCHROME1). Do not"
        " measure intensities in OMERO; export it as MONOCHROME2 for that.",
        unnamed=True,
    ),
    Trap(
        "nrrd-narrow",
        (".nrrd", ".nhdr"),
        _narrow_nrrd,
        "OMERO will take its first axis for channels, as it is 16 pixels or less wide. Pad it"
        " to 17 or more, or export it as OME-TIFF, then import that.",
    ),
    Trap(
        "pgm-16-bit",
        (".pgm", ".ppm"),
        _wide_pgm,
        "OMERO will show wrong intensities: it swaps the two bytes of each pixel. Save it as"
        " TIFF, then import that.",
    ),
    Trap(
        "ics-32-bit",
        (".ics",),
        _wide_ics,
        "OMERO will show wrong intensities: it swaps the bytes of 32-bit integers. Save it in"
        " 16 bits or in floating point, then import that.",
    ),
    Trap(
        "fits-bzero",
        (".fits", ".fts"),
        _shifted_fits,
        "OMERO will show wrong intensities: it ignores the zero point (BZERO). Save it as"
        " TIFF, then import that.",
    ),
    Trap(
        "bdv-views",
        (".xml",),
        _bdv_views,
        "OMERO will show the pixels of the last tile for every tile, as there are several"
        " channels. Export each tile as OME-TIFF, then import those.",
    ),
    Trap(
        "mrc-rows",
        _MRCS,
        lambda path: _mrc_mode(path) >= 0,
        "OMERO will show the file's first row at the bottom. Places that were counted from the"
        " first row (as mrcfile does) are mirrored there; export it as OME-TIFF to keep them.",
    ),
    Trap(
        "mrc-signed-bytes",
        _MRCS,
        lambda path: _mrc_mode(path) == _MRC_SIGNED_BYTES,
        "OMERO will show negative numbers as 128 to 255 (mode 0 holds signed bytes). Export it"
        " in mode 1 (16 bits), then import that.",
    ),
    Trap(
        "mrc-half-floats",
        _MRCS,
        lambda path: _mrc_mode(path) == _MRC_HALF_FLOATS,
        "OMERO will show noise: it takes half floats (mode 12) for bytes. Export it in mode 2"
        " (32 bits), then import that.",
    ),
)
