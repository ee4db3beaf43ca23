"""Where images lie in the repository, and in which folder of an export they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from transferapp.model.containers import ContainerRef


class ExportLayout(StrEnum):
    """How what is exported is sorted into folders."""

    #: As in the repository: project and dataset, or screen, plate and well.
    TREE = "tree"
    #: All side by side.
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class NamedContainer:
    """A container and what it is called."""

    ref: ContainerRef
    name: str


@dataclass(frozen=True, slots=True)
class WellField:
    """Which field of which well an image is; all are counted from 0."""

    row: int
    column: int
    #: Among all fields of its well, whatever run they are of.
    field: int
    #: The run (OMERO's plate acquisition): its id (0: none is known) and its name.
    run_id: int = 0
    run: str = ""
    #: Where the stage was, in micrometres; None where unknown.
    x_um: float | None = None
    y_um: float | None = None


@dataclass(frozen=True, slots=True)
class ImageLocation:
    """One place in which an image lies; an image may lie in several datasets.

    ``containers``: project and dataset, or screen and plate, the outer first. What has no
    project or screen, or only one that the person may not see, is named alone.
    """

    image_id: int
    containers: tuple[NamedContainer, ...]
    well: WellField | None = None


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """An image of an item, with all places in which it lies; the first is the one that its
    folder is called after. Without any it lies in no dataset and no plate.
    """

    id: int
    name: str
    locations: tuple[ImageLocation, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """Where an item of an export goes, decided when it was asked for."""

    #: Folders below the destination, the outer first; each is a name that any disk can store.
    folder: tuple[str, ...] = ()
    images: tuple[PlacedImage, ...] = ()
    #: Its image is a field of a plate that is written as one OME-Zarr: the field's path in
    #: its well. Then ``folder`` ends in the plate, its row and its column.
    field: str = ""
    item_id: str = ""
