"""Files that ride along with another one, after all sets are made.

``NAME.bfoptions`` beside ``NAME`` holds settings of Bio-Formats for that file. Seen with
Bio-Formats 7.3.1: only that of the file which is opened counts (``exp_t1.TIF.bfoptions``,
not ``exp.nd.bfoptions``), and it comes last; that of a ``.pattern`` does not count.

``NAME_metadata.txt`` of Micro-Manager beside an OME-TIFF that it names: Bio-Formats uses both,
and opens the text. Here the OME-TIFF is opened, which tells of positions and channels
by itself, and the text rides along. A text that names no file stays where it is.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import compress

from transferapp.formats.side_files import OPTIONS_ENDING
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import micromanager, pattern
from transferapp.intake.formats import OME_TIFF
from transferapp.intake.scanning import FoundFile

_STACK = "_MMStack_"


def may_ride(name: str) -> bool:
    """Say whether a file of this name may ride along with another one."""
    is_text = _STACK in name and micromanager.is_metadata_name(name)
    return is_text or name.endswith(OPTIONS_ENDING)


def ride_along(
    some: Iterable[Sequence[FilesetCandidate]], loose: Collection[str]
) -> Iterator[list[FilesetCandidate]]:
    """Pass on filesets, some at a time; those that something may ride along with come last,
    with that, and those that were nothing else are left out.

    ``loose`` are the places of all files that may ride.
    """
    held = list[FilesetCandidate]()
    for made in some:
        if loose:
            waits = [_is_loose(one) or _may_carry(one, loose) for one in made]
            held += compress(made, waits)
            yield [one for one, must_wait in zip(made, waits, strict=True) if not must_wait]
        else:
            yield list(made)
    yield _together(held)


def _together(made: Sequence[FilesetCandidate]) -> list[FilesetCandidate]:
    loose = {c.files[0].place: c.files[0] for c in made if _is_loose(c)}
    taken, found = set[str](), list[FilesetCandidate]()
    for carrier in made:
        if _is_loose(carrier):
            continue
        riders = _riders(carrier, loose)
        taken.update(file.place for file in riders)
        found.append(replace(carrier, files=(*carrier.files, *riders)) if riders else carrier)
    left = (one for one in made if _is_loose(one) and one.files[0].place not in taken)
    return [*found, *left]


def _is_loose(candidate: FilesetCandidate) -> bool:
    if len(candidate.files) != 1 or candidate.format is not None:
        return False
    return may_ride(candidate.files[0].name)


def _may_carry(candidate: FilesetCandidate, loose: Collection[str]) -> bool:
    if not candidate.files:
        return False
    if f"{candidate.files[0].place}{OPTIONS_ENDING}" in loose:
        return True
    return candidate.format is OME_TIFF and any(
        _text_beside(file) in loose for file in candidate.files
    )


def _riders(carrier: FilesetCandidate, loose: dict[str, FoundFile]) -> list[FoundFile]:
    found = list[FoundFile]()
    if carrier.format is OME_TIFF:
        names = {file.name for file in carrier.files}
        for file in carrier.files:
            text = loose.get(_text_beside(file))
            if text is not None and text not in found and _names_one_of(text, names):
                found.append(text)
    if carrier.files and carrier.format is not pattern.FORMAT:
        options = loose.get(f"{carrier.files[0].place}{OPTIONS_ENDING}")
        if options is not None:
            found.append(options)
    return found


def _text_beside(file: FoundFile) -> str:
    """Return where Micro-Manager puts the text of a stack: beside 'run_MMStack_Pos0.ome.tif'
    and 'run_MMStack_Pos0_1.ome.tif'.
    """
    folder, _, name = file.place.rpartition(os.sep)
    return f"{folder}{os.sep}{name[: -len('.ome.tif')]}_metadata.txt"


def _names_one_of(text: FoundFile, names: set[str]) -> bool:
    with suppress(OSError):
        return not names.isdisjoint(micromanager.names_in(text) or ())
    return False
