"""Analyze 7.5 and NIfTI in two files: an ``.hdr`` header beside the ``.img`` of its pixels.

Many programs call their headers ``.hdr`` (ENVI, ESRI, Radiance): only the first bytes tell.
Seen with Bio-Formats 7.3.1, AnalyzeReader and NiftiReader: the header is opened, either order
of bytes; names in capitals (``A.HDR``) are refused. A lone ``.img`` may be one of JEOL's.
"""

from __future__ import annotations

import re
import struct

from transferapp.errors import DamagedFile, MissingCompanion, SourceProblem, UnsupportedFile
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.bio_formats_only import ANALYZE, JEOL, NIFTI
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families.damaged import damaged
from transferapp.intake.families.family import Family
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile
from transferapp.intake.whole import lengths

#: A header says its own length first.
_HEADER_BYTES = lengths.NIFTI_HEADER_BYTES
_LENGTHS = tuple(struct.pack(f"{order}i", _HEADER_BYTES) for order in "<>")
_PAIR_MARK = b"ni1\0"
_TEXT = re.compile(rb"[\t\n\r -~]*")
_ENVI_MARK = b"ENVI"
#: Nobody reads it here; it is known so that people can be told.
ENVI = ImageFormat("ENVI", (".hdr",), (_ENVI_MARK,))


def collect(file: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the pair, from either of its files; None when it is of another program."""
    is_header = file.path.suffix.lower() == ".hdr"
    if is_header:
        return _pair(file, neighbours)
    header = neighbours.named(file, f"{file.path.stem}.hdr")
    made = None if header is None else _pair(header, neighbours)
    if made is not None and file in made.files:
        return made
    with file.path.open("rb", buffering=0) as opened:
        is_jeol = JEOL.begins(opened.read(2))
    return FilesetCandidate(file.name, (file,), JEOL) if is_jeol else None


def _pair(header: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    with header.path.open("rb", buffering=0) as opened:
        head = opened.read(_HEADER_BYTES)
    if head.startswith(_ENVI_MARK):
        return _envi(header, neighbours)
    if not head.startswith(_LENGTHS) or len(head) < _HEADER_BYTES:
        return _broken(header, head, neighbours)
    kind = NIFTI if head.endswith(_PAIR_MARK) else ANALYZE
    wanted = f"{header.path.stem}.img"
    pixels = neighbours.named(header, wanted)
    if pixels is None or _is_of_another(pixels, header, neighbours):
        problem = MissingCompanion(
            f"'{header.name}' is the header of '{wanted}', which is missing. Put it beside"
            " the header, then drop both."
        )
        return FilesetCandidate(header.name, (header,), kind, (problem,))
    problems: tuple[SourceProblem, ...] = ()
    if (header.path.suffix, pixels.name) != (".hdr", wanted):
        problems = (_capitals(header, pixels),)
    elif pixels.size_bytes < lengths.nifti_pixels(head):
        problems = (
            DamagedFile(
                f"'{pixels.name}' is not complete: its end is cut off. Copy or export it again."
            ),
        )
    return FilesetCandidate(header.name, (header, pixels), kind, problems)


def _broken(header: FoundFile, head: bytes, neighbours: Neighbours) -> FilesetCandidate | None:
    """Refuse a pair whose header is none; None when it is text, of another program."""
    pixels = neighbours.exactly(header, f"{header.path.stem}.img")
    if pixels is None or (head and _TEXT.fullmatch(head)):
        return None
    return damaged(header, ANALYZE, [pixels])


def _envi(header: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Refuse a pair of ENVI, whose ``.img`` Bio-Formats takes for one of other programs."""
    pixels = neighbours.named(header, f"{header.path.stem}.img")
    if pixels is None:
        return None
    problem = UnsupportedFile(
        f"'{header.name}' and '{pixels.name}' are an image of ENVI, which the image repository"
        " does not read. Export it as OME-TIFF, then import that."
    )
    return FilesetCandidate(header.name, (header, pixels), ENVI, (problem,))


def _is_of_another(pixels: FoundFile, header: FoundFile, neighbours: Neighbours) -> bool:
    """Say whether pixels of another case of letters have a header of their own."""
    own = f"{pixels.path.stem}.hdr"
    if pixels.path.stem == header.path.stem or own == header.name:
        return False
    return neighbours.exactly(header, own) is not None


def _capitals(header: FoundFile, pixels: FoundFile) -> SourceProblem:
    stem = header.path.stem
    return SourceProblem(
        f"'{header.name}' and '{pixels.name}' are not found by these names on the"
        f" server. Rename them to '{stem}.hdr' and '{stem}.img', then retry."
    )


FAMILY = Family("Analyze or NIfTI", (".hdr", ".img"), collect)
