"""Leica XLEF: an ``.xlef`` of XML that leads to ``.xlcf``, ``.xlif`` and image files.

Seen with Bio-Formats 7.3.1, XLEFReader: the ``.xlef`` is opened, then all files that it leads
to, whatever they are, by their paths in the order of text. Names lead on from the file that
has them, with slashes of either kind, ``%20`` and other case. An absent image, and nothing is
read; an absent ``.xlif`` or ``.xlcf`` is passed over.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from transferapp.errors import DamagedFile, SourceProblem
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts
from transferapp.intake.families.damaged import damaged
from transferapp.intake.families.family import Family
from transferapp.intake.families.texts import read_xml
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

FORMAT = ImageFormat("Leica XLEF", (".xlef",), (b"<", b"\xef\xbb\xbf<"))
#: An image is described in some 100 kB.
_MAX_XML_BYTES = 32 << 20
_MAX_FILES = 100_000
_DESCRIPTIONS = (".xlef", ".xlcf", ".xlif")


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of an ``.xlef``; one that leads nowhere is damaged."""
    if not _references(index):
        return damaged(index, FORMAT, ())  # Its images may be called anything.
    found, absent, broken = _led_to(index, neighbours)
    files = (index, *(found[path] for path in sorted(found)))
    passed_over = [name for name in absent if name.lower().endswith(_DESCRIPTIONS)]
    images = [name for name in absent if name not in passed_over]
    problems: tuple[SourceProblem, ...] = (doubt_texts.needed(images, index),) if images else ()
    doubts = (doubt_texts.left_out(passed_over, index),) if passed_over else ()
    if broken:
        problems = (DamagedFile(doubt_texts.damaged(broken[0], FORMAT.name)),)
    elif all(file.name.lower().endswith(_DESCRIPTIONS) for file in files):
        problems = (doubt_texts.no_images(index, next(iter(absent), "image.tif")),)
    elif capitals := [file.name for file in files[1:] if not _ends_small(file)]:
        problems = (*problems, doubt_texts.in_capitals(capitals, index))
    return FilesetCandidate(index.name, files, FORMAT, problems, doubts)


def _ends_small(file: FoundFile) -> bool:
    """Say whether a name's end is in small letters: by others nothing is found."""
    return file.path.suffix == file.path.suffix.lower()


def _led_to(
    index: FoundFile, neighbours: Neighbours
) -> tuple[dict[str, FoundFile], list[str], list[FoundFile]]:
    """Return the files that an index leads to, by their places; the names of those that are
    not there; and the descriptions that cannot be read.
    """
    found, absent, broken = {index.place: index}, dict[str, None](), list[FoundFile]()
    waiting = [index]
    while waiting and len(found) < _MAX_FILES:
        here = waiting.pop()
        references = _references(here)
        if references is None:
            broken.append(here)
        for reference in references or ():
            file = _follow(index, here, reference, neighbours)
            if file is None:
                absent[reference] = None
            elif file.place not in found:
                found[file.place] = file
                if file.name.lower().endswith(_DESCRIPTIONS):
                    waiting.append(file)
    del found[index.place]
    return found, list(absent), broken


def _references(file: FoundFile) -> list[str] | None:
    """Return what a file refers to: other descriptions, and images as frames or blocks;
    None of one that cannot be read.
    """
    root = read_xml(file, _MAX_XML_BYTES)
    if root is None:
        return None
    names = (
        element.get("File", "")
        for element in root.iter()
        if element.tag in ("Reference", "Frame", "Block")
    )
    return [unquote(name) for name in names if name]


def _follow(
    index: FoundFile, here: FoundFile, reference: str, neighbours: Neighbours
) -> FoundFile | None:
    """Find what a file refers to; nothing outside of what was dropped."""
    folder: Path | None = here.path.parent
    *above, last = reference.replace("\\", "/").split("/")
    for part in above:
        if folder is None:
            return None
        if part == "..":
            folder = folder.parent
        elif part not in ("", "."):
            folder = neighbours.folder(folder, part)
    return None if folder is None else neighbours.named(index, last, folder)


XLEF = Family(
    "Leica XLEF",
    FORMAT.suffixes,
    collect,
    names_any=True,
)
