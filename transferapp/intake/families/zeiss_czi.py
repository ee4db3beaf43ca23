"""Zeiss CZI in several files: ``x.czi``, ``x (1).czi``, ``x (2).czi``.

Seen with Bio-Formats 7.3.1, ZeissCZIReader: every ``x (N).czi`` beside ``x.czi`` is taken for
a part of it by its name alone, with or without the space; parts come by their numbers. A
browser calls a second download the same, and then the neighbour's pixels are shown. Here the
header decides: a part has a number of its own, and a copy the identifier of the other.
Header: Carl Zeiss Microscopy, "ZISRAW (CZI) File Format", design specification 1.2.2.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families.family import Family
from transferapp.intake.formats import CZI
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

_NUMBERED = re.compile(r"(.+?) ?\((\d{1,6})\)\.czi", re.IGNORECASE)
#: Numbers of parts that are missing are told up to this one.
_MAX_PARTS = 10_000
_MAGIC = b"ZISRAWFILE"
#: Behind the segment's header and four numbers: GUID of the first file, own GUID, part.
_HEADER = struct.Struct("<16s16si")
_HEADER_AT = 32 + 16


@dataclass(frozen=True, slots=True)
class _Header:
    first: bytes
    own: bytes
    part: int


def collect(file: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of a part and all others, or tell a copy; None for any other CZI.

    Only names with a number in brackets make it open files. ``x.czi`` looks for them only
    when it was dropped itself: else all of its folder was scanned.
    """
    numbered = _NUMBERED.fullmatch(file.name)
    if numbered is None:
        if "/" in file.client_path:
            return None
        stem, suffix = file.name[:-4], file.name[-4:]
        beside = neighbours.find(file, file.path.with_name(f"{stem} (1){suffix}"))
        return None if beside is None else collect(beside, neighbours)
    header = _header(file)
    return None if header is None else _numbered(file, header, numbered[1], neighbours)


def _numbered(
    file: FoundFile, header: _Header, stem: str, neighbours: Neighbours
) -> FilesetCandidate | None:
    main = _main(file, stem, neighbours)
    if main is not None and _is_same(header, main):
        return _copy(file, main)
    if header.part == 0:
        return None
    if main is None:
        return FilesetCandidate(file.name, (file,), CZI, doubts=(_lone(file, stem),))
    parts = _parts(main, neighbours)
    gaps = sorted(set(range(1, min(max(parts), _MAX_PARTS) + 1)) - set(parts))
    doubts = (_gap(main, gaps),) if gaps else ()
    files = (main, *(parts[number] for number in sorted(parts)))
    return FilesetCandidate(main.name, files, CZI, doubts=doubts)


def _main(file: FoundFile, stem: str, neighbours: Neighbours) -> FoundFile | None:
    names = (f"{stem}{suffix}" for suffix in (file.name[-4:], ".czi", ".CZI"))
    found = (neighbours.exactly(file, name) for name in names)
    return next((one for one in found if one is not None), None)


def _parts(main: FoundFile, neighbours: Neighbours) -> dict[int, FoundFile]:
    """Return the parts of a set by the numbers in their headers."""
    found = dict[int, FoundFile]()
    for file in neighbours.listing(main, main.path.parent):
        numbered = _NUMBERED.fullmatch(file.name)
        if numbered is None or numbered[1] != main.name[:-4]:
            continue
        header = _header(file)
        if header is not None and header.part > 0:
            found.setdefault(header.part, file)
    return found


def _is_same(header: _Header, main: FoundFile) -> bool:
    other = _header(main)
    return other is not None and (other.own, other.part) == (header.own, header.part)


def _copy(file: FoundFile, main: FoundFile) -> FilesetCandidate:
    """Tell a copy of a CZI that a browser, or a person, made beside it."""
    doubt = (
        f"'{file.name}' looks like a second copy of '{main.name}', as a browser names"
        " a second download: both carry the same identifier, and it is no part of it. Is it"
        " needed? Both are imported, each for itself."
    )
    return FilesetCandidate(file.name, (file,), CZI, doubts=(doubt,))


def _header(file: FoundFile) -> _Header | None:
    """Read a file's own account of itself; None when it is no CZI. Raises OSError."""
    with file.path.open("rb") as opened:
        content = opened.read(_HEADER_AT + _HEADER.size)
    if not content.startswith(_MAGIC) or len(content) < _HEADER_AT + _HEADER.size:
        return None
    return _Header(*_HEADER.unpack_from(content, _HEADER_AT))


def _lone(file: FoundFile, stem: str) -> str:
    return (
        f"'{file.name}' is a part of a CZI in several files, and '{stem}.czi' is missing."
        " Imported like this, only what is in this part is shown. Drop all parts together."
    )


def _gap(main: FoundFile, gaps: list[int]) -> str:
    numbers = ", ".join(map(str, gaps[:10]))
    return (
        f"'{main.name}' has several parts, and those with the numbers {numbers} are"
        " missing: their planes are shown black. Copy all parts again."
    )


CZI_PARTS = Family("Zeiss CZI", CZI.suffixes, collect)
