"""The ROIs that an OME-XML says an image has."""

from __future__ import annotations

from transferapp.model.rois import Affine, Roi, Shape, ShapeKind
from transferapp.ome.rois import rois_of_image

OME = '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
SHAPES = """
<Rectangle ID="Shape:1" X="1" Y="2" Width="3" Height="4" TheZ="1" TheT="2" TheC="0" Text="a"
  StrokeColor="-16776961" FillColor="16711808"/>
<Ellipse ID="Shape:2" X="5" Y="6" RadiusX="7" RadiusY="8">
  <Transform A00="0" A10="1" A01="-1" A11="0" A02="30" A12="0.5"/></Ellipse>
<Polygon ID="Shape:3" Points="1,2 3.5,4e0 5,6"/>
<Polyline ID="Shape:4" Points="1,2 3,4"/>
<Line ID="Shape:5" X1="1" Y1="2" X2="3" Y2="4"/>
<Point ID="Shape:6" X="1" Y="2"/>
<Label ID="Shape:7" X="1" Y="2" Text="here"/>
<Mask ID="Shape:8" X="1" Y="2" Width="3" Height="2">
  <BinData BigEndian="false" Length="4">oEA=</BinData></Mask>
"""
BAD = """
<Path ID="Shape:1" Definition="M 0 0"/>
<Point ID="Shape:2" X="1"/>
<Point ID="Shape:3" X="nan" Y="1"/>
<Polygon ID="Shape:4" Points=""/>
<Polygon ID="Shape:5" Points="1,2,3"/>
<Mask ID="Shape:6" X="1" Y="2" Width="3" Height="2">
  <BinData Compression="zlib" BigEndian="false" Length="4">oEA=</BinData></Mask>
<Mask ID="Shape:7" X="1" Y="2" Width="3" Height="2">
  <BinData Compression="other" BigEndian="false" Length="4">oEA=</BinData></Mask>
"""


def roi(id_: str, shapes: str, name: str = "") -> str:
    return (
        f'<ROI ID="{id_}" Name="{name}"><Union>{shapes}</Union>'
        "<Description>round</Description></ROI>"
    )


def image(id_: str, *rois: str) -> str:
    refs = "".join(f'<ROIRef ID="{one}"/>' for one in rois)
    return f'<Image ID="{id_}"><Pixels/>{refs}</Image>'


def read(*parts: str, of: str = "Image:0") -> list[Roi]:
    return rois_of_image(f"{OME}{''.join(parts)}</OME>".encode(), of)


def test_shapes_of_every_kind() -> None:
    [found] = read(image("Image:0", "ROI:7"), roi("ROI:7", SHAPES, "a cell"))
    turned = Affine(0, -1, 30, 1, 0, 0.5)
    assert found == Roi(
        1,
        (
            Shape(1, ShapeKind.RECTANGLE, ((1, 2),), (3, 4), 1, 2, 0, "a",
                  stroke_color="FF0000FF", fill_color="00FF0080"),
            Shape(2, ShapeKind.ELLIPSE, ((5, 6),), (7, 8), transform=turned),
            Shape(3, ShapeKind.POLYGON, ((1, 2), (3.5, 4), (5, 6))),
            Shape(4, ShapeKind.POLYLINE, ((1, 2), (3, 4))),
            Shape(5, ShapeKind.LINE, ((1, 2), (3, 4))),
            Shape(6, ShapeKind.POINT, ((1, 2),)),
            Shape(7, ShapeKind.LABEL, ((1, 2),), text="here"),
            Shape(8, ShapeKind.MASK, ((1, 2),), (3, 2), mask=b"\xa0\x40"),
        ),
        "a cell",
        "round",
    )  # fmt: skip


def test_what_is_not_understood_is_counted() -> None:
    [found] = read(image("Image:0", "ROI:0"), roi("ROI:0", BAD))
    assert (found.shapes, found.not_understood) == ((), 7)


def test_each_image_has_its_own() -> None:
    point = '<Point ID="Shape:1" X="1" Y="2"/>'
    parts = (
        image("Image:0", "ROI:0", "ROI:2"),
        image("Image:1", "ROI:2"),
        *(roi(f"ROI:{number}", point) for number in range(4)),
    )
    assert [one.id for one in read(*parts)] == [1, 3]
    assert [one.id for one in read(*parts, of="Image:1")] == [3]
    assert read(*parts, of="Image:9") == []


def test_the_only_image_has_what_none_refers_to() -> None:
    parts = (image("Image:0", "ROI:0"), roi("ROI:0", ""), roi("ROI:1", ""))
    assert [one.id for one in read(*parts)] == [1, 2]


def test_what_is_no_xml_has_none() -> None:
    assert rois_of_image(b"", "Image:0") == []
    assert rois_of_image(b"ImageJ=1.11", "Image:0") == []
    entity = b'<!DOCTYPE a [<!ENTITY b "c">]><OME>&b;</OME>'
    assert rois_of_image(entity, "Image:0") == []
