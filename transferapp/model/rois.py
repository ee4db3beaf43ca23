"""Regions of interest (ROIs) that people or programs drew on an image, as OME's model has them.

Source: OME-XML schema 2016-06 (docs.openmicroscopy.org/ome-model).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import hypot

#: (x, y) in pixels.
Point = tuple[float, float]


class ShapeKind(StrEnum):
    """What a shape is."""

    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    POLYGON = "polygon"
    POLYLINE = "polyline"
    LINE = "line"
    POINT = "point"
    LABEL = "label"
    MASK = "mask"


@dataclass(frozen=True, slots=True)
class Affine:
    """Where a point of a shape is drawn: x' = a00 x + a01 y + a02, y' = a10 x + a11 y + a12."""

    a00: float
    a01: float
    a02: float
    a10: float
    a11: float
    a12: float

    def of(self, point: Point) -> Point:
        """Return where a point is drawn."""
        x, y = point
        return (
            self.a00 * x + self.a01 * y + self.a02,
            self.a10 * x + self.a11 * y + self.a12,
        )

    def after(self, first: Affine) -> Affine:
        """Return what does ``first``, then this."""
        (x0, y0), (x1, y1), (x2, y2) = (
            self.of(first.of(point)) for point in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
        )
        return Affine(x1 - x0, x2 - x0, x0, y1 - y0, y2 - y0, y0)


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of a ROI, in pixels of the image at full size.

    ``points`` are the corners of a polygon, polyline or line in order; the centre of an
    ellipse; the upper left corner of a rectangle or mask; the place of a point or label.
    ``size`` is (width, height) of a rectangle or mask, the two radii of an ellipse, and (0, 0)
    of others.
    """

    id: int
    kind: ShapeKind
    points: tuple[Point, ...]
    size: Point = (0.0, 0.0)
    #: The plane it is on, counted from 0; None for all planes, time points or channels.
    z: int | None = None
    t: int | None = None
    c: int | None = None
    text: str = ""
    #: ``RRGGBBAA``; "" where none is said.
    stroke_color: str = ""
    fill_color: str = ""
    #: How it is turned or moved before it is drawn; None where it is not.
    transform: Affine | None = None
    #: A mask's bits, row by row, the first pixel in the highest bit; None of other shapes and
    #: of a mask that is left out.
    mask: bytes | None = None

    def outline(self) -> tuple[Point, ...]:
        """Return its points as they are drawn: four corners of a rectangle or mask, the ends of
        an ellipse's two axes (left, top, right, bottom before it is turned).
        """
        (x, y), (width, height) = self.points[0], self.size
        found = self.points
        if self.kind in {ShapeKind.RECTANGLE, ShapeKind.MASK}:
            found = (x, y), (x + width, y), (x + width, y + height), (x, y + height)
        elif self.kind is ShapeKind.ELLIPSE:
            found = (x - width, y), (x, y - height), (x + width, y), (x, y + height)
        return found if self.transform is None else tuple(map(self.transform.of, found))

    def bounds(self) -> tuple[float, float, float, float]:
        """Return (x, y, width, height) of the smallest box around it as it is drawn."""
        outline = self.outline()
        xs, ys = [x for x, _ in outline], [y for _, y in outline]
        if self.kind is not ShapeKind.ELLIPSE:
            return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
        # A turned ellipse reaches beyond the ends of its axes.
        (left_x, left_y), (top_x, top_y), (right_x, right_y), (low_x, low_y) = outline
        wide = hypot(right_x - left_x, low_x - top_x)
        high = hypot(right_y - left_y, low_y - top_y)
        return (left_x + right_x - wide) / 2, (left_y + right_y - high) / 2, wide, high


@dataclass(frozen=True, slots=True)
class Roi:
    """A ROI: shapes that belong together, often one on each plane."""

    id: int
    shapes: tuple[Shape, ...]
    name: str = ""
    text: str = ""
    #: Shapes of it that are of no kind above, or that have no place.
    not_understood: int = 0


def lacking(wanted: Sequence[Roi], there: Sequence[Roi]) -> list[Roi]:
    """Return those ROIs that are not there yet, as often as they are wanted; ids, and what is
    not understood, do not count.
    """
    held = Counter(map(_plain, there))
    found = []
    for roi in wanted:
        plain = _plain(roi)
        if held[plain]:
            held[plain] -= 1
        elif plain.shapes:
            found.append(roi)
    return found


def _plain(roi: Roi) -> Roi:
    shapes = (
        replace(one, id=0, mask=(one.mask or b"") if one.kind is ShapeKind.MASK else None)
        for one in roi.shapes
    )
    return replace(roi, id=0, not_understood=0, shapes=tuple(shapes))
