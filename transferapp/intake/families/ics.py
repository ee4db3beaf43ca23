"""Image Cytometry Standard: an ``.ics`` header; its pixels lie in the ``.ids`` beside it, or
from version 2 on behind the header.

Seen with Bio-Formats 7.3.1, ICSReader: the header is opened; an ``.ids`` beside a header of
version 2 is not used; the two suffixes must be in the same case (``a.ics`` with ``a.IDS`` is
refused), a header of version 1 alone, and one of version 2 that names another file, too.
"""

from __future__ import annotations

import re
from math import prod

from transferapp.errors import DamagedFile, MissingCompanion, SourceProblem
from transferapp.intake.bio_formats_only import ICS
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families.family import Family
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

#: Headers carry notes of the microscope's software.
_MAX_HEADER_BYTES = 1 << 20
_SIZES = re.compile(rb"^layout\s+sizes\s+(\d{1,9}(?:[ \t]+\d{1,9})*)[ \t]*\r?$", re.MULTILINE)
_VERSION = re.compile(rb"^ics_version\s+2", re.MULTILINE)
_END = re.compile(rb"^end[\t ]*\r?\n", re.MULTILINE)
_PACKED = re.compile(rb"^representation\s+compression\s+(gzip|compress)", re.MULTILINE)


def collect(file: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the pair, from either of its files."""
    stem, suffix = file.path.stem, file.path.suffix
    if suffix.lower() == ".ids":
        return _of_pixels(file, stem, suffix, neighbours)
    with file.path.open("rb") as opened:
        header = opened.read(_MAX_HEADER_BYTES)
    if b"ics_version" not in header[:64]:
        return None
    if _VERSION.search(header):
        source = re.search(rb"^source\s+file\s+(.+?)\s*$", header, re.MULTILINE)
        problems = _elsewhere(file, source[1]) if source else _cut(file, header, file)
        return FilesetCandidate(file.name, (file,), ICS, problems)
    wanted = stem + (".IDS" if suffix.isupper() else ".ids")
    pixels = neighbours.named(file, wanted)
    if pixels is None:
        problem = _missing(f"'{file.name}' has its pixels in '{wanted}'", wanted)
        return FilesetCandidate(file.name, (file,), ICS, (problem,))
    problems = _cut(file, header, pixels)
    if pixels.name != wanted:
        problems = (_other_case(pixels, wanted),)
    return FilesetCandidate(file.name, (file, pixels), ICS, problems)


def _of_pixels(
    file: FoundFile, stem: str, suffix: str, neighbours: Neighbours
) -> FilesetCandidate | None:
    wanted = stem + (".ICS" if suffix.isupper() else ".ics")
    header = neighbours.named(file, wanted)
    if header is not None:
        made = collect(header, neighbours)
        if made is None or file in made.files:
            return made
        problem: SourceProblem = SourceProblem(
            f"'{header.name}' holds its pixels itself, so '{file.name}' is not"
            " needed. Leave it out."
        )
        return FilesetCandidate(file.name, (file,), ICS, (problem,))
    problem = _missing(f"'{file.name}' is described by '{wanted}'", wanted)
    return FilesetCandidate(file.name, (file,), ICS, (problem,))


def _cut(header_file: FoundFile, header: bytes, pixels: FoundFile) -> tuple[SourceProblem, ...]:
    """Say that there are fewer bytes than the header's sizes ask for."""
    sizes, end = _SIZES.search(header), _END.search(header)
    if sizes is None or _PACKED.search(header):
        return ()
    bits, *lengths = (int(number) for number in sizes[1].split())
    least = (prod(lengths) * bits + 7) // 8
    if pixels is header_file:
        if end is None:
            return ()
        least += end.end()
    if pixels.size_bytes >= least:
        return ()
    return (
        DamagedFile(
            f"'{pixels.name}' is not complete: its end is cut off. Copy or export it again."
        ),
    )


def _elsewhere(file: FoundFile, name: bytes) -> tuple[SourceProblem, ...]:
    shown = name.decode("utf-8", "replace")
    return (
        MissingCompanion(
            f"'{file.name}' has its pixels in '{shown}', where the image repository does"
            " not look for them. Save it again as one ICS file, or as OME-TIFF."
        ),
    )


def _missing(sentence: str, wanted: str) -> MissingCompanion:
    return MissingCompanion(
        f"{sentence}, which is missing. Put '{wanted}' beside it, then drop both."
    )


def _other_case(file: FoundFile, wanted: str) -> SourceProblem:
    return SourceProblem(
        f"'{file.name}' is not found by that name on the server. Rename it to '{wanted}',"
        " then retry."
    )


FAMILY = Family("ICS", (".ics", ".ids"), collect)
