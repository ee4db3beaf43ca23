"""ROIs in the OME-XML of what is exported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import ome_types
import pytest
from lxml import etree

from transferapp.conversion import ome_rois
from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.cut_place import rois_of_cut
from transferapp.conversion.ome_xml import ome_xml
from transferapp.model.export_specs import Cut, Span
from transferapp.model.rois import Affine, Roi, Shape, ShapeKind
from transferapp.testing.cut_images import image_of, noise

SCHEMA = Path(ome_types.__file__).with_name("ome-2016-06.xsd")
TURNED = Affine(0.0, -1.0, 30.0, 1.0, 0.0, 0.5)
SHAPES = (
    Shape(21, ShapeKind.RECTANGLE, ((12.0, 6.5),), (10.0, 5.0), z=1, c=1, text="a <b> \x00",
          stroke_color="FF0000FF", fill_color="00FF0080"),
    Shape(22, ShapeKind.ELLIPSE, ((20.0, 15.0),), (4.0, 2.0), t=0, transform=TURNED),
    Shape(23, ShapeKind.POLYGON, ((11.0, 6.0), (30.1, 6.0), (1e-7, 20.0))),
    Shape(24, ShapeKind.POLYLINE, ((11.0, 6.0), (30.0, 7.0))),
    Shape(25, ShapeKind.LINE, ((11.0, 6.0), (30.0, 7.0))),
    Shape(26, ShapeKind.POINT, ((11.0, 6.0),)),
    Shape(27, ShapeKind.LABEL, ((11.0, 6.0),), text="here"),
    Shape(28, ShapeKind.MASK, ((11.0, 6.0),), (3.0, 2.0), mask=b"\xa0\x40"),
)  # fmt: skip
BARE = Shape(29, ShapeKind.MASK, ((11.0, 6.0),), (3.0, 1.0))


def drawn_on(*rois: Roi, cut: Cut | None = None) -> CutImage:
    image = image_of(noise((1, 2, 3, 40, 50), "uint8"), cut=cut)
    return replace(image, rois=rois_of_cut(rois, image.place))


def document_of(image: CutImage) -> Any:
    xml = ome_xml(image)
    etree.XMLSchema(etree.parse(SCHEMA)).assertValid(etree.fromstring(xml))
    return ome_types.from_xml(xml.decode())


def test_shapes_of_every_kind() -> None:
    document = document_of(drawn_on(Roi(5, SHAPES, "a cell", "round"), Roi(6, (SHAPES[5],))))
    first, second = document.rois
    assert [one.id for one in document.images[0].roi_refs] == [first.id, second.id]
    assert (first.name, first.description, second.name) == ("a cell", "round", None)
    union = first.union
    [rectangle], [ellipse], [polygon] = union.rectangles, union.ellipses, union.polygons
    assert (rectangle.x, rectangle.y, rectangle.width, rectangle.height) == (12, 6.5, 10, 5)
    assert (rectangle.the_z, rectangle.the_t, rectangle.the_c) == (1, None, 1)
    assert rectangle.text == "a <b> \N{REPLACEMENT CHARACTER}"
    assert rectangle.stroke_color.as_rgb_tuple() == (255, 0, 0)
    assert rectangle.fill_color.as_rgb_tuple()[:3] == (0, 255, 0)
    assert rectangle.fill_color.as_int32() == 0x00FF0080
    assert (ellipse.radius_x, ellipse.radius_y, ellipse.the_t) == (4, 2, 0)
    turned = ellipse.transform
    names = ("a00", "a01", "a02", "a10", "a11", "a12")
    assert all(getattr(turned, name) == getattr(TURNED, name) for name in names)
    points = [[float(n) for n in point.split(",")] for point in polygon.points.split()]
    assert points == [[11, 6], [30.1, 6], [1e-7, 20]]
    [line], [mask] = union.lines, union.masks
    assert (line.x1, line.y1, line.x2, line.y2) == (11, 6, 30, 7)
    assert (mask.bin_data.value, mask.bin_data.length) == (b"\xa0\x40", 4)
    assert union.labels[0].text == "here"
    assert (len(union.polylines), len(union.points)) == (1, 1)


def test_they_lie_in_the_part() -> None:
    cut = Cut(0, z=Span(1, 2), y=Span(5, 30), x=Span(10, 40), channels=(1,))
    document = document_of(drawn_on(Roi(5, SHAPES), cut=cut))
    [rectangle] = document.rois[0].union.rectangles
    assert (rectangle.x, rectangle.y, rectangle.the_z, rectangle.the_c) == (2, 1.5, 0, 0)


def test_rois_without_shapes_are_left_out() -> None:
    document = document_of(drawn_on(Roi(5, ()), Roi(6, (BARE,)), Roi(7, (BARE, SHAPES[5]))))
    assert [one.id for one in document.rois] == ["ROI:7"]
    assert not document.rois[0].union.masks


def test_too_many_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ome_rois, "MOST_SHAPES", 2)
    assert document_of(drawn_on(Roi(5, SHAPES[:3]))).rois == []
    assert len(document_of(drawn_on(Roi(5, SHAPES[:2]))).rois) == 1
