"""All ROIs of an image, within the memory of a worker."""

from __future__ import annotations

from typing import cast

import pytest

from transferapp.errors import UnsupportedFile
from transferapp.model.rois import Roi, Shape, ShapeKind
from transferapp.operations import read_rois as reading
from transferapp.operations.read_rois import read_rois
from transferapp.repositories.port import ImageViews


class Pages:
    """ROIs of image 7, at most three of a page."""

    def __init__(self, rois: list[Roi]) -> None:
        self.rois_held = rois

    async def rois(self, image_id: int, *, after: int = 0, limit: int = 100) -> list[Roi]:
        assert image_id == 7
        return [roi for roi in self.rois_held if roi.id > after][: min(3, limit)]


async def read(*rois: Roi) -> tuple[Roi, ...]:
    return await read_rois(cast("ImageViews", Pages(list(rois))), 7)


def mask(size: int) -> Shape:
    return Shape(1, ShapeKind.MASK, ((0.0, 0.0),), (8.0, size), mask=bytes(size))


def bits(rois: tuple[Roi, ...]) -> list[int | None]:
    masks = [shape.mask for roi in rois for shape in roi.shapes]
    return [None if one is None else len(one) for one in masks]


async def test_all_pages() -> None:
    rois = [Roi(number, (mask(1),)) for number in range(1, 9)]
    assert await read(*rois) == tuple(rois)
    assert await read() == ()


async def test_masks_beyond_the_room_lose_their_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_MASK_BYTES", 10)
    rois = [Roi(1, (mask(4), mask(5))), Roi(2, (mask(2), mask(1))), Roi(3, (mask(1),))]
    assert bits(await read(*rois)) == [4, 5, None, 1, None]


async def test_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_SHAPES", 3)
    rois = [Roi(number, (mask(1),)) for number in range(1, 5)]
    with pytest.raises(UnsupportedFile, match="without annotations"):
        await read(*rois)
    assert len(await read(*rois[:3])) == 3
