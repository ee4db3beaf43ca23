"""Tiles come in order, a few at a time; what is out of view is let go of."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.support.preview_images import made_image
from transferapp import errors
from transferapp.desktop.tiles import compositing
from transferapp.desktop.tiles.loader import PARALLEL_TILES, TileLoader, TileOrder
from transferapp.desktop.tiles.plan import Plane, TilePlace
from transferapp.model.images import TileRegion

PIXELS, LEVELS = made_image()
DISPLAYS = compositing.displays_of(PIXELS)
COARSE = TilePlace(2, 0, 0)
SHARP = tuple(TilePlace(0, row, column) for row in range(3) for column in range(4))


class GatedSource:
    """Gives pixels when its gate is open; counts what is asked for."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.asked: list[TileRegion] = []
        self.cancelled = 0
        self.error: errors.TransferAppError | None = None

    async def tile(self, region: TileRegion) -> npt.NDArray[Any]:
        self.asked.append(region)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error:
            raise self.error
        rows = slice(region.y, region.y + region.height)
        columns = slice(region.x, region.x + region.width)
        tile: npt.NDArray[Any] = LEVELS[region.level][
            region.t, region.c, region.z, rows, columns
        ]
        return tile


@dataclass
class Shown:
    """What a view was told."""

    tiles: list[tuple[TilePlace, Plane]] = field(default_factory=list)
    pictures: list[npt.NDArray[Any]] = field(default_factory=list)
    failures: list[errors.TransferAppError] = field(default_factory=list)
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def tile_ready(
        self, place: TilePlace, plane: Plane, picture: npt.NDArray[np.uint8]
    ) -> None:
        self.tiles.append((place, plane))
        self.pictures.append(picture)

    def tile_failed(self, error: errors.TransferAppError) -> None:
        self.failures.append(error)

    def tiles_complete(self) -> None:
        self.complete.set()

    async def wait(self) -> None:
        async with asyncio.timeout(60):
            await self.complete.wait()
        self.complete.clear()


@pytest.fixture
def source() -> GatedSource:
    return GatedSource()


@pytest.fixture
def shown() -> Shown:
    return Shown()


def order(*places: TilePlace, z: int = 0) -> TileOrder:
    return TileOrder(places, Plane(0, z), DISPLAYS)


async def test_coarse_first_a_few_at_a_time(source: GatedSource, shown: Shown) -> None:
    loader = TileLoader(source, PIXELS, shown)
    loader.want(order(COARSE, *SHARP))
    await asyncio.sleep(0.01)
    assert source.asked[0].level == 2
    assert len(source.asked) == PARALLEL_TILES * PIXELS.size_c
    source.gate.set()
    await shown.wait()
    assert sorted(place.level for place, _ in shown.tiles) == [0] * 12 + [2]
    edge = shown.pictures[shown.tiles.index((TilePlace(0, 2, 3), Plane()))]
    assert edge.shape == (188, 132, 4)


async def test_out_of_view_is_cancelled(source: GatedSource, shown: Shown) -> None:
    loader = TileLoader(source, PIXELS, shown)
    loader.want(order(*SHARP[:6]))
    await asyncio.sleep(0.01)
    loader.want(order(COARSE, SHARP[0]))
    await asyncio.sleep(0.01)
    assert source.cancelled == 5 * PIXELS.size_c
    source.gate.set()
    await shown.wait()
    assert {place for place, _ in shown.tiles} == {COARSE, SHARP[0]}


async def test_another_plane_replaces_the_one_before(source: GatedSource, shown: Shown) -> None:
    loader = TileLoader(source, PIXELS, shown)
    loader.want(order(COARSE, z=0))
    await asyncio.sleep(0.01)
    loader.want(order(COARSE, z=1))
    source.gate.set()
    await shown.wait()
    assert shown.tiles == [(COARSE, Plane(0, 1))]


async def test_a_new_window_is_drawn_from_what_is_here(
    source: GatedSource, shown: Shown
) -> None:
    source.gate.set()
    loader = TileLoader(source, PIXELS, shown)
    loader.want(order(COARSE))
    await shown.wait()
    asked = len(source.asked)
    brighter = tuple(replace(display, high=20.0) for display in DISPLAYS)
    loader.want(TileOrder((COARSE,), Plane(), brighter))
    await shown.wait()
    assert len(source.asked) == asked
    assert shown.pictures[1].mean() > shown.pictures[0].mean()


async def test_hidden_channels_are_not_fetched(source: GatedSource, shown: Shown) -> None:
    source.gate.set()
    loader = TileLoader(source, PIXELS, shown)
    only_second = tuple(
        replace(display, visible=index == 1) for index, display in enumerate(DISPLAYS)
    )
    loader.want(TileOrder((COARSE,), Plane(), only_second))
    await shown.wait()
    assert [region.c for region in source.asked] == [1]


async def test_all_channels_off_is_dark(source: GatedSource, shown: Shown) -> None:
    source.gate.set()
    loader = TileLoader(source, PIXELS, shown)
    off = tuple(replace(display, visible=False) for display in DISPLAYS)
    loader.want(TileOrder((COARSE,), Plane(), off))
    await shown.wait()
    assert shown.pictures[0][..., :3].max() == 0


async def test_failure_is_reported_and_can_be_retried(
    source: GatedSource, shown: Shown
) -> None:
    source.gate.set()
    source.error = errors.ServerUnreachable()
    loader = TileLoader(source, PIXELS, shown)
    loader.want(order(COARSE))
    await asyncio.sleep(0.05)
    assert [error.code for error in shown.failures] == ["server-unreachable"]
    assert not shown.complete.is_set()
    source.error = None
    loader.retry()
    await shown.wait()
    assert shown.tiles == [(COARSE, Plane())]


async def test_nothing_is_delivered_after_close(source: GatedSource, shown: Shown) -> None:
    loader = TileLoader(source, PIXELS, shown)
    loader.want(order(COARSE))
    await asyncio.sleep(0.01)
    loader.close()
    source.gate.set()
    await asyncio.sleep(0.05)
    assert shown.tiles == []


async def test_automatic_windows_come_from_the_coarse_level(
    source: GatedSource, shown: Shown
) -> None:
    source.gate.set()
    windows = await TileLoader(source, PIXELS, shown).auto_windows(Plane())
    assert {region.level for region in source.asked} == {2}
    assert len(windows) == PIXELS.size_c
    assert all(0 <= low < 5 and 195 <= high <= 200 for low, high in windows)
