"""What is known of an exported image, as JSON and CSV for other programs.

Coordinates are pixels of the exported part, planes and channels its own, all counted from 0.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from transferapp import __version__
from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.cut_place import CutRois
from transferapp.host import csv_text
from transferapp.host.csv_text import csv_cell
from transferapp.model.images import Annotation, AnnotationKind, Channel, ImageDetails
from transferapp.model.plausible import plausible_um
from transferapp.model.rois import Point, Roi, Shape, ShapeKind

#: Columns of the CSV; docs/cli.md explains each.
COLUMNS = (
    "roi_id", "shape_id", "shape", "roi_name", "text", "z", "t", "c", "x", "y", "width",
    "height", "points", "stroke_color", "fill_color",
)  # fmt: skip


def json_lines(image: CutImage, details: ImageDetails, repository: str) -> Iterator[str]:
    """Yield the JSON document of an image in pieces; one line for each ROI."""
    found = image.rois or CutRois()
    known = {
        "software": f"TransferApp {__version__}",
        "image": _image(image),
        "repository": _repository(details, repository),
        "part": _part(image),
        "annotations": annotations_value(image.annotations),
        "rois_left_out": {
            "rois_outside": found.rois_outside,
            "shapes_outside": found.shapes_outside,
            "shapes_not_understood": sum(roi.not_understood for roi in found.rois),
            "masks_without_bits": sum(map(lacks_bits, found.shapes)),
        },
    }
    yield _text(known, indent=1).removesuffix("\n}") + ',\n "rois": ['
    for number, roi in enumerate(found.rois):
        yield (",\n  " if number else "\n  ") + _text(roi_value(roi))
    yield "\n ]\n}\n" if found.rois else "]\n}\n"


def csv_lines(rois: CutRois) -> Iterator[str]:
    """Yield the lines of the CSV: the names of the columns, then one for each shape."""
    yield from csv_text.csv_lines([COLUMNS])
    rows = (_row(roi, shape) for roi in rois.rois for shape in roi.shapes)
    yield from csv_text.csv_lines(rows)


def _text(value: Any, *, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)


def _image(image: CutImage) -> dict[str, Any]:
    sizes_um = zip("zyx", image.pixel_size_um, strict=True)
    return {
        "name": image.name,
        "sizes": {axis: getattr(image, f"size_{axis}") for axis in "tczyx"},
        "pixel_type": image.dtype.name,
        "pixel_size": {
            axis: {"value": size_um, "unit": "µm"}
            for axis, size_um in sizes_um
            if plausible_um(size_um)
        },
        "channels": [_channel(channel) for channel in image.channels],
    }


def _channel(channel: Channel) -> dict[str, Any]:
    window = channel.window_start, channel.window_end
    return {
        "name": channel.name,
        "color": channel.color.removeprefix("#"),
        "window": list(window) if all(map(math.isfinite, window)) else None,
        "active": channel.active,
    }


def _repository(details: ImageDetails, name: str) -> dict[str, Any]:
    summary, acquired = details.summary, details.summary.acquired_at
    return {
        "name": name,
        "image_id": summary.id,
        "image_name": summary.name,
        "fileset_id": summary.fileset_id,
        "group_id": summary.group_id,
        "owner": summary.owner,
        "containers": list(details.container_names),
        "imported_at": summary.imported_at.isoformat(),
        "acquired_at": acquired and acquired.isoformat(),
        "sizes": {axis: getattr(summary, f"size_{axis}") for axis in "tczyx"},
        "original_files": [
            {
                "path": file.client_path,
                "size_bytes": file.size_bytes,
                "hasher": file.hasher,
                "hash": file.hash,
            }
            for file in details.files
        ],
    }


def _part(image: CutImage) -> dict[str, Any]:
    """Return which part it is; rows and columns are those of the level."""
    place = image.place
    scale_x, scale_y = place.scale
    spans = {axis: asdict(getattr(place, axis)) for axis in "tzyx"}
    return {
        "level": place.level,
        "scale": {"y": scale_y, "x": scale_x},
        **spans,
        "channels": list(place.channels),
    }


def annotations_value(annotations: Sequence[Annotation]) -> dict[str, Any]:
    """Return annotations as JSON values, by what they are."""

    def of(kind: AnnotationKind) -> Iterator[dict[str, Any]]:
        is_pairs = kind is AnnotationKind.KEY_VALUE
        for one in annotations:
            if one.kind is kind:
                held = {"pairs": one.pairs} if is_pairs else {"value": one.value}
                yield {"namespace": one.namespace, **held}

    return {
        "tags": list(of(AnnotationKind.TAG)),
        "comments": list(of(AnnotationKind.COMMENT)),
        "key_values": list(of(AnnotationKind.KEY_VALUE)),
    }


def roi_value(roi: Roi) -> dict[str, Any]:
    """Return a ROI as JSON values."""
    shapes = [_shape(shape) for shape in roi.shapes]
    return {"id": roi.id, "name": roi.name, "text": roi.text, "shapes": shapes}


def _shape(shape: Shape) -> dict[str, Any]:
    """Return a shape with the fields that one of its kind has."""
    made = {"id": shape.id, "kind": str(shape.kind), "z": shape.z, "t": shape.t, "c": shape.c}
    made |= _geometry(shape)
    for name in ("text", "stroke_color", "fill_color"):
        if value := getattr(shape, name):
            made[name] = value
    if shape.transform is not None:
        made["transform"] = asdict(shape.transform)
    if shape.mask is not None:
        made["mask"] = base64.b64encode(shape.mask).decode("ascii")
    return made


def _geometry(shape: Shape) -> dict[str, Any]:
    (x, y), (width, height) = shape.points[0], shape.size
    match shape.kind:
        case ShapeKind.RECTANGLE | ShapeKind.MASK:
            return {"x": x, "y": y, "width": width, "height": height}
        case ShapeKind.ELLIPSE:
            return {"x": x, "y": y, "radius_x": width, "radius_y": height}
        case ShapeKind.POINT | ShapeKind.LABEL:
            return {"x": x, "y": y}
    return {"points": shape.points}


def lacks_bits(shape: Shape) -> bool:
    """Whether a mask was left out of a shape."""
    return shape.kind is ShapeKind.MASK and shape.mask is None


def _row(roi: Roi, shape: Shape) -> Sequence[Any]:
    return (
        roi.id, shape.id, shape.kind, csv_cell(roi.name), csv_cell(shape.text), shape.z,
        shape.t, shape.c, *map(_number, shape.bounds()), _points(shape.outline()),
        shape.stroke_color and f"#{shape.stroke_color}",
        shape.fill_color and f"#{shape.fill_color}",
    )  # fmt: skip


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


def _number(value: float) -> str:
    """Return a number without what floating point adds: 0.1 + 0.2 is 0.3, -0.0 is 0."""
    return f"{value + 0.0:.12g}"
