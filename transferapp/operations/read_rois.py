"""Read all ROIs of an image, page by page, within the memory of a worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from transferapp.errors import UnsupportedFile
from transferapp.model.rois import Roi, Shape
from transferapp.repositories.port import ImageViews

_PAGE = 200
#: Some 200 MB, with what is written of them.
MOST_SHAPES = 200_000
MOST_MASK_BYTES = 64 << 20


async def read_rois(images: ImageViews, image_id: int) -> tuple[Roi, ...]:
    """Return an image's ROIs in id order; of its masks the first 64 MiB, the others without
    their bits.

    Raises UnsupportedFile for more than 200,000 shapes, and what ``images`` raises.
    """
    found: list[Roi] = []
    shapes, room = 0, MOST_MASK_BYTES
    while page := await images.rois(image_id, after=found[-1].id if found else 0, limit=_PAGE):
        for roi in page:
            shapes += len(roi.shapes)
            kept = tuple(_within(roi, room))
            room -= sum(len(shape.mask or b"") for shape in kept)
            found.append(replace(roi, shapes=kept))
        if shapes > MOST_SHAPES:
            raise UnsupportedFile(
                f"The image has more than {MOST_SHAPES:,} shapes in its ROIs, too many for a"
                " file of annotations. Export it without annotations."
            )
    return tuple(found)


def _within(roi: Roi, room: int) -> Iterator[Shape]:
    """Yield shapes, without a mask's bits when there is no room (bytes) for them."""
    for shape in roi.shapes:
        size = len(shape.mask or b"")
        yield shape if size <= room else replace(shape, mask=None)
        room -= size if size <= room else 0
