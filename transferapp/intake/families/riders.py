"""Files that ride along with another one, after all sets are made.

``NAME.bfoptions`` beside ``NAME`` holds settings of Bio-Formats for that file. Seen with
Bio-Formats 7.3.1: only that of the file which is opened counts (``exp_t1.TIF.bfoptions``,
not ``exp.nd.bfoptions``), and it comes last; that of a ``.pattern`` does not count.

``NAME_metadata.txt`` of Micro-Manager beside an OME-TIFF that it names: Bio-Formats uses both,
and opens the text. Here the OME-TIFF is opened, which tells of positions and channels
by itself, and the text rides along. A text that names no file stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import micromanager, pattern
from transferapp.intake.formats import OME_TIFF
from transferapp.intake.scanning import FoundFile

_OPTIONS = ".bfoptions"
_STACK = "_MMStack_"


def ride_along(candidates: Iterable[FilesetCandidate]) -> list[FilesetCandidate]:
    """Return the sets with what rides along, and without those that were nothing else."""
    made = list(candidates)
    loose = {str(c.files[0].path): c.files[0] for c in made if _may_ride(c)}
    if not loose:
        return made
    carriers = [one for one in made if not _may_ride(one)]
    taken, found = set[str](), list[FilesetCandidate]()
    for carrier in carriers:
        riders = _riders(carrier, loose)
        taken.update(str(file.path) for file in riders)
        found.append(replace(carrier, files=(*carrier.files, *riders)) if riders else carrier)
    left = (one for one in made if _may_ride(one) and str(one.files[0].path) not in taken)
    return [*found, *left]


def _may_ride(candidate: FilesetCandidate) -> bool:
    if len(candidate.files) != 1 or candidate.format is not None:
        return False
    name = candidate.files[0].path.name
    is_text = _STACK in name and micromanager.is_metadata_name(name)
    return is_text or name.endswith(_OPTIONS)


def _riders(carrier: FilesetCandidate, loose: dict[str, FoundFile]) -> list[FoundFile]:
    found = list[FoundFile]()
    if carrier.format is OME_TIFF:
        names = {file.path.name for file in carrier.files}
        for file in carrier.files:
            text = loose.get(_text_beside(file))
            if text is not None and text not in found and _names_one_of(text, names):
                found.append(text)
    if carrier.files and carrier.format is not pattern.FORMAT:
        options = loose.get(f"{carrier.files[0].path}{_OPTIONS}")
        if options is not None:
            found.append(options)
    return found


def _text_beside(file: FoundFile) -> str:
    """Return where Micro-Manager puts the text of a stack: beside 'run_MMStack_Pos0.ome.tif'
    and 'run_MMStack_Pos0_1.ome.tif'.
    """
    stem = file.path.name[: -len(".ome.tif")]
    return str(file.path.with_name(f"{stem}_metadata.txt"))


def _names_one_of(text: FoundFile, names: set[str]) -> bool:
    with suppress(OSError):
        return not names.isdisjoint(micromanager.names_in(text) or ())
    return False
