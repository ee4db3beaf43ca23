"""Image Cytometry Standard: an ``.ics`` header; its pixels lie in the ``.ids`` beside it, or
from version 2 on behind the header.

Seen with Bio-Formats 7.3.1, ICSReader: the header is opened; an ``.ids`` beside a header of
version 2 is not used; the two suffixes must be in the same case (``a.ics`` with ``a.IDS`` is
refused), a header of version 1 alone, and one of version 2 that names another file, too. A
header without its sizes or format is refused, one that ends before its byte order is not: then
the bytes may be swapped and the pixel size lost, so here it is refused.
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
_END = re.compile(rb"^end[\t ]*(?:\r?\n|\r?\Z)", re.MULTILINE)
_BYTE_ORDER = re.compile(rb"^representation\s+byte_order\s+\d[\d\t ]*\r?$", re.MULTILINE)
_FORMAT = re.compile(rb"^representation\s+format\s+\w+[\t ]*\r?$", re.MULTILINE)
#: libics writes it last of what counts; its first version wrote no end.
_SCALE = re.compile(rb"^parameter\s+scale\s.*\n", re.MULTILINE)
_ONE_BYTE = 8
_PACKED = re.compile(rb"^representation\s+compression\s+(gzip|compress)", re.MULTILINE)


def collect(file: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the pair, from either of its files."""
    stem, suffix = file.path.stem, file.path.suffix
    if suffix.lower() == ".ids":
        return _of_pixels(file, stem, suffix, neighbours)
    with file.path.open("rb") as opened:
        header = opened.read(_MAX_HEADER_BYTES)
    problem = _not_whole(file, header)
    if problem is not None:
        beside = neighbours.exactly(file, _name_of(stem, suffix, ".ids"))
        if beside is None and not header:
            return None  # Preflight says it.
        files = (file,) if beside is None else (file, beside)
        return FilesetCandidate(file.name, files, ICS, (problem,))
    return _of_header(file, header, neighbours)


def _of_header(file: FoundFile, header: bytes, neighbours: Neighbours) -> FilesetCandidate:
    """Make the set of a header that is whole."""
    if _VERSION.search(header):
        source = re.search(rb"^source\s+file\s+(.+?)\s*$", header, re.MULTILINE)
        problems = _elsewhere(file, source[1]) if source else _cut(file, header, file)
        return FilesetCandidate(file.name, (file,), ICS, problems)
    wanted = _name_of(file.path.stem, file.path.suffix, ".ids")
    pixels = neighbours.named(file, wanted)
    if pixels is None or _is_of_another(pixels, wanted, file, neighbours):
        absent = _missing(f"'{file.name}' has its pixels in '{wanted}'", wanted)
        return FilesetCandidate(file.name, (file,), ICS, (absent,))
    problems = _cut(file, header, pixels)
    if pixels.name != wanted:
        problems = (_other_case(pixels, wanted),)
    return FilesetCandidate(file.name, (file, pixels), ICS, problems)


def _of_pixels(
    file: FoundFile, stem: str, suffix: str, neighbours: Neighbours
) -> FilesetCandidate | None:
    wanted = _name_of(stem, suffix, ".ics")
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


def _name_of(stem: str, suffix: str, other: str) -> str:
    """Return the name of the other file of a pair."""
    return stem + (other.upper() if suffix.isupper() else other)


def _is_of_another(
    pixels: FoundFile, wanted: str, header: FoundFile, neighbours: Neighbours
) -> bool:
    """Say whether pixels of another case of letters have a header of their own."""
    if pixels.name == wanted:
        return False
    own = _name_of(pixels.path.stem, pixels.path.suffix, ".ics")
    return own != header.name and neighbours.exactly(header, own) is not None


def _not_whole(file: FoundFile, header: bytes) -> DamagedFile | None:
    """Say that a file is no header, or not all of one."""
    if b"ics_version" not in header[:64]:
        return DamagedFile(
            f"'{file.name}' does not begin like an ICS file. Copy or export it again."
        )
    end = _END.search(header)
    stated = header[: end.end()] if end else header
    sizes = _SIZES.search(stated)
    is_whole = sizes is not None and _FORMAT.search(stated) is not None
    if sizes is not None and int(sizes[1].split()[0]) > _ONE_BYTE:
        is_whole = is_whole and _BYTE_ORDER.search(stated) is not None
    if end is None and len(header) < _MAX_HEADER_BYTES:
        is_old = _VERSION.search(header) is None
        is_whole = (
            is_whole and is_old and stated.endswith(b"\n") and bool(_SCALE.search(stated))
        )
    if is_whole:
        return None
    return DamagedFile(
        f"'{file.name}' is not complete: its header is cut off. Copy or export it again."
    )


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
