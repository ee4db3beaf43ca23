"""A view wants the coarse level first, and then no more tiles than it can see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.preview_images import made_image
from transferapp.desktop.tiles import plan as tile_plan
from transferapp.desktop.tiles.plan import Plane, TilePlace, View
from transferapp.display.scale_bar import scale_bar
from transferapp.model.images import Level, Pixels, TileRegion


@pytest.fixture
def slide() -> Pixels:
    pixels, _ = made_image(shape=(1, 1, 1, 8, 8), levels=1)
    sizes = ((40000, 30000), (10000, 7500), (2500, 1875), (625, 468))
    return replace(pixels, levels=tuple(Level(*size) for size in sizes), tile_size=512)


@pytest.mark.parametrize(
    ("zoom", "level"),
    [(4.0, 0), (1.0, 0), (0.31, 0), (0.3, 1), (0.29, 1), (0.07, 2), (0.001, 3)],
)
def test_sharp_but_not_sharper_than_the_screen(slide: Pixels, zoom: float, level: int) -> None:
    assert tile_plan.best_level(slide, zoom) == level


def test_coarse_first_then_from_the_middle(slide: Pixels) -> None:
    view = View(x=10000, y=20000, width=1500, height=1500, zoom=1.0)
    places = tile_plan.plan(slide, view)
    levels = [place.level for place in places]
    assert levels == sorted(levels, reverse=True)
    sharp = [place for place in places if place.level == 0]
    assert sharp[0] == TilePlace(0, (20000 + 750) // 512, (10000 + 750) // 512)
    assert len(sharp) == 3 * 4


def test_a_view_beside_the_picture_wants_nothing(slide: Pixels) -> None:
    assert tile_plan.plan(slide, View(-5000, -5000, 400, 400, 1.0)) == []
    assert tile_plan.plan(slide, View(30001, 0, 400, 400, 1.0)) == []
    # Beside it with one edge on the other's.
    assert tile_plan.plan(slide, View(-400, 0, 400, 400, 1.0)) == []
    assert tile_plan.plan(slide, View(0, -400, 400, 400, 1.0)) == []
    assert tile_plan.plan(slide, View(30000, 0, 400, 400, 1.0)) == []
    assert tile_plan.plan(slide, View(0, 40000, 400, 400, 1.0)) == []


def test_an_image_of_one_level_is_planned_once() -> None:
    pixels, _ = made_image(shape=(1, 1, 1, 700, 900), levels=1)
    places = tile_plan.plan(pixels, View(0, 0, 900, 700, 0.5))
    assert len(places) == len(set(places)) == 3 * 4


def unequal(*sizes: tuple[int, int]) -> Pixels:
    """An image in tiles of 512; each level's height and width."""
    pixels, _ = made_image(shape=(1, 1, 1, 8, 8), levels=1)
    return replace(pixels, levels=tuple(Level(*size) for size in sizes), tile_size=512)


def test_scale_is_how_many_full_pixels_one_covers_along_x_and_y() -> None:
    pixels = unequal((4000, 9000), (2000, 3000))
    assert tile_plan.scale_of(pixels, 0) == (1.0, 1.0)
    assert tile_plan.scale_of(pixels, 1) == (3.0, 2.0)


def rows_and_columns(places: list[TilePlace], level: int) -> list[tuple[int, int]]:
    return [(place.row, place.column) for place in places if place.level == level]


def test_the_middle_comes_first_in_a_level_of_its_own_scale() -> None:
    pixels = unequal((20000, 30000), (10000, 10000), (500, 500))
    # Of level 1 the rows 2 to 4 and the columns 5 to 7, and a little less than all of them.
    x, y = 5 * 512 + 10, 2 * 512 + 10
    view = View(3.0 * x, 2.0 * y, 3.0 * 1516, 2.0 * 1516, zoom=0.3)
    middle, beside = [(3, 6)], [(2, 6), (3, 5), (3, 7), (4, 6)]
    corners = [(2, 5), (2, 7), (4, 5), (4, 7)]
    places = tile_plan.plan(pixels, view)
    assert rows_and_columns(places, 1) == middle + beside + corners
    assert rows_and_columns(places, 2) == [(0, 0)]
    assert len(places) == 10


def test_a_view_that_reaches_over_the_picture_wants_all_of_it_and_no_more() -> None:
    view = View(-100, -100, 5000, 5000, 2.0)
    for size, last in ((1024, 1), (1025, 2), (1023, 1)):
        wanted = rows_and_columns(tile_plan.plan(unequal((size, size)), view), 0)
        assert sorted(wanted) == [(r, c) for r in range(last + 1) for c in range(last + 1)]


def test_half_a_pixel_is_seen() -> None:
    pixels = unequal((1000, 1000))
    assert tile_plan.plan(pixels, View(-400, -400, 400.5, 400.5, 1.0)) == [TilePlace(0, 0, 0)]
    assert tile_plan.plan(pixels, View(999.5, 999.5, 9, 9, 1.0)) == [TilePlace(0, 1, 1)]


def test_the_middlemost_tiles_of_the_coarsest_level() -> None:
    pixels = unequal((40000, 30000), (2500, 1875))
    expected = [(2, 1), (2, 2), (1, 1), (3, 1), (1, 2)]
    assert rows_and_columns(tile_plan.coarse_places(pixels), 1) == expected[:4]
    assert rows_and_columns(tile_plan.coarse_places(pixels, 5), 1) == expected
    assert len(tile_plan.coarse_places(pixels, 100)) == 5 * 4
    even = unequal((4096, 4096), (1024, 1024))
    assert rows_and_columns(tile_plan.coarse_places(even), 1) == [
        (0, 0), (0, 1), (1, 0), (1, 1)
    ]  # fmt: skip


def test_a_tile_in_the_middle_is_whole() -> None:
    pixels, _ = made_image(shape=(1, 1, 1, 700, 900))
    region = tile_plan.region(pixels, TilePlace(0, 1, 2), Plane(), 0)
    assert region == TileRegion(0, 0, 0, 0, y=256, x=512, height=256, width=256)


def test_region_is_cut_at_the_edge() -> None:
    pixels, _ = made_image(shape=(1, 1, 1, 700, 900))
    region = tile_plan.region(pixels, TilePlace(0, 2, 3), Plane(t=1, z=2), 1)
    assert region == TileRegion(0, 1, 1, 2, y=512, x=768, height=188, width=132)


@pytest.mark.parametrize(
    ("um_per_px", "label", "width"),
    [
        (0.5, "50 µm", 100),
        (2.0, "200 µm", 100),
        (30.0, "2 mm", 2000 / 30),
        (0.0009, "100 nm", 111),
    ],
)
def test_scale_bar_is_round(um_per_px: float, label: str, width: float) -> None:
    bar = scale_bar(um_per_px, 120)
    assert bar is not None
    assert bar.label == label
    assert bar.width_px == pytest.approx(width, rel=0.01)


def test_no_size_no_scale_bar() -> None:
    assert scale_bar(0.0, 120) is None
    assert scale_bar(float("nan"), 120) is None
