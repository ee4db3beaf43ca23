"""Which part of an image is exported, and where its ROIs lie in that part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from transferapp.model.export_specs import Span
from transferapp.model.images import Level
from transferapp.model.rois import Affine, Roi, Shape, ShapeKind


@dataclass(frozen=True, slots=True)
class CutPlace:
    """The exported part: planes and channels of the image, rows and columns of the level.

    ``full`` is the size of level 0, ``size`` that of the level the pixels are of.
    """

    level: int
    t: Span
    z: Span
    y: Span
    x: Span
    channels: tuple[int, ...]
    full: Level
    size: Level

    @property
    def scale(self) -> tuple[float, float]:
        """How many pixels (x, y) of the level one of the full size is."""
        return self.size.size_x / self.full.size_x, self.size.size_y / self.full.size_y

    @property
    def has_whole_planes(self) -> bool:
        """Whether no rows or columns are left out."""
        return (self.y.count, self.x.count) == (self.size.size_y, self.size.size_x)


@dataclass(frozen=True, slots=True)
class CutRois:
    """The ROIs of a part, in its pixels, planes and channels, and how many it lacks."""

    rois: tuple[Roi, ...] = ()
    rois_outside: int = 0
    shapes_outside: int = 0

    @property
    def shapes(self) -> Iterator[Shape]:
        """All shapes."""
        return chain.from_iterable(roi.shapes for roi in self.rois)


def rois_of_cut(rois: Sequence[Roi], place: CutPlace) -> CutRois:
    """Return the shapes that lie in the part, also those that its edge cuts, as a whole.

    A shape is outside when its plane or channel is, or its box. Where whole planes are
    exported, what is drawn beside them stays.
    """
    kept: list[Roi] = []
    rois_outside = shapes_outside = 0
    for roi in rois:
        moved = [_moved(shape, place) for shape in roi.shapes]
        inside = tuple(shape for shape in moved if shape is not None)
        shapes_outside += len(moved) - len(inside)
        if moved and not inside:
            rois_outside += 1
        else:
            kept.append(replace(roi, shapes=inside))
    return CutRois(tuple(kept), rois_outside, shapes_outside)


def _moved(shape: Shape, place: CutPlace) -> Shape | None:
    """Return a shape as it lies in the part; None when it is outside."""
    z, t = _within(shape.z, place.z), _within(shape.t, place.t)
    c = shape.c
    if c is not None:
        c = place.channels.index(c) if c in place.channels else -1
    if -1 in (z, t, c):
        return None
    moved = _drawn(replace(shape, z=z, t=t, c=c), place)
    return moved if place.has_whole_planes or _touches(moved, place) else None


def _within(index: int | None, span: Span) -> int | None:
    """Return an index as counted from the span's first; -1 outside."""
    if index is None or span.first <= index < span.first + span.count:
        return None if index is None else index - span.first
    return -1


def _drawn(shape: Shape, place: CutPlace) -> Shape:
    scale_x, scale_y = place.scale
    into = Affine(scale_x, 0.0, -place.x.first, 0.0, scale_y, -place.y.first)
    if into == Affine(1.0, 0.0, 0.0, 0.0, 1.0, 0.0):
        return shape
    if shape.transform is not None:
        return replace(shape, transform=into.after(shape.transform))
    if shape.kind is ShapeKind.MASK and place.scale != (1.0, 1.0):
        # Its bits are of full-size pixels.
        return replace(shape, transform=into)
    width, height = shape.size
    return replace(
        shape,
        points=tuple(map(into.of, shape.points)),
        size=(width * scale_x, height * scale_y),
    )


def _touches(shape: Shape, place: CutPlace) -> bool:
    x, y, width, height = shape.bounds()
    return _overlaps(x, width, place.x.count) and _overlaps(y, height, place.y.count)


def _overlaps(first: float, length: float, size: int) -> bool:
    return first < size and (first >= 0 or first + length > 0)
