"""The areas of a part's ROIs as an image of numbers: 0 where there is none.

Pixels belong to an area when their centre lies in it. Where areas overlap, the ROI that comes
later is seen. Lines, points and texts have no area.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.cut_place import CutPlace, CutRois
from transferapp.model.export_specs import Span
from transferapp.model.images import Level, TileRegion
from transferapp.model.rois import Affine, Roi, Shape, ShapeKind

#: Numbers of ROIs.
DTYPE = np.dtype("<u4")

_AREAS = {ShapeKind.RECTANGLE, ShapeKind.ELLIPSE, ShapeKind.POLYGON, ShapeKind.MASK}
#: Edges of a polygon that are looked at together.
_EDGES = 4096
Inside = npt.NDArray[np.bool_]


def labelled(rois: CutRois) -> list[Roi]:
    """Return the ROIs that have an area; the first one's number is 1."""
    return [roi for roi in rois.rois if any(map(_has_area, roi.shapes))]


def label_image(image: CutImage) -> CutImage | None:
    """Return the areas of an image's ROIs as an image of its size without channels; None
    where there are none.
    """
    found = labelled(image.rois) if image.rois else []
    if not found:
        return None
    size = Level(image.size_y, image.size_x)
    t, z = Span(0, image.size_t), Span(0, image.size_z)
    y, x = Span(0, image.size_y), Span(0, image.size_x)
    return replace(
        image,
        size_c=1,
        dtype=DTYPE,
        channels=(),
        place=CutPlace(0, t, z, y, x, (0,), size, size),
        _read=_Painter(found),
        rois=None,
        has_channels=False,
    )


def _has_area(shape: Shape) -> bool:
    return shape.kind in _AREAS and (shape.kind is not ShapeKind.MASK or bool(shape.mask))


@dataclass(frozen=True, slots=True)
class _Window:
    """Pixels of a plane: rows and columns from the first on."""

    y: int
    x: int
    height: int
    width: int


class _Painter:
    """Paints regions; reads nothing."""

    def __init__(self, rois: Sequence[Roi]) -> None:
        self._areas = [
            (number, shape)
            for number, roi in enumerate(rois, 1)
            for shape in roi.shapes
            if _has_area(shape)
        ]

    async def __call__(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Return a region's numbers."""
        return await asyncio.to_thread(self._paint, region)

    @cached_property
    def _bounds(self) -> npt.NDArray[np.float64]:
        """Left, top, right, bottom of each area; made in a thread, they may be many."""
        found = np.array([shape.bounds() for _, shape in self._areas])
        found[:, 2:] += found[:, :2]
        return found

    def _paint(self, region: TileRegion) -> npt.NDArray[Any]:
        painted = np.zeros((region.height, region.width), DTYPE)
        left, top, right, bottom = self._bounds.T
        near = (left < region.x + region.width) & (right > region.x)
        near &= (top < region.y + region.height) & (bottom > region.y)
        for index in np.flatnonzero(near):
            number, shape = self._areas[index]
            if shape.z in {None, region.z} and shape.t in {None, region.t}:
                _paint_area(painted, region, number, shape)
        return painted


def _paint_area(
    painted: npt.NDArray[Any], region: TileRegion, number: int, shape: Shape
) -> None:
    x, y, wide, high = shape.bounds()
    first_y, first_x = max(int(y), region.y), max(int(x), region.x)
    end_y = min(int(y + high) + 1, region.y + region.height)
    end_x = min(int(x + wide) + 1, region.x + region.width)
    if end_y <= first_y or end_x <= first_x:
        return
    window = _Window(first_y, first_x, end_y - first_y, end_x - first_x)
    rows = slice(first_y - region.y, end_y - region.y)
    columns = slice(first_x - region.x, end_x - region.x)
    painted[rows, columns][_inside(shape, window)] = number


def _inside(shape: Shape, window: _Window) -> Inside:
    """Return which pixels' centres lie in a shape, (height, width) of the window."""
    if shape.kind is ShapeKind.POLYGON:
        return _inside_polygon(shape, window)
    xs, ys = _centres(shape.transform, window)
    (x, y), (wide, high) = shape.points[0], shape.size
    if shape.kind is ShapeKind.ELLIPSE:
        return ((xs - x) / (wide or 1)) ** 2 + ((ys - y) / (high or 1)) ** 2 <= 1
    inside: Inside = (xs >= x) & (xs < x + wide) & (ys >= y) & (ys < y + high)
    if shape.kind is ShapeKind.MASK:
        inside &= _bits(shape, xs - x, ys - y, inside)
    return inside


def _bits(shape: Shape, xs: npt.NDArray[Any], ys: npt.NDArray[Any], inside: Inside) -> Inside:
    """Return a mask's bits at places counted from its corner; only those inside are looked
    up.
    """
    columns = int(shape.size[0])
    bits = np.unpackbits(np.frombuffer(shape.mask or b"", np.uint8))
    found = np.zeros(inside.shape, bool)
    at = ys[inside].astype(int) * columns + xs[inside].astype(int)
    found[inside] = np.where(at < bits.size, bits[np.minimum(at, bits.size - 1)], 0) > 0
    return found


def _centres(
    transform: Affine | None, window: _Window
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return x and y of the window's pixel centres, before a shape's transform."""
    ys, xs = np.mgrid[0 : window.height, 0 : window.width] + 0.5
    xs, ys = xs + window.x, ys + window.y
    if transform is None:
        return xs, ys
    matrix = np.array([[transform.a00, transform.a01], [transform.a10, transform.a11]])
    back = np.linalg.pinv(matrix)
    xs, ys = xs - transform.a02, ys - transform.a12
    return back[0, 0] * xs + back[0, 1] * ys, back[1, 0] * xs + back[1, 1] * ys


def _inside_polygon(shape: Shape, window: _Window) -> Inside:
    """Count the edges to the left of each pixel's centre: inside it is an odd number."""
    corners = np.array(shape.outline()) - (window.x, window.y)
    edges = np.hstack([corners, np.roll(corners, -1, axis=0)])
    crossed = np.zeros((window.height, window.width + 1), np.uint8)
    for first in range(0, len(edges), _EDGES):
        _cross(crossed, edges[first : first + _EDGES])
    inside: Inside = np.bitwise_xor.accumulate(crossed, axis=1)[:, :-1].astype(bool)
    return inside


def _cross(crossed: npt.NDArray[np.uint8], edges: npt.NDArray[np.float64]) -> None:
    """Turn over, in each row, the pixels from an edge on; rows and pixels at their centres."""
    x, y, next_x, next_y = edges.T
    centres = np.arange(len(crossed))[:, None] + 0.5
    rows, found = np.nonzero((y <= centres) != (next_y <= centres))
    share = (rows + 0.5 - y[found]) / (next_y[found] - y[found])
    at = x[found] + share * (next_x[found] - x[found])
    columns = np.clip(np.ceil(at - 0.5), 0, crossed.shape[1] - 1).astype(int)
    np.bitwise_xor.at(crossed, (rows, columns), np.uint8(1))
