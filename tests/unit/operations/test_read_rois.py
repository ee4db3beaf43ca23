"""All ROIs of an image, within the memory of a worker."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from transferapp.conversion.cut_place import CutPlace, CutRois
from transferapp.errors import UnsupportedFile
from transferapp.model.export_specs import Span
from transferapp.model.images import Level
from transferapp.model.rois import Roi, Shape, ShapeKind
from transferapp.operations import read_rois as reading
from transferapp.operations.read_rois import read_rois
from transferapp.repositories.port import ImageRois

FULL = Level(10, 10)
WHOLE = CutPlace(0, Span(0, 1), Span(0, 1), Span(0, 10), Span(0, 10), (0,), FULL, FULL)


class Pages:
    """ROIs of image 7, at most three of a page."""

    def __init__(self, rois: list[Roi]) -> None:
        self.rois_held = rois

    async def rois(self, image_id: int, *, after: int = 0, limit: int = 100) -> list[Roi]:
        assert image_id == 7
        return [roi for roi in self.rois_held if roi.id > after][: min(3, limit)]


async def read(*rois: Roi, place: CutPlace = WHOLE) -> CutRois:
    return await read_rois(cast("ImageRois", Pages(list(rois))), 7, place)


def mask(size: int) -> Shape:
    return Shape(1, ShapeKind.MASK, ((0.0, 0.0),), (8.0, size), mask=bytes(size))


def bits(found: CutRois) -> list[int | None]:
    return [None if one.mask is None else len(one.mask) for one in found.shapes]


async def test_all_pages() -> None:
    rois = [Roi(number, (mask(1),)) for number in range(1, 9)]
    assert await read(*rois) == CutRois(tuple(rois))
    assert await read() == CutRois()


async def test_only_those_of_the_part() -> None:
    point = ShapeKind.POINT
    rois = [
        Roi(number, (Shape(1, point, ((float(number), 0.0),)), mask(1)))
        for number in range(1, 9)
    ]
    found = await read(*rois, place=replace(WHOLE, x=Span(6, 4)))
    assert found.shapes_outside == 5
    assert found.rois_outside == 0
    assert [roi.id for roi in found.rois] == list(range(1, 9))
    found = await read(*rois, place=replace(WHOLE, y=Span(0, 9), x=Span(8, 2)))
    assert (found.rois_outside, found.shapes_outside) == (7, 15)
    assert found.rois == (Roi(8, (Shape(1, point, ((0.0, 0.0),)),)),)


async def test_masks_beyond_the_room_lose_their_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_MASK_BYTES", 10)
    rois = [Roi(1, (mask(4), mask(5))), Roi(2, (mask(2), mask(1))), Roi(3, (mask(1),))]
    assert bits(await read(*rois)) == [4, 5, None, 1, None]


@pytest.mark.parametrize("most", ["MOST_SHAPES", "MOST_POINTS"])
async def test_too_many_are_refused(monkeypatch: pytest.MonkeyPatch, most: str) -> None:
    monkeypatch.setattr(reading, most, 3)
    rois = [Roi(number, (mask(1),)) for number in range(1, 5)]
    with pytest.raises(UnsupportedFile, match="without annotations"):
        await read(*rois)
    assert len((await read(*rois[:3])).rois) == 3
    # What is outside of the part does not count.
    assert (await read(*rois, place=replace(WHOLE, x=Span(9, 1)))).rois_outside == 4
