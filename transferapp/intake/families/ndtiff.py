"""NDTiff of Micro-Manager and Pycro-Manager: TIFFs with an ``NDTiff.index``.

Seen with Bio-Formats 7.3.1: ``NDTiff.index`` and ``display_settings.txt`` are not read; each
TIFF is a plain one, whose planes become time points, whatever they are; with our reader they
become slices.
"""

from __future__ import annotations

from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families.family import Family
from transferapp.intake.formats import TIFF
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

_INDEX = "NDTiff.index"
#: A stack of more than 4 GB goes on in the next file.
_ENDS = ("ndtiffstack.tif", *(f"ndtiffstack_{number}.tif" for number in range(1, 100)))


def collect(stack: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of one TIFF of an NDTiff, and say what is lost; None without its index."""
    if neighbours.exactly(stack, _INDEX) is None:
        return None
    doubt = (
        f"'{stack.name}' is part of an NDTiff data set, whose channels, slices and"
        f" positions are in '{_INDEX}'. Nobody here reads that: in OMERO all planes become"
        " time points, in the embedded repository slices. Export it from Micro-Manager as"
        " OME-TIFF to keep them."
    )
    return FilesetCandidate(stack.name, (stack,), TIFF, doubts=(doubt,))


NDTIFF = Family("NDTiff", _ENDS, collect)
