"""Read the ROIs that an OME-XML says an image has.

Source: OME-XML schemas since 2012-06; shapes of older ones are counted as not understood.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import count
from math import isfinite
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from transferapp.model.rois import Affine, Point, Roi, Shape, ShapeKind

_KINDS = {str(kind).capitalize(): kind for kind in ShapeKind}
_SIZES = {
    ShapeKind.RECTANGLE: ("Width", "Height"),
    ShapeKind.MASK: ("Width", "Height"),
    ShapeKind.ELLIPSE: ("RadiusX", "RadiusY"),
}
_UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "zlib": zlib.decompress,
    "bzip2": bz2.decompress,
}


def rois_of_image(content: bytes, image_id: str) -> list[Roi]:
    """Return the ROIs of the image with this ID, numbered from 1 in the document's order; all
    that no image refers to where there is only one. Nothing of what is no OME-XML.
    """
    found: dict[str, Roi] = {}
    refs: defaultdict[str, list[str]] = defaultdict(list)
    numbers, shape_numbers = count(1), count(1)
    try:
        for _, element in ElementTree.iterparse(BytesIO(content), events=("end",)):
            if _tag(element) == "ROI":
                id_ = element.get("ID", "")
                found[id_] = _roi(element, next(numbers), shape_numbers)
                element.clear()
            elif _tag(element) == "Image":
                wanted = refs[element.get("ID", "")]
                wanted += [one.get("ID", "") for one in _children(element, "ROIRef")]
    except (ParseError, DefusedXmlException, LookupError, UnicodeError):
        return []
    own, referred = set(refs[image_id]), set().union(*refs.values())
    if len(refs) == 1:
        own |= set(found) - referred
    return [roi for id_, roi in found.items() if id_ in own]


def _roi(element: Element, number: int, shape_numbers: Iterator[int]) -> Roi:
    [*unions] = _children(element, "Union")
    shapes = [_shape(one, next(shape_numbers)) for union in unions for one in union]
    text = next(_children(element, "Description"), None)
    return Roi(
        number,
        tuple(shape for shape in shapes if shape is not None),
        element.get("Name", ""),
        "" if text is None else text.text or "",
        shapes.count(None),
    )


def _shape(element: Element, number: int) -> Shape | None:
    """Read a shape; None for one of another kind, or without a place."""
    try:
        kind = _KINDS[_tag(element)]
        points = _points(element, kind)
        first, second = _SIZES.get(kind, ("", ""))
        size = (_number(element, first), _number(element, second)) if first else (0.0, 0.0)
        planes = {axis: _plane(element.get(f"The{axis.upper()}")) for axis in "ztc"}
        stroke, fill = (_color(element.get(f"{one}Color")) for one in ("Stroke", "Fill"))
        return Shape(
            number,
            kind,
            points,
            size,
            **planes,
            text=element.get("Text", ""),
            stroke_color=stroke,
            fill_color=fill,
            transform=_transform(element),
            mask=_mask(element) if kind is ShapeKind.MASK else None,
        )
    except (KeyError, ValueError, OSError, zlib.error, binascii.Error):
        return None


def _points(element: Element, kind: ShapeKind) -> tuple[Point, ...]:
    if kind in {ShapeKind.POLYGON, ShapeKind.POLYLINE}:
        pairs = [pair.split(",") for pair in element.attrib["Points"].split()]
        points = tuple((_finite(x), _finite(y)) for x, y in pairs)
        if not points:
            raise ValueError("no points")
        return points
    if kind is ShapeKind.LINE:
        (x1, y1), (x2, y2) = (
            (_number(element, f"X{end}"), _number(element, f"Y{end}")) for end in (1, 2)
        )
        return (x1, y1), (x2, y2)
    return ((_number(element, "X"), _number(element, "Y")),)


def _number(element: Element, name: str) -> float:
    return _finite(element.attrib[name])


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


def _plane(text: str | None) -> int | None:
    index = -1 if text is None else int(text)
    return None if index < 0 else index


def _color(text: str | None) -> str:
    return "" if text is None else f"{int(text) & 0xFFFFFFFF:08X}"


def _transform(element: Element) -> Affine | None:
    found = next(_children(element, "Transform"), None)
    if found is None:
        return None
    names = ("A00", "A01", "A02", "A10", "A11", "A12")
    return Affine(*(_number(found, name) for name in names))


def _mask(element: Element) -> bytes | None:
    found = next(_children(element, "BinData"), None)
    if found is None:
        return None
    return _UNPACK[found.get("Compression", "none")](base64.b64decode(found.text or ""))


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _children(parent: Element, tag: str) -> Iterator[Element]:
    return (child for child in parent if _tag(child) == tag)
