"""What an archive says of images and containers, and is written on those made anew of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transferapp.model.annotations import is_storable
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.images import Annotation, ImageSummary
from transferapp.model.rois import Roi

#: The namespace of the comment that says of what in which archive a container was made anew.
RESTORED_FROM = "transferapp/restored-from"
#: Of one fileset: a plate of 1536 wells with some fields each.
MOST_RESTORED = 20_000
#: Characters. A name is ``varchar(255)`` in OMERO; a channel's is, too.
MOST_NAME = 255


@dataclass(frozen=True, slots=True)
class ContainerPlan:
    """A container to be made. ``key`` is the idempotency key of its owner: the same key never
    makes a second container.
    """

    key: str
    kind: ContainerKind
    name: str
    description: str = ""
    parent: ContainerRef | None = None


@dataclass(frozen=True, slots=True)
class ImageTexts:
    """What an image is called, and its channels; no ``channels``: they stay as they are."""

    name: str
    description: str = ""
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoredImage:
    """An image of a fileset, by its ``place`` among them (from 0, in the file's order)."""

    place: int
    texts: ImageTexts
    #: x, y, z, c, t: an image of another size at this place is another image.
    sizes: tuple[int, int, int, int, int]
    annotations: tuple[Annotation, ...] = ()
    rois: tuple[Roi, ...] = ()
    #: All datasets that it lay in, as they are now; none of an image of a plate.
    datasets: tuple[ContainerRef, ...] = ()
    #: Which of the item's plates it lies on.
    plate: int | None = None


@dataclass(frozen=True, slots=True)
class RestoredPlate:
    """What is written on a plate that the import of an item makes."""

    name: str
    description: str = ""
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoredItem:
    """What is written on what the import of one fileset makes."""

    images: tuple[RestoredImage, ...] = ()
    plates: tuple[RestoredPlate, ...] = ()


def sizes_of(summary: ImageSummary) -> tuple[int, int, int, int, int]:
    """Return an image's sizes as ``RestoredImage`` has them."""
    return summary.size_x, summary.size_y, summary.size_z, summary.size_c, summary.size_t


def is_at(sizes: tuple[int, int, int, int, int], summary: ImageSummary | None) -> bool:
    """Say whether an image can be the one that had these sizes."""
    return summary is not None and sizes_of(summary) == sizes


def wrong_restored(item: RestoredItem) -> str:
    """Say why this cannot be written on what a fileset makes; empty when it can."""
    return next(_objections(item), "")


def _objections(item: RestoredItem) -> Iterator[str]:
    if len(item.images) > MOST_RESTORED or len(item.plates) > MOST_RESTORED:
        yield f"More than {MOST_RESTORED:,} images of one fileset are to be restored."
    places = [one.place for one in item.images]
    if len(set(places)) != len(places) or min(places, default=0) < 0:
        yield "Two images have one place in the file, or an image has none."
    names = [one.texts.name for one in item.images] + [one.name for one in item.plates]
    if not all(len(name.strip()) > 0 and len(name) <= MOST_NAME for name in names):
        yield f"An image or plate has no name, or one of more than {MOST_NAME} letters."
    channels = (name for one in item.images for name in one.texts.channels)
    if any(len(name) > MOST_NAME for name in channels):
        yield f"A channel has a name of more than {MOST_NAME} letters."
    if not all(map(is_storable, _texts(item))):
        yield "A text has a character that cannot be stored."
    known = range(len(item.plates))
    if any(one.plate is not None and one.plate not in known for one in item.images):
        yield "An image lies on a plate that is not named."


def _texts(item: RestoredItem) -> Iterator[str]:
    for image in item.images:
        yield from (image.texts.name, image.texts.description, *image.texts.channels)
        for roi in image.rois:
            yield from (roi.name, roi.text, *(shape.text for shape in roi.shapes))
    for plate in item.plates:
        yield from (plate.name, plate.description)
    for note in notes_of(item):
        yield from (note.namespace, note.value, *(text for pair in note.pairs for text in pair))


def notes_of(item: RestoredItem) -> Sequence[Annotation]:
    """Return all annotations of an item, each once."""
    of_images = (note for one in item.images for note in one.annotations)
    of_plates = (note for one in item.plates for note in one.annotations)
    return list(dict.fromkeys([*of_images, *of_plates]))
