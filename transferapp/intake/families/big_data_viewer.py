"""BigDataViewer: an ``.xml`` that describes views, whose pixels lie in an ``.h5`` it names.

Seen with Bio-Formats 7.3.1, BDVReader: where the two have one stem the ``.h5`` is opened, as
it comes first in a folder, else the ``.xml``; the name must be right to the letter; other
ImageLoaders (N5) and the suffix ``.hdf5`` are refused. Where several ``.xml`` name one ``.h5``
it takes the first by name; here that of the ``.h5``'s stem is the set's, and the others are
copies. Partitions, which the ``.h5`` links to,
are not used files there; without them its pixels are missing, so they go along.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import unescape

from transferapp.errors import DamagedFile, MissingCompanion, SourceProblem
from transferapp.intake.bio_formats_only import BIG_DATA_VIEWER
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts
from transferapp.intake.families.family import Family
from transferapp.intake.families.texts import UTF_16
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile
from transferapp.intake.whole.containers import hdf5

_HEAD_BYTES = 4096
_ELEMENT = re.compile(rb"<[A-Za-z]")
_MARK = b"\x89HDF\r\n\x1a\n"
_CLOSED = "</SpimData>"
_MAX_XML_BYTES = 64 << 20
_IMAGES = re.compile(r"<hdf5\b[^>]*>\s*([^<]+?)\s*</hdf5>")
_PARTITIONS = re.compile(r"<partition>\s*<path\b[^>]*>\s*([^<]+?)\s*</path>")


def collect(file: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of an ``.xml``, or of the ``.h5`` of the same stem."""
    if file.path.suffix.lower() != ".h5":
        return _of_xml(file, neighbours)
    described = neighbours.named(file, f"{file.path.stem}.xml")
    made = None if described is None else _of_xml(described, neighbours)
    return made if made is not None and file in made.files else None


def _of_xml(file: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    with file.path.open("rb") as opened:
        head = opened.read(_HEAD_BYTES)
        if b"<SpimData" not in head:
            return _of_no_xml(file, head, neighbours)
        opened.seek(0)
        text = opened.read(_MAX_XML_BYTES).decode("utf-8", "replace")
    if _CLOSED not in text and file.size_bytes <= _MAX_XML_BYTES:
        return _of_cut_xml(file, neighbours)
    named = _IMAGES.search(text)
    return None if named is None else _of_named(file, unescape(named[1]), text, neighbours)


def _of_named(
    file: FoundFile, name: str, text: str, neighbours: Neighbours
) -> FilesetCandidate | None:
    """Make the set of an ``.xml`` and the ``.h5`` that it names; None when it is a copy."""
    pixels = neighbours.named(file, name)
    if pixels is not None and _has_another(pixels, file, neighbours):
        return None
    if pixels is None:
        problem = MissingCompanion(
            f"'{file.name}' has its pixels in '{name}', which is missing. Put it where the"
            " .xml expects it, then drop the folder."
        )
        return FilesetCandidate(file.name, (file,), BIG_DATA_VIEWER, (problem,))
    pair = (file, pixels)
    if pixels.path.with_suffix(".xml") == file.path:
        pair = (pixels, file)
    parts = [neighbours.named(file, unescape(part)) for part in _PARTITIONS.findall(text)]
    files = dict.fromkeys((*pair, *(part for part in parts if part is not None)))
    problems = tuple(_problems(file, pixels, name))
    if file.path.suffix != ".xml":
        problems = (*problems, doubt_texts.misnamed(file.name, f"{file.path.stem}.xml"))
    if None in parts:
        problems = (*problems, _no_partition(file))
    return FilesetCandidate(pair[0].name, tuple(files), BIG_DATA_VIEWER, problems)


def _of_no_xml(file: FoundFile, head: bytes, neighbours: Neighbours) -> FilesetCandidate | None:
    """Refuse what should describe an ``.h5`` beside it and is no XML, or one in UTF-16, which
    Bio-Formats does not read; None for XML of another program, and for any other file.
    """
    is_encoded = head.startswith(UTF_16)
    if not is_encoded and _ELEMENT.search(head):
        return None
    pixels = neighbours.exactly(file, f"{file.path.stem}.h5")
    if pixels is None:
        return None
    if is_encoded and "<SpimData" not in head.decode("utf-16", "replace"):
        return None
    if is_encoded:
        problem = DamagedFile(doubt_texts.encoded(file))
        return FilesetCandidate(pixels.name, (pixels, file), BIG_DATA_VIEWER, (problem,))
    return _of_cut_xml(file, neighbours)


def _of_cut_xml(file: FoundFile, neighbours: Neighbours) -> FilesetCandidate:
    problem = DamagedFile(f"'{file.name}' is not complete: its end is cut off. Copy it again.")
    pixels = neighbours.exactly(file, f"{file.path.stem}.h5")
    files = (file,) if pixels is None else (pixels, file)
    return FilesetCandidate(files[0].name, files, BIG_DATA_VIEWER, (problem,))


def _has_another(pixels: FoundFile, file: FoundFile, neighbours: Neighbours) -> bool:
    """Say whether another ``.xml`` describes the pixels, by its stem: this one is a copy."""
    own = f"{pixels.path.stem}.xml"
    if pixels.path.parent != file.path.parent or own == file.name:
        return False
    other = neighbours.exactly(file, own)
    if other is None:
        return False
    try:
        with other.path.open("rb") as opened:
            return b"<SpimData" in opened.read(_HEAD_BYTES)
    except OSError:
        return False


def _problems(file: FoundFile, pixels: FoundFile, name: str) -> list[SourceProblem]:
    found: list[SourceProblem] = []
    last = name.replace("\\", "/").rpartition("/")[2]
    if pixels.name != last:
        found.append(
            SourceProblem(
                f"'{pixels.name}' is called '{last}' in '{file.name}'. Rename it"
                " to that, then retry."
            )
        )
    if not _is_hdf5(pixels):
        found.append(
            DamagedFile(f"'{pixels.name}' does not begin like an HDF5 file. Copy it again.")
        )
    elif missing := hdf5(pixels.path):
        found.append(DamagedFile(f"'{pixels.name}' is not complete: {missing}. Copy it again."))
    return found


def _is_hdf5(file: FoundFile) -> bool:
    try:
        with file.path.open("rb", buffering=0) as opened:
            return opened.read(len(_MARK)) == _MARK
    except OSError:
        return True  # Preflight says it.


def _no_partition(file: FoundFile) -> MissingCompanion:
    return MissingCompanion(
        f"'{file.name}' names .h5 files that are missing. Put all of them beside it, then"
        " drop the folder."
    )


FAMILY = Family("BigDataViewer", (".xml", ".h5"), collect)
