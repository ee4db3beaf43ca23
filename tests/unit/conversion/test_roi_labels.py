"""ROIs with an area as an image of numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from transferapp.conversion.cut_image import Block, CutImage
from transferapp.conversion.cut_place import rois_of_cut
from transferapp.conversion.roi_labels import label_image
from transferapp.model.export_specs import Cut, Span
from transferapp.model.rois import Affine, Roi, Shape, ShapeKind
from transferapp.testing.cut_images import image_of, noise

#: t, c, z, y, x.
SHAPE = (2, 2, 3, 20, 30)
RECTANGLE = Shape(1, ShapeKind.RECTANGLE, ((3.0, 2.0),), (4.0, 5.0))


def drawn(*rois: Roi, cut: Cut | None = None) -> CutImage:
    image = image_of(noise(SHAPE, "uint16"), cut=cut)
    labels = label_image(replace(image, rois=rois_of_cut(rois, image.place)))
    assert labels is not None
    return labels


async def plane(labels: CutImage, t: int = 0, z: int = 0) -> npt.NDArray[Any]:
    return await labels.read(Block(t, 0, z, 0, 0, labels.size_y, labels.size_x))


async def area(shape: Shape) -> npt.NDArray[Any]:
    return await plane(drawn(Roi(5, (shape,)))) > 0


def expected(rows: slice, columns: slice) -> npt.NDArray[Any]:
    wanted = np.zeros(SHAPE[3:], bool)
    wanted[rows, columns] = True
    return wanted


@pytest.mark.parametrize(
    "shape",
    [
        RECTANGLE,
        Shape(1, ShapeKind.POLYGON, ((3.0, 2.0), (7.0, 2.0), (7.0, 7.0), (3.0, 7.0))),
        Shape(1, ShapeKind.MASK, ((3.0, 2.0),), (4.0, 5.0), mask=b"\xff" * 3),
        # The same place after it was moved, and after it was turned by 90 degrees.
        replace(RECTANGLE, points=((0.0, 0.0),), transform=Affine(1, 0, 3, 0, 1, 2)),
        Shape(1, ShapeKind.RECTANGLE, ((0.0, 0.0),), (5.0, 4.0),
              transform=Affine(0, -1, 7, 1, 0, 2)),
    ],
)  # fmt: skip
async def test_one_area_in_many_words(shape: Shape) -> None:
    assert np.array_equal(await area(shape), expected(slice(2, 7), slice(3, 7)))


async def test_an_ellipse() -> None:
    found = await area(Shape(1, ShapeKind.ELLIPSE, ((15.0, 10.0),), (8.0, 5.0)))
    ys, xs = np.mgrid[0:20, 0:30] + 0.5
    wanted = ((xs - 15) / 8) ** 2 + ((ys - 10) / 5) ** 2 <= 1
    assert np.array_equal(found, wanted)


async def test_a_polygon_with_a_notch() -> None:
    corners = ((2.0, 2.0), (12.0, 2.0), (12.0, 12.0), (7.0, 4.0), (2.0, 12.0))
    found = await area(Shape(1, ShapeKind.POLYGON, corners))
    assert found[3, 7]
    assert not found[8, 7]
    assert found[8, 2]
    assert found[8, 11]


async def test_the_bits_of_a_mask() -> None:
    bits = np.random.default_rng(1).integers(0, 2, (5, 4)).astype(bool)
    shape = Shape(1, ShapeKind.MASK, ((3.0, 2.0),), (4.0, 5.0),
                  mask=np.packbits(bits).tobytes())  # fmt: skip
    found = await area(shape)
    assert np.array_equal(found[2:7, 3:7], bits)
    assert found.sum() == bits.sum()


async def test_numbers_are_of_rois_and_the_later_one_is_seen() -> None:
    line = Shape(9, ShapeKind.LINE, ((0.0, 0.0), (9.0, 9.0)))
    over = replace(RECTANGLE, points=((5.0, 4.0),))
    labels = drawn(Roi(7, (line,)), Roi(8, (RECTANGLE,)), Roi(9, (over,)))
    found = await plane(labels)
    assert set(np.unique(found)) == {0, 1, 2}
    assert found[5, 6] == 2
    assert found[2, 3] == 1


async def test_planes_and_times() -> None:
    labels = drawn(Roi(1, (replace(RECTANGLE, z=1),)), Roi(2, (replace(RECTANGLE, t=1, c=1),)))
    seen = [(t, z, int((await plane(labels, t, z)).max())) for t in (0, 1) for z in (0, 1)]
    assert seen == [(0, 0, 0), (0, 1, 1), (1, 0, 2), (1, 1, 2)]


async def test_a_part_has_its_part() -> None:
    cut = Cut(y=Span(4, 10), x=Span(5, 20), z=Span(1, 1), channels=(1,))
    labels = drawn(Roi(1, (replace(RECTANGLE, z=1),)), cut=cut)
    found = await plane(labels)
    assert found.shape == (10, 20)
    assert np.array_equal(np.argwhere(found), [(y, x) for y in range(3) for x in range(2)])


async def test_blocks_are_pieces_of_the_plane() -> None:
    corners = ((2.2, 1.1), (28.0, 4.5), (20.3, 18.9), (3.0, 14.0))
    labels = drawn(Roi(1, (Shape(1, ShapeKind.POLYGON, corners),)))
    whole = await plane(labels)
    piece = await labels.read(Block(0, 0, 0, 7, 11, 9, 13))
    assert np.array_equal(piece, whole[7:16, 11:24])


@pytest.mark.parametrize(
    "shape",
    [
        Shape(1, ShapeKind.POINT, ((3.0, 2.0),)),
        Shape(1, ShapeKind.MASK, ((3.0, 2.0),), (4.0, 5.0)),
    ],
)
def test_what_has_no_area_makes_no_labels(shape: Shape) -> None:
    image = image_of(noise(SHAPE, "uint16"))
    rois = rois_of_cut([Roi(1, (shape,))], image.place)
    assert label_image(replace(image, rois=rois)) is None
    assert label_image(image) is None


@pytest.mark.parametrize(
    "shape",
    [
        Shape(1, ShapeKind.ELLIPSE, ((3.0, 2.0),), (0.0, 0.0)),
        Shape(1, ShapeKind.POLYGON, ((3.0, 2.0),)),
        Shape(1, ShapeKind.MASK, ((3.0, 2.0),), (4.0, 5.0), mask=b"\xff"),
        replace(RECTANGLE, transform=Affine(0, 0, 3, 0, 0, 2)),
        Shape(1, ShapeKind.RECTANGLE, ((-1e12, -1e12),), (2e12, 2e12)),
    ],
)
async def test_odd_shapes_are_drawn_as_far_as_they_go(shape: Shape) -> None:
    assert (await plane(drawn(Roi(1, (shape,))))).shape == SHAPE[3:]
