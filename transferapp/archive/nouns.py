"""What lines of an archive say, as the nouns that repositories take."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from transferapp.archive.lines import Annotations, ImageLine
from transferapp.errors import Corrupt
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.rois import Affine, Point, Roi, Shape, ShapeKind


def annotations_of(stated: Annotations) -> tuple[Annotation, ...]:
    """Return the annotations of a container or image: tags, comments, then pairs."""
    found = [Annotation(AnnotationKind.TAG, one.namespace, one.value) for one in stated.tags]
    found += [
        Annotation(AnnotationKind.COMMENT, one.namespace, one.value) for one in stated.comments
    ]
    found += [
        Annotation(AnnotationKind.KEY_VALUE, one.namespace, pairs=one.pairs)
        for one in stated.key_values
    ]
    return tuple(found)


def rois_of(line: ImageLine) -> tuple[Roi, ...]:
    """Return the ROIs of an image with their ids of then; raises Corrupt."""
    try:
        return tuple(map(_roi, line.rois))
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise Corrupt(f"The ROIs of image {line.id} in the archive are damaged.") from error


def _roi(value: dict[str, Any]) -> Roi:
    shapes = tuple(_shape(one) for one in value["shapes"])
    return Roi(int(value["id"]), shapes, str(value["name"]), str(value["text"]))


def _shape(value: dict[str, Any]) -> Shape:
    kind = ShapeKind(value["kind"])
    transform, mask = value.get("transform"), value.get("mask")
    return Shape(
        id=int(value["id"]),
        kind=kind,
        points=_points(value),
        size=_size(kind, value),
        z=value["z"],
        t=value["t"],
        c=value["c"],
        text=str(value.get("text", "")),
        stroke_color=str(value.get("stroke_color", "")),
        fill_color=str(value.get("fill_color", "")),
        transform=None if transform is None else Affine(**transform),
        mask=None if mask is None else base64.b64decode(mask, validate=True),
    )


def _points(value: dict[str, Any]) -> tuple[Point, ...]:
    if "points" in value:
        return tuple((float(x), float(y)) for x, y in value["points"])
    return ((float(value["x"]), float(value["y"])),)


def _size(kind: ShapeKind, value: dict[str, Any]) -> Point:
    if kind is ShapeKind.ELLIPSE:
        return float(value["radius_x"]), float(value["radius_y"])
    return float(value.get("width", 0.0)), float(value.get("height", 0.0))
