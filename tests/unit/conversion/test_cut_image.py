"""The part of an image that is exported: which of its pixels are read, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from transferapp.conversion.cut_image import Block, cut_image
from transferapp.errors import Invalid
from transferapp.model.export_specs import Cut, Span
from transferapp.model.images import (
    Channel,
    ImageDetails,
    ImageSummary,
    Level,
    Pixels,
    TileRegion,
)

CHANNELS = tuple(Channel(name, "FFFFFF", 0, 1) for name in ("DAPI", "GFP", "RFP"))
PIXELS = Pixels(
    7, "cells", 5, 3, 4, "uint16", (Level(101, 203), Level(50, 101)), CHANNELS,
    pixel_size_um=(2.0, 0.5, 0.25),
)  # fmt: skip


def details(pixels: Pixels = PIXELS) -> ImageDetails:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    summary = ImageSummary(7, pixels.name, 1, "ada", 3, 203, 101, 4, 3, 5, "uint16", now)
    return ImageDetails(summary, pixels, ())


class Reader:
    """Gives pixels that say where they are, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[TileRegion] = []

    async def __call__(self, region: TileRegion) -> np.ndarray[Any, Any]:
        self.asked.append(region)
        return np.zeros((region.height, region.width), "uint16")


async def test_only_the_part_is_read_where_it_lies() -> None:
    reader = Reader()
    cut = Cut(0, Span(3, 2), Span(1, 2), Span(10, 20), Span(30, 40), (2, 0))
    image = cut_image(details(), cut, reader)
    sizes = (image.size_t, image.size_c, image.size_z, image.size_y, image.size_x)
    assert sizes == (2, 2, 2, 20, 40)
    assert [one.name for one in image.channels] == ["RFP", "DAPI"]
    assert image.pixel_size_um == (2.0, 0.5, 0.25)
    await image.read(Block(1, 0, 1, 5, 6, 7, 8))
    assert reader.asked == [TileRegion(0, 4, 2, 2, 15, 36, 7, 8)]


def test_a_smaller_level_shows_the_same_part_with_larger_pixels() -> None:
    image = cut_image(details(), Cut(1, y=Span(20, 40), x=Span(100, 103)), Reader())
    assert (image.size_y, image.size_x) == (21, 52)
    z_um, y_um, x_um = image.pixel_size_um
    assert z_um == 2.0
    assert y_um == pytest.approx(0.5 * 101 / 50)
    assert x_um == pytest.approx(0.25 * 203 / 101)


@given(st.integers(0, 100), st.integers(1, 101), st.sampled_from([0, 1]))
def test_whatever_is_cut_lies_inside_its_level(first: int, count: int, level: int) -> None:
    count = min(count, 101 - first)
    image = cut_image(details(), Cut(level, y=Span(first, count)), Reader())
    assert image.size_y >= 1
    assert image.place.y.first + image.size_y <= PIXELS.levels[level].size_y


@pytest.mark.parametrize(
    "cut",
    [
        Cut(2),
        Cut(t=Span(5, 1)),
        Cut(z=Span(0, 5)),
        Cut(y=Span(100, 2)),
        Cut(x=Span(0, 0)),
        Cut(channels=(3,)),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(cut: Cut) -> None:
    with pytest.raises(Invalid, match=r"'cells' has \d"):
        cut_image(details(), cut, Reader())


def test_names_of_omeros_types_are_numpys() -> None:
    image = cut_image(details(replace(PIXELS, dtype="double")), None, Reader())
    assert image.dtype == np.dtype("<f8")
