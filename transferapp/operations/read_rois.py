"""Read the ROIs of a part of an image, page by page, within the memory of a worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from transferapp.conversion.annotation_documents import lacks_bits
from transferapp.conversion.cut_place import CutPlace, CutRois, rois_of_cut
from transferapp.errors import UnsupportedFile
from transferapp.model.rois import Roi, Shape
from transferapp.repositories.port import ImageRois

_PAGE = 200
#: Of the part: some 280 MB when there are as many of both.
MOST_SHAPES = 100_000
MOST_POINTS = 1_000_000
MOST_MASK_BYTES = 64 << 20


async def read_rois(images: ImageRois, image_id: int, place: CutPlace) -> CutRois:
    """Return the ROIs of a part in id order; of its masks the first 64 MiB, the others without
    their bits.

    Raises UnsupportedFile for more than 100,000 shapes or a million points in the part, and
    what ``images`` raises.
    """
    kept = _Kept()
    after = rois_outside = shapes_outside = 0
    while page := await images.rois(image_id, after=after, limit=_PAGE):
        after = page[-1].id
        found = rois_of_cut(page, place)
        rois_outside += found.rois_outside
        shapes_outside += found.shapes_outside
        for roi in found.rois:
            kept.add(roi)
    return CutRois(tuple(kept.rois), rois_outside, shapes_outside)


@dataclass(frozen=True, slots=True)
class KeptRois:
    """ROIs of a whole image, and how many ROIs, and shapes of these, are not among them."""

    rois: tuple[Roi, ...] = ()
    left_out: int = 0


async def rois_within_limits(images: ImageRois, image_id: int) -> KeptRois:
    """Return the ROIs of an image in id order, as many as ``read_rois`` would take; the others
    are counted. Raises what ``images`` raises.
    """
    kept = _Kept()
    after = left_out = 0
    while page := await images.rois(image_id, after=after, limit=_PAGE):
        after = page[-1].id
        for roi in page:
            left_out += roi.not_understood
            if kept.has_room_for(roi):
                kept.add(roi)
            else:
                left_out += 1
    bits_left_out = sum(lacks_bits(shape) for roi in kept.rois for shape in roi.shapes)
    return KeptRois(tuple(kept.rois), left_out + bits_left_out)


class _Kept:
    """ROIs, and how much more of them there may be."""

    def __init__(self) -> None:
        self.rois: list[Roi] = []
        self._shapes, self._points, self._mask_bytes = MOST_SHAPES, MOST_POINTS, MOST_MASK_BYTES

    def has_room_for(self, roi: Roi) -> bool:
        """Whether one more can be kept."""
        points = sum(len(shape.points) for shape in roi.shapes)
        return len(roi.shapes) <= self._shapes and points <= self._points

    def add(self, roi: Roi) -> None:
        """Keep one more; raises UnsupportedFile."""
        if not self.has_room_for(roi):
            raise UnsupportedFile(
                f"There are more than {MOST_SHAPES:,} shapes or {MOST_POINTS:,} points in the"
                " ROIs of this image, too many for a file of annotations. Export it without"
                " annotations, or in parts."
            )
        self._shapes -= len(roi.shapes)
        self._points -= sum(len(shape.points) for shape in roi.shapes)
        self.rois.append(replace(roi, shapes=tuple(self._within(roi))))

    def _within(self, roi: Roi) -> Iterator[Shape]:
        """Yield shapes, without a mask's bits when there is no room for them."""
        for shape in roi.shapes:
            size = len(shape.mask or b"")
            if size > self._mask_bytes:
                yield replace(shape, mask=None)
            else:
                self._mask_bytes -= size
                yield shape
