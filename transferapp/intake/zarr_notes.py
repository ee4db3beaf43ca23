"""What lies beside an OME-Zarr, tells of it, and is no image.

bioformats2raw writes ``OME/METADATA.ome.xml`` into its Zarr; its older versions wrote
``METADATA.ome.xml`` beside the Zarr, and people take ``OME`` out of it. The document has no
pixels: Bio-Formats 7.3.1 shows black images of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.scanning import ZarrFolder

NOTES = "METADATA.ome.xml"
_FOLDER = "OME"


def without_notes(
    some: Iterable[list[FilesetCandidate]], zarr_folders: Sequence[ZarrFolder]
) -> Iterator[list[FilesetCandidate]]:
    """Pass on filesets; the notes of a Zarr among them without a format, as they are none."""
    if not zarr_folders:
        yield from some
        return
    beside = {str(folder.path.parent) for folder in zarr_folders}
    places = beside | {f"{place.rstrip(os.sep)}{os.sep}{_FOLDER}" for place in beside}
    for made in some:
        yield [replace(one, format=None) if _is_notes(one, places) else one for one in made]


def _is_notes(made: FilesetCandidate, places: set[str]) -> bool:
    if made.name != NOTES or len(made.files) != 1 or made.problems:
        return False
    return made.files[0].place.rpartition(os.sep)[0] in places
