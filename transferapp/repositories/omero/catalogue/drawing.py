"""Make OMERO's ROIs and shapes of ours: what ``reading/rois.py`` reads back the same."""

from __future__ import annotations

from typing import Any

from transferapp.model.rois import Affine, Roi, Shape, ShapeKind
from transferapp.repositories.omero.catalogue.mapping import unloaded
from transferapp.repositories.omero.ice_imports import omero

_NAMES = {
    ShapeKind.RECTANGLE: ("X", "Y", "Width", "Height"),
    ShapeKind.MASK: ("X", "Y", "Width", "Height"),
    ShapeKind.ELLIPSE: ("X", "Y", "RadiusX", "RadiusY"),
    ShapeKind.POINT: ("X", "Y"),
    ShapeKind.LABEL: ("X", "Y"),
    ShapeKind.LINE: ("X1", "Y1", "X2", "Y2"),
}
_SIGN, _ALL = 1 << 31, 1 << 32


def omero_roi(image_id: int, roi: Roi) -> Any:
    """Make the OMERO object for a ROI on an image."""
    made = omero.model.RoiI()
    made.setImage(unloaded("Image", image_id))
    made.setName(omero.rtypes.rstring(roi.name))
    made.setDescription(omero.rtypes.rstring(roi.text))
    for shape in roi.shapes:
        made.addShape(_shape(shape))
    return made


def _shape(shape: Shape) -> Any:
    made = getattr(omero.model, f"{str(shape.kind).capitalize()}I")()
    _set_place(made, shape)
    for axis in "ztc":
        if (index := getattr(shape, axis)) is not None:
            getattr(made, f"setThe{axis.upper()}")(omero.rtypes.rint(index))
    if shape.text:
        made.setTextValue(omero.rtypes.rstring(shape.text))
    for name, color in (("Stroke", shape.stroke_color), ("Fill", shape.fill_color)):
        if color:
            getattr(made, f"set{name}Color")(omero.rtypes.rint(_signed(int(color, 16))))
    if shape.transform is not None:
        made.setTransform(_transform(shape.transform))
    return made


def _set_place(made: Any, shape: Shape) -> None:
    if shape.kind is ShapeKind.MASK:
        made.setBytes(shape.mask or b"")
    if shape.kind not in _NAMES:
        # The shortest text that is this number again.
        text = " ".join(f"{float(x)!r},{float(y)!r}" for x, y in shape.points)
        made.setPoints(omero.rtypes.rstring(text))
        return
    ends = [number for point in shape.points for number in point]
    for name, value in zip(_NAMES[shape.kind], [*ends, *shape.size], strict=False):
        getattr(made, f"set{name}")(omero.rtypes.rdouble(value))


def _transform(transform: Affine) -> Any:
    made = omero.model.AffineTransformI()
    for name in ("A00", "A01", "A02", "A10", "A11", "A12"):
        value = omero.rtypes.rdouble(getattr(transform, name.lower()))
        getattr(made, f"set{name}")(value)
    return made


def _signed(color: int) -> int:
    return color - _ALL if color >= _SIGN else color
