"""ROIs drawn on images in OMERO with omero-py, of every kind of shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from transferapp.model.rois import Affine, Roi, Shape, ShapeKind
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.sessions.context import rows
from transferapp.repositories.omero.sessions.gateway import ALL_GROUPS, Gateway
from transferapp.repositories.omero.settings import OmeroSettings
from transferapp.testing.repository_env import ALICE, PASSWORD

rdouble, rint, rstring = omero.rtypes.rdouble, omero.rtypes.rint, omero.rtypes.rstring
#: As OMERO.iviewer turns a rectangle by a quarter.
TURNED = Affine(0.0, -1.0, 100.0, 1.0, 0.0, 20.0)
MASK = bytes([0b10100000, 0b01000000])


def shape(cls: str, /, **values: Any) -> Any:
    """Make an OMERO shape: numbers with a point are doubles, others integers."""
    made = getattr(omero.model, f"{cls}I")()
    for name, value in values.items():
        if isinstance(value, bytes):
            setattr(made, name, value)
        else:
            kinds = {float: rdouble, int: rint, str: rstring}
            setattr(made, name, kinds[type(value)](value))
    return made


def save_roi(update: Any, image_id: int, name: str, shapes: list[Any]) -> Any:
    """Save a ROI of an image; returns it with its shapes."""
    roi = omero.model.RoiI()
    roi.setImage(omero.model.ImageI(image_id, False))
    roi.setName(rstring(name))
    for one in shapes:
        roi.addShape(one)
    return update.saveAndReturnObject(roi)


def draw_rois(settings: OmeroSettings, image_id: int) -> list[Roi]:
    """Draw two ROIs as alice, and return what must be read of them."""
    turned = omero.model.AffineTransformI()
    for name in ("a00", "a01", "a02", "a10", "a11", "a12"):
        setattr(turned, name, rdouble(getattr(TURNED, name)))
    rectangle = shape(
        "Rectangle", x=1.0, y=2.0, width=30.0, height=40.0, theZ=0, theT=0,
        textValue="a nucleus \N{GREEK SMALL LETTER ALPHA}", strokeColor=-16776961,
        fillColor=0x00FF0080,
    )  # fmt: skip
    ellipse = shape("Ellipse", x=50.0, y=60.0, radiusX=7.0, radiusY=8.0, theC=0)
    ellipse.setTransform(turned)
    first = [rectangle, ellipse]
    second = [
        shape("Polygon", points="1.5,1 5,1 5,-5e0"),
        shape("Polyline", points="points[1,2, 3,4] points1[1,2, 3,4] mask[0,0]"),
        shape("Line", x1=1.0, y1=2.0, x2=3.0, y2=4.0, theZ=-1),
        shape("Point", x=10.0, y=20.0),
        shape("Label", x=11.0, y=21.0, textValue="here"),
        shape("Mask", x=4.0, y=5.0, width=3.0, height=4.0, bytes=MASK),
        shape("Polygon", points="none"),
        shape("Point", x=10.0),
    ]
    gateway = Gateway.sign_in(settings, ALICE, PASSWORD)
    try:
        group = "select i.details.group.id from Image i where i.id = :id"
        [[group_id]] = rows(gateway, ALL_GROUPS, group, {"id": image_id})
        update = gateway.update(group_id)
        made = [
            save_roi(update, image_id, "a cell", first),
            save_roi(update, image_id, "", second),
        ]
    finally:
        gateway.close()
    return [
        Roi(made[0].id.val, _numbered(made[0], _first()), "a cell"),
        Roi(made[1].id.val, _numbered(made[1], _second()), not_understood=2),
    ]


def _first() -> list[Shape]:
    return [
        Shape(
            0, ShapeKind.RECTANGLE, ((1.0, 2.0),), (30.0, 40.0), z=0, t=0,
            text="a nucleus \N{GREEK SMALL LETTER ALPHA}", stroke_color="FF0000FF",
            fill_color="00FF0080",
        ),
        Shape(0, ShapeKind.ELLIPSE, ((50.0, 60.0),), (7.0, 8.0), c=0, transform=TURNED),
    ]  # fmt: skip


def _second() -> list[Shape]:
    return [
        Shape(0, ShapeKind.POLYGON, ((1.5, 1.0), (5.0, 1.0), (5.0, -5.0))),
        Shape(0, ShapeKind.POLYLINE, ((1.0, 2.0), (3.0, 4.0))),
        Shape(0, ShapeKind.LINE, ((1.0, 2.0), (3.0, 4.0))),
        Shape(0, ShapeKind.POINT, ((10.0, 20.0),)),
        Shape(0, ShapeKind.LABEL, ((11.0, 21.0),), text="here"),
        Shape(0, ShapeKind.MASK, ((4.0, 5.0),), (3.0, 4.0), mask=MASK),
    ]


def _numbered(made: Any, wanted: list[Shape]) -> tuple[Shape, ...]:
    """Give shapes the ids that OMERO gave them; those that are not understood come last."""
    ids = sorted(one.id.val for one in made.copyShapes())
    return tuple(replace(one, id=id_) for one, id_ in zip(wanted, ids, strict=False))
