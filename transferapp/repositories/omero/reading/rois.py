"""Read ROIs from OMERO, page by page, as OMERO's database has them.

Sources: OMERO 5.6's model (omero.model.Roi and Shape) and OME-XML schema 2016-06 for the text
of points; programs before OMERO 5.3 wrote ``points[x,y, x,y] points1[...] ...`` instead.
"""

from __future__ import annotations

import re
from collections import defaultdict
from math import isfinite
from typing import Any

from transferapp.model.rois import Affine, Point, Roi, Shape, ShapeKind
from transferapp.repositories.omero.catalogue.mapping import plain
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.sessions.context import OmeroSessionContext

_ROIS = (
    "select r.id, r.name, r.description from Roi r"
    " where r.image.id = :image and r.id > :after order by r.id"
)
# Not fetched with their ROIs: the limit would not be one of rows.
_SHAPES = (
    "select s from Shape s left outer join fetch s.transform"
    " where s.roi.id in (:rois) order by s.id"
)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_OLD_POINTS = re.compile(r"^\s*points\[([^\]]*)\]")
#: Two numbers at least.
_POINT = 2


def list_rois(
    omero_session: OmeroSessionContext, image_id: int, after: int, limit: int
) -> list[Roi]:
    """List an image's ROIs with a greater id in id order; blocking."""
    found = omero_session.rows(_ROIS, image=image_id, after=after, limit=limit)
    if not found:
        return []
    shapes: dict[int, list[Shape | None]] = defaultdict(list)
    for one in omero_session.entities(_SHAPES, rois=[row[0] for row in found]):
        shapes[plain(one.getRoi().getId())].append(_shape(one))
    return [
        Roi(
            roi_id,
            tuple(shape for shape in shapes[roi_id] if shape is not None),
            name or "",
            text or "",
            shapes[roi_id].count(None),
        )
        for roi_id, name, text in found
    ]


def _shape(found: Any) -> Shape | None:
    """Read a loaded Shape; None for one of another kind or without a place."""
    transform = _transform(found.getTransform())
    place = _place(found)
    if place is None or (transform is None and found.getTransform() is not None):
        return None
    kind, points, size = place
    numbers = [number for point in (*points, size) for number in point]
    if not points or not all(map(isfinite, numbers)):
        return None
    return Shape(
        id=plain(found.getId()),
        kind=kind,
        points=points,
        size=size,
        z=_plane(found.getTheZ()),
        t=_plane(found.getTheT()),
        c=_plane(found.getTheC()),
        text=plain(found.getTextValue()) or "",
        stroke_color=_color(found.getStrokeColor()),
        fill_color=_color(found.getFillColor()),
        transform=transform,
        mask=bytes(found.getBytes() or b"") if kind is ShapeKind.MASK else None,
    )


def _place(found: Any) -> tuple[ShapeKind, tuple[Point, ...], Point] | None:
    """Return kind, points and size of a loaded Shape; None where it lacks one."""
    model = omero.model
    values: tuple[Any, ...]
    match found:
        case model.Rectangle() | model.Mask():
            is_mask = isinstance(found, model.Mask)
            kind = ShapeKind.MASK if is_mask else ShapeKind.RECTANGLE
            values = found.getX(), found.getY(), found.getWidth(), found.getHeight()
        case model.Ellipse():
            kind = ShapeKind.ELLIPSE
            values = found.getX(), found.getY(), found.getRadiusX(), found.getRadiusY()
        case model.Line():
            kind = ShapeKind.LINE
            values = found.getX1(), found.getY1(), found.getX2(), found.getY2()
        case model.Point() | model.Label():
            kind = ShapeKind.POINT if isinstance(found, model.Point) else ShapeKind.LABEL
            values = found.getX(), found.getY()
        case model.Polygon() | model.Polyline():
            is_closed = isinstance(found, model.Polygon)
            kind = ShapeKind.POLYGON if is_closed else ShapeKind.POLYLINE
            return kind, _points(plain(found.getPoints()) or ""), (0.0, 0.0)
        case _:
            return None
    numbers = [plain(value) for value in values]
    if None in numbers:
        return None
    first, second = (numbers[0], numbers[1]), (*numbers[2:], 0.0, 0.0)[:_POINT]
    if kind is ShapeKind.LINE:
        return kind, (first, second), (0.0, 0.0)
    return kind, (first,), second


def _points(text: str) -> tuple[Point, ...]:
    """Read ``x,y x,y``; () where it is no list of points."""
    if old := _OLD_POINTS.match(text):
        text = old[1]
    numbers = [float(number) for number in _NUMBER.findall(text)]
    if re.sub(r"[\s,]", "", _NUMBER.sub("", text)) or len(numbers) % _POINT:
        return ()
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _transform(found: Any) -> Affine | None:
    if found is None:
        return None
    names = ("A00", "A01", "A02", "A10", "A11", "A12")
    numbers = [plain(getattr(found, f"get{name}")()) for name in names]
    if any(number is None or not isfinite(number) for number in numbers):
        return None
    return Affine(*numbers)


def _plane(value: Any) -> int | None:
    """Return an index; None for all planes, which some programs write as -1."""
    index = plain(value)
    return None if index is None or index < 0 else int(index)


def _color(value: Any) -> str:
    """Return ``RRGGBBAA`` of OMERO's signed 32-bit number."""
    return "" if value is None else f"{plain(value) & 0xFFFFFFFF:08X}"
