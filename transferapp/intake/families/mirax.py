"""3DHISTECH MRXS: ``NAME.mrxs`` with the folder ``NAME`` of its pixels.

Seen with Bio-Formats 7.3.1: no reader; JPEGReader opens the ``.mrxs`` as a small picture.
bioformats2raw ships a reader of its own (github.com/glencoesoftware/bioformats2raw).
"""

from __future__ import annotations

from transferapp.errors import UnsupportedFile
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families.family import Family
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

FORMAT = ImageFormat("3DHISTECH MRXS", (".mrxs",), (b"\xff\xd8\xff",))


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate:
    """Keep an ``.mrxs`` and its folder together, and say that the target has no reader."""
    stem = index.name[: -len(".mrxs")]
    folder = neighbours.folder(index.path.parent, stem)
    files = neighbours.below(index, folder) if folder is not None else []
    problem = UnsupportedFile(
        f"OMERO's Bio-Formats has no reader for 3DHISTECH slides: of '{index.name}' it"
        " would show a small preview and nothing else. Convert it with bioformats2raw, which"
        f" has one (it needs the folder '{stem}' beside it), and import the OME-Zarr."
    )
    return FilesetCandidate(index.name, (index, *files), FORMAT, (problem,))


MRXS = Family("3DHISTECH MRXS", FORMAT.suffixes, collect)
