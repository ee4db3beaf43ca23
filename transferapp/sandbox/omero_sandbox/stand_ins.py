"""Images that stand in for files that OMERO reads with Bio-Formats, and no reader of ours.

By its name alone such a file is taken or refused, as Bio-Formats' table of readers says; its
pixels are made up.
"""

from __future__ import annotations

from pathlib import Path

from typing_extensions import override

from transferapp.errors import UnsupportedFile
from transferapp.formats.embedded import embedded_formats
from transferapp.formats.omero import omero_formats
from transferapp.formats.side_files import is_side_name
from transferapp.intake.families.table import FAMILIES
from transferapp.intake.grouping import group
from transferapp.intake.scanning import ZARR_METADATA, scan
from transferapp.model.images import Level
from transferapp.repositories.local.readers.port import (
    ImageHeader,
    OpenFileset,
    WellPosition,
)
from transferapp.sandbox.omero_sandbox.fake_images import FakeImage

#: Rules on first bytes look no further.
_START_BYTES = 352
_SIZE = 64
_OMERO, _OURS = omero_formats(), embedded_formats()
#: Whole names of indexes, such as metadata.txt, whose endings are those of other texts.
_INDEXES = tuple(end for family in FAMILIES for end in family.opens if end[0] != ".")
_BIG_DATA_VIEWER = b"<SpimData"


class StandIn(OpenFileset):
    """One image, called after the file that is opened; of a plate in its first well."""

    def __init__(self, first: Path, root: Path) -> None:
        """Be a plate where our grouping says so of the fileset's folder."""
        is_plate = any(made.plate for made in group(scan([root])))
        self.plates = [first.name] if is_plate else []
        self.images = [
            FakeImage(
                ImageHeader(
                    first.name, 1, 1, 1, "uint8", (Level(_SIZE, _SIZE),),
                    well=WellPosition(0, 0, 0) if is_plate else None,
                )
            )
        ]  # fmt: skip

    @override
    def close(self) -> None:
        """Let go of nothing."""


def stands_in(first: Path) -> bool:
    """Say whether Bio-Formats reads a file, by its name, that our readers do not."""
    with first.open("rb") as file:
        start = file.read(_START_BYTES)
    if not start or any(_OURS.of_name(first.name)) or any(_OURS.of_bytes(start)):
        return False
    if is_side_name(first.name):
        return first.name.lower().endswith(_INDEXES) or _BIG_DATA_VIEWER in start
    return any(_OMERO.of_name(first.name)) or any(_OMERO.of_bytes(start))


def check_zarr(first: Path) -> None:
    """Raise UnsupportedFile for a Zarr that OMERO's reader does not find: for it the root is
    where the whole path has its first ``.zarr``.

    Source: ome/ZarrReader 0130777e, ``isThisType`` and ``initFile``.
    """
    if first.name not in ZARR_METADATA:
        return
    found = str(first).find(".zarr")
    root = Path(str(first)[: found + len(".zarr")])
    if found < 0 or root != first.parent:
        raise UnsupportedFile(f"No reader of OMERO takes {first}: its folder is no .zarr")
