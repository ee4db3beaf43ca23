"""A view wants the coarse level first, and then no more tiles than it can see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.preview_images import made_image
from transferapp.desktop.tiles import plan as tile_plan
from transferapp.desktop.tiles.plan import Plane, TilePlace, View
from transferapp.desktop.tiles.scale_bar import scale_bar
from transferapp.model.images import Level, Pixels, TileRegion


@pytest.fixture
def slide() -> Pixels:
    pixels, _ = made_image()
    sizes = ((40000, 30000), (10000, 7500), (2500, 1875), (625, 468))
    return replace(pixels, levels=tuple(Level(*size) for size in sizes), tile_size=512)


@pytest.mark.parametrize(
    ("zoom", "level"), [(4.0, 0), (1.0, 0), (0.31, 0), (0.29, 1), (0.07, 2), (0.001, 3)]
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


def test_an_image_of_one_level_is_planned_once() -> None:
    pixels, _ = made_image(levels=1)
    places = tile_plan.plan(pixels, View(0, 0, 900, 700, 0.5))
    assert len(places) == len(set(places)) == 3 * 4


def test_region_is_cut_at_the_edge() -> None:
    pixels, _ = made_image()
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
