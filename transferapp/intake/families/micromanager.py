"""Micro-Manager: ``metadata.txt`` (or ``NAME_metadata.txt``) beside a TIFF for each plane.

Seen with Bio-Formats 7.3.1, MicromanagerReader: of ``metadata.txt`` and its images the first
by name is opened, of ``NAME_metadata.txt`` that file; then ``Acqusition.xml`` (spelled so) and
the images as the text names them. Absent images are shown black.
A ``metadata.txt`` swallows every TIFF beside it there, also one that it does not name; those
are sets of their own here, as each set lies in a folder of its own on the server. OME-TIFFs
that a text names (MMStack) stay OME-TIFFs: see ``riders``.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts
from transferapp.intake.families.damaged import damaged, matching
from transferapp.intake.families.family import Family
from transferapp.intake.formats import OME_TIFF
from transferapp.intake.neighbours import Neighbours, found_and_absent
from transferapp.intake.scanning import FoundFile

_TEXT = "metadata.txt"
FORMAT = ImageFormat("Micro-Manager", (_TEXT,), (b"{",))
#: Spelled so by Micro-Manager 1.
_ACQUISITION = "Acqusition.xml"
_HEAD_BYTES = 64 << 10
_STEP_BYTES = 4 << 20
#: Some 2 kB for each plane; 2 GiB are a million planes.
_MAX_BYTES = 2 << 30
_NAMED = re.compile(rb'"FileName"\s*:\s*"([^"\r\n]{1,1024})"')
#: How the text calls a plane where it does not name its file.
_PLANE = re.compile(rb'"(?:Metadata|Coords)-[^"/]*/([^"/\r\n]{1,255}\.tiff?)"\s*:')
_LONGEST_MATCH = 2048
_END = re.compile(rb"\}\s*\}[\s\0]*\Z")
_TAIL_BYTES = 256
_MEMBER = re.compile(
    r"(^|/)img_(\d{9}_[^/]*_\d{3}|channel\d+_position\d+_time\d+_z\d+)\.tiff?$",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"img_.*\.tiff?", re.IGNORECASE)


def is_metadata_name(name: str) -> bool:
    """Say whether Micro-Manager gives its text such a name; only small letters count."""
    return name == _TEXT or name.endswith(f"_{_TEXT}")


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of a text of Micro-Manager; None when it is another ``metadata.txt``."""
    exact = is_metadata_name(index.name)
    return (_collect if exact else _misnamed)(index, neighbours)


def _collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    names = _images_of(index, neighbours)
    if names is None:
        # Any program may call a text so; its images' names are Micro-Manager's alone.
        members = matching(index, neighbours, _MEMBER)
        is_lone = members and not _has_another(index, neighbours)
        return damaged(index, FORMAT, members) if is_lone else None
    if not names:
        return None
    found, absent = found_and_absent(names, lambda name: neighbours.exactly(index, name))
    is_whole = _ends(index)
    if not is_whole:
        members = matching(index, neighbours, _MEMBER)
        torn = {file.place for file in members} - {file.place for file in found}
        if torn or not names_in(index) or not _ends_with_a_plane(index):
            return damaged(index, FORMAT, [*found, *members])
    if not found:
        problem = doubt_texts.no_images(index, absent[0])
        return FilesetCandidate(index.name, (index,), FORMAT, (problem,))
    extra = neighbours.exactly(index, _ACQUISITION)
    files = [index, *([extra] if extra else []), *found]
    if index.name == _TEXT:
        first = min(index, *found, key=lambda file: file.name)
        files = [first, *(file for file in files if file is not first)]
    doubts = [doubt_texts.absent(absent, index)] if absent else []
    doubts += [] if is_whole else [doubt_texts.no_end(index)]
    return FilesetCandidate(index.name, tuple(files), FORMAT, doubts=tuple(doubts))


def _misnamed(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of a ``METADATA.TXT`` whose images Micro-Manager named: to be renamed."""
    right = index.name.lower()
    if not is_metadata_name(right):
        return None
    named = neighbours.exactly
    found, _ = found_and_absent(names_in(index) or (), lambda name: named(index, name))
    images = [file for file in found if _MEMBER.search(file.name)]
    if not images:
        return None
    problem = doubt_texts.misnamed(index.name, index.name[: -len(_TEXT)] + _TEXT)
    return FilesetCandidate(index.name, (index, *images), FORMAT, (problem,))


def _images_of(index: FoundFile, neighbours: Neighbours) -> list[str] | None:
    """Return the names of a set's images; none when it is no set of single
    images, and None when it is no text of Micro-Manager.
    """
    names = names_in(index)
    if names is None:
        return None
    if not names:
        here = neighbours.listing(index, index.path.parent)
        names = [file.name for file in here if _IMAGE.fullmatch(file.name)]
    are_stacks = all(name.lower().endswith(OME_TIFF.suffixes) for name in names)
    return [] if are_stacks else names


def _ends(index: FoundFile) -> bool:
    """Say whether the last brackets are there: those of the last plane, and of the text."""
    with index.path.open("rb") as opened:
        opened.seek(max(0, index.path.stat().st_size - _TAIL_BYTES))
        return _END.search(opened.read()) is not None


def _ends_with_a_plane(index: FoundFile) -> bool:
    """Say whether the last plane's bracket is there: without it Bio-Formats reads nothing."""
    with index.path.open("rb") as opened:
        opened.seek(max(0, index.path.stat().st_size - _TAIL_BYTES))
        return opened.read().rstrip(b"\0 \t\r\n").endswith(b"}")


def _has_another(index: FoundFile, neighbours: Neighbours) -> bool:
    """Say whether another text of Micro-Manager lies beside."""
    here = neighbours.listing(index, index.path.parent)
    texts = (file for file in here if is_metadata_name(file.name) and file != index)
    return any(names_in(text) is not None for text in texts)


def names_in(index: FoundFile) -> list[str] | None:
    """Return the names of the images that a text names, each once, in its order; None when
    it is no text of Micro-Manager. Raises OSError.
    """
    found, planes = dict[bytes, None](), dict[bytes, None]()
    with index.path.open("rb") as opened:
        rest = opened.read(_HEAD_BYTES)
        if not rest.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") or b'"Summary"' not in rest:
            return None
        while True:
            found.update(dict.fromkeys(match[1] for match in _NAMED.finditer(rest)))
            planes.update(dict.fromkeys(match[1] for match in _PLANE.finditer(rest)))
            more = opened.read(_STEP_BYTES)
            if not more or opened.tell() > _MAX_BYTES:
                break
            rest = rest[-_LONGEST_MATCH:] + more
    names = (name.decode("utf-8", "replace") for name in found or planes)
    return list(dict.fromkeys(PurePosixPath(name.replace("\\", "/")).name for name in names))


MICROMANAGER = Family(
    "Micro-Manager",
    FORMAT.suffixes,
    collect,
    _MEMBER,
    "its metadata.txt",
)
