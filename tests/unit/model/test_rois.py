"""Where shapes of ROIs are drawn."""

from __future__ import annotations

from math import cos, pi, sin

import pytest

from transferapp.model.rois import Affine, Shape, ShapeKind

#: A quarter turn about (0, 0), then 100 to the right.
TURNED = Affine(0, -1, 100, 1, 0, 0)


def test_a_rectangle_is_its_corners() -> None:
    shape = Shape(1, ShapeKind.RECTANGLE, ((10.0, 20.0),), (30.0, 40.0))
    assert shape.outline() == ((10, 20), (40, 20), (40, 60), (10, 60))
    assert shape.bounds() == (10, 20, 30, 40)


def test_a_turned_rectangle() -> None:
    shape = Shape(1, ShapeKind.RECTANGLE, ((10.0, 20.0),), (30.0, 40.0), transform=TURNED)
    assert shape.outline() == ((80, 10), (80, 40), (40, 40), (40, 10))
    assert shape.bounds() == (40, 10, 40, 30)


def test_an_ellipse_has_a_box() -> None:
    shape = Shape(1, ShapeKind.ELLIPSE, ((50.0, 60.0),), (7.0, 8.0))
    assert shape.outline() == ((43, 60), (50, 52), (57, 60), (50, 68))
    assert shape.bounds() == (43, 52, 14, 16)


@pytest.mark.parametrize("angle", [0.3, 1.0, 2.5])
def test_the_box_of_a_turned_ellipse_is_exact(angle: float) -> None:
    turn = Affine(cos(angle), -sin(angle), 5, sin(angle), cos(angle), 9)
    x, y, width, height = Shape(
        1, ShapeKind.ELLIPSE, ((50.0, 60.0),), (70.0, 8.0), transform=turn
    ).bounds()
    steps = [2 * pi * n / 20_000 for n in range(20_000)]
    drawn = [turn.of((50 + 70 * cos(step), 60 + 8 * sin(step))) for step in steps]
    assert min(x for x, _ in drawn) == pytest.approx(x, abs=1e-4)
    assert max(x for x, _ in drawn) == pytest.approx(x + width, abs=1e-4)
    assert min(y for _, y in drawn) == pytest.approx(y, abs=1e-4)
    assert max(y for _, y in drawn) == pytest.approx(y + height, abs=1e-4)


def test_points_have_a_box_without_a_size() -> None:
    assert Shape(1, ShapeKind.POINT, ((3.0, 4.0),)).bounds() == (3, 4, 0, 0)
    line = Shape(1, ShapeKind.LINE, ((9.0, 4.0), (3.0, 8.0)))
    assert line.bounds() == (3, 4, 6, 4)


def test_one_after_another() -> None:
    twice = Affine(2, 0, -10, 0, 3, -20)
    both = twice.after(TURNED)
    assert both.of((7, 11)) == twice.of(TURNED.of((7, 11)))
