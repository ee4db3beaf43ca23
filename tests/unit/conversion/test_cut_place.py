"""Where ROIs lie in the part of an image that is exported."""

from __future__ import annotations

from dataclasses import replace
from math import cos, sin
from typing import Any

import pytest
from hypothesis import given, strategies as st

from transferapp.conversion.cut_place import CutPlace, rois_of_cut
from transferapp.model.export_specs import Span
from transferapp.model.images import Level
from transferapp.model.rois import Affine, Roi, Shape, ShapeKind

FULL = Level(100, 200)
WHOLE = CutPlace(0, Span(0, 5), Span(0, 4), Span(0, 100), Span(0, 200), (0, 1, 2), FULL, FULL)
#: Rows 10 to 29, columns 30 to 69, planes 1 and 2, time points 3 and 4, channels 2 and 0.
INNER = CutPlace(0, Span(3, 2), Span(1, 2), Span(10, 20), Span(30, 40), (2, 0), FULL, FULL)
#: The same rows and columns at half the size.
HALF = replace(INNER, level=1, y=Span(5, 10), x=Span(15, 20), size=Level(50, 100))
TURNED = Affine(cos(1), -sin(1), 20, sin(1), cos(1), -30)
BITS = bytes([0b10100000])


def rectangle(x: float, y: float, width: float = 5, height: float = 5, **more: Any) -> Shape:
    return Shape(1, ShapeKind.RECTANGLE, ((x, y),), (width, height), **more)


def the_shape(shape: Shape, place: CutPlace) -> Shape:
    [roi] = rois_of_cut([Roi(1, (shape,), "a")], place).rois
    [found] = roi.shapes
    return found


def is_inside(shape: Shape, place: CutPlace) -> bool:
    found = rois_of_cut([Roi(1, (shape,))], place)
    assert (found.rois == ()) == (found.rois_outside == found.shapes_outside == 1)
    return bool(found.rois)


def test_a_whole_image_has_them_as_they_are() -> None:
    rois = [
        Roi(1, (rectangle(1, 2), rectangle(-50, -50, z=3, t=4, c=2)), "a", "b", 3),
        Roi(2, ()),
    ]
    found = rois_of_cut(rois, WHOLE)
    assert list(found.rois) == rois
    assert (found.rois_outside, found.shapes_outside) == (0, 0)


def test_shapes_move_with_the_part() -> None:
    found = the_shape(rectangle(35, 12, z=2, t=3, c=0, text="x"), INNER)
    assert found == rectangle(5, 2, z=1, t=0, c=1, text="x")
    polygon = Shape(1, ShapeKind.POLYGON, ((40.0, 20.0), (60.0, 20.5), (31.0, 29.0)))
    assert the_shape(polygon, INNER).points == ((10, 10), (30, 10.5), (1, 19))


def test_shapes_shrink_with_the_level() -> None:
    assert the_shape(rectangle(35, 12, 8, 6), HALF) == rectangle(2.5, 1, 4, 3)
    ellipse = Shape(1, ShapeKind.ELLIPSE, ((40.0, 20.0),), (6.0, 4.0))
    found = the_shape(ellipse, HALF)
    assert (found.points, found.size) == (((5, 5),), (3, 2))


def test_a_masks_bits_stay_those_of_full_size_pixels() -> None:
    mask = Shape(1, ShapeKind.MASK, ((40.0, 20.0),), (3.0, 1.0), mask=BITS)
    moved = the_shape(mask, INNER)
    assert (moved.points, moved.size, moved.transform) == (((10, 10),), (3, 1), None)
    shrunk = the_shape(mask, HALF)
    assert (shrunk.size, shrunk.mask) == ((3, 1), BITS)
    assert shrunk.bounds() == (5, 5, 1.5, 0.5)


@pytest.mark.parametrize(
    "plane", [{"z": 0}, {"z": 3}, {"t": 2}, {"c": 1}, {"z": 99}, {"t": 5}, {"c": 3}]
)
def test_other_planes_and_channels_are_outside(plane: dict[str, int]) -> None:
    assert not is_inside(rectangle(35, 12, **plane), INNER)


@pytest.mark.parametrize(
    ("x", "y", "inside"),
    [(26, 12, True), (25, 12, False), (69.5, 12, True), (70, 12, False), (35, 5.5, True),
     (35, 5, False), (35, 29, True), (35, 30, False), (0, 0, False)],
)  # fmt: skip
def test_the_edge(x: float, y: float, inside: bool) -> None:
    assert is_inside(rectangle(x, y), INNER) is inside


@pytest.mark.parametrize(
    ("x", "y", "inside"), [(30, 10, True), (29.9, 10, False), (69.9, 29.9, True)]
)
def test_points_at_the_edge(x: float, y: float, inside: bool) -> None:
    assert is_inside(Shape(1, ShapeKind.POINT, ((x, y),)), INNER) is inside


def test_what_is_outside_is_counted() -> None:
    rois = [
        Roi(1, (rectangle(35, 12), rectangle(0, 0))),
        Roi(2, (rectangle(0, 0), rectangle(0, 0))),
        Roi(3, (), not_understood=1),
    ]
    found = rois_of_cut(rois, INNER)
    assert [roi.id for roi in found.rois] == [1, 3]
    assert (found.rois_outside, found.shapes_outside) == (1, 3)
    assert len(list(found.shapes)) == 1


@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(0, 90), st.floats(0, 90))
def test_a_turned_shape_stays_where_it_is_drawn(
    x: float, y: float, width: float, height: float
) -> None:
    shape = rectangle(x, y, width, height, transform=TURNED)
    place = replace(HALF, y=Span(5, 50), x=Span(15, 100))
    wanted = [(drawn_x / 2 - 15, drawn_y / 2 - 5) for drawn_x, drawn_y in shape.outline()]
    for roi in rois_of_cut([Roi(1, (shape,))], place).rois:
        for found, at in zip(roi.shapes[0].outline(), wanted, strict=True):
            assert found == pytest.approx(at, abs=1e-6)


def test_an_ellipse_is_turned_about_the_same_place() -> None:
    turn = Affine(0, -1, 80, 1, 0, -20)
    shape = Shape(1, ShapeKind.ELLIPSE, ((40.0, 30.0),), (8.0, 4.0), transform=turn)
    x, y, width, height = shape.bounds()
    assert (width, height) == (8, 16)
    assert the_shape(shape, HALF).bounds() == (x / 2 - 15, y / 2 - 5, 4, 8)
