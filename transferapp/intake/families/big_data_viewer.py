"""BigDataViewer: an ``.xml`` that describes views, whose pixels lie in an ``.h5`` it names.

Seen with Bio-Formats 7.3.1, BDVReader: where the two have one stem the ``.h5`` is opened, as
it comes first in a folder, else the ``.xml``; the name must be right to the letter; other
ImageLoaders (N5) and the suffix ``.hdf5`` are refused. Partitions, which the ``.h5`` links to,
are not used files there; without them its pixels are missing, so they go along.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import unescape

from transferapp.errors import DamagedFile, MissingCompanion, SourceProblem
from transferapp.intake.bio_formats_only import BIG_DATA_VIEWER
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families.family import Family
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile
from transferapp.intake.whole.containers import hdf5

_HEAD_BYTES = 4096
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
        if b"<SpimData" not in opened.read(_HEAD_BYTES):
            return None
        opened.seek(0)
        text = opened.read(_MAX_XML_BYTES).decode("utf-8", "replace")
    named = _IMAGES.search(text)
    if named is None:
        return None
    name = unescape(named[1])
    pixels = neighbours.named(file, name)
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
    if None in parts:
        problems = (*problems, _no_partition(file))
    return FilesetCandidate(pair[0].name, tuple(files), BIG_DATA_VIEWER, problems)


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
    if missing := hdf5(pixels.path):
        found.append(DamagedFile(f"'{pixels.name}' is not complete: {missing}. Copy it again."))
    return found


def _no_partition(file: FoundFile) -> MissingCompanion:
    return MissingCompanion(
        f"'{file.name}' names .h5 files that are missing. Put all of them beside it, then"
        " drop the folder."
    )


FAMILY = Family("BigDataViewer", (".xml", ".h5"), collect)
