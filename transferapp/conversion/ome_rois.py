"""The ROIs of an exported part as OME-XML has them (schema 2016-06)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import count
from typing import Any

from ome_types.model import (
    ROI,
    AffineTransform,
    BinData,
    Ellipse,
    Label,
    Line,
    Mask,
    Point,
    Polygon,
    Polyline,
    Rectangle,
    Shape as OmeShape,
)
from ome_types.model.simple_types import Color

from transferapp.conversion.cut_place import CutRois
from transferapp.model.rois import Roi, Shape, ShapeKind

#: More take a minute and a gigabyte to write; JSON and CSV have all.
MOST_SHAPES = 20_000
_LETTERS_OF_THREE_BYTES = 4
_CLASSES: dict[ShapeKind, type[OmeShape]] = {
    ShapeKind.RECTANGLE: Rectangle,
    ShapeKind.ELLIPSE: Ellipse,
    ShapeKind.POLYGON: Polygon,
    ShapeKind.POLYLINE: Polyline,
    ShapeKind.LINE: Line,
    ShapeKind.POINT: Point,
    ShapeKind.LABEL: Label,
    ShapeKind.MASK: Mask,
}


def ome_rois(rois: CutRois, text: Callable[[str], str]) -> Iterator[ROI]:
    """Yield ROIs with their shapes, none of an image with more than ``MOST_SHAPES``; ``text``
    makes of any text one that XML can hold. Masks without bits are left out.
    """
    if len(list(rois.shapes)) > MOST_SHAPES:
        return
    numbers = count()
    for roi in rois.rois:
        shapes = [
            _shape(shape, f"Shape:{next(numbers)}", text)
            for shape in roi.shapes
            if shape.kind is not ShapeKind.MASK or shape.mask
        ]
        if shapes:
            yield _roi(roi, shapes, text)


def _roi(roi: Roi, shapes: list[OmeShape], text: Callable[[str], str]) -> ROI:
    union: dict[str, list[OmeShape]] = {}
    for one in shapes:
        union.setdefault(f"{type(one).__name__.lower()}s", []).append(one)
    return ROI(
        id=f"ROI:{roi.id}",
        name=text(roi.name) or None,
        description=text(roi.text) or None,
        union=ROI.Union.model_validate(union),
    )


def _shape(shape: Shape, id_: str, text: Callable[[str], str]) -> OmeShape:
    known = _geometry(shape)
    if shape.transform is not None:
        known["transform"] = AffineTransform(**asdict(shape.transform))
    if shape.mask is not None:
        known["bin_data"] = _bits(shape.mask)
    return _CLASSES[shape.kind](
        id=id_,
        the_z=shape.z,
        the_t=shape.t,
        the_c=shape.c,
        text=text(shape.text) or None,
        stroke_color=_color(shape.stroke_color),
        fill_color=_color(shape.fill_color),
        **known,
    )


def _geometry(shape: Shape) -> dict[str, Any]:
    x, y = shape.points[0]
    match shape.kind:
        case ShapeKind.POINT | ShapeKind.LABEL:
            return {"x": x, "y": y}
        case ShapeKind.LINE:
            x2, y2 = shape.points[1]
            return {"x1": x, "y1": y, "x2": x2, "y2": y2}
        case ShapeKind.POLYGON | ShapeKind.POLYLINE:
            return {"points": " ".join(f"{x!r},{y!r}" for x, y in shape.points)}
    is_round = shape.kind is ShapeKind.ELLIPSE
    names = ("radius_x", "radius_y") if is_round else ("width", "height")
    return {"x": x, "y": y, **dict(zip(names, shape.size, strict=True))}


def _bits(mask: bytes) -> BinData:
    """Return a mask's bits; their length is that of the text (schema: BinData)."""
    return BinData(
        value=mask, big_endian=False, length=-(-len(mask) // 3) * _LETTERS_OF_THREE_BYTES
    )


def _color(color: str) -> Color | None:
    return Color(f"#{color}") if color else None
