"""Loads and mixes the tiles a view wants, a few at a time, and lets go of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from cachetools import LRUCache

from transferapp import errors
from transferapp.desktop.tiles import compositing, plan as tile_plan
from transferapp.desktop.tiles.compositing import ChannelDisplay
from transferapp.desktop.tiles.plan import Plane, TilePlace

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from transferapp.desktop.tiles.source import TileSource
    from transferapp.model.images import Pixels, TileRegion

PARALLEL_TILES = 6
CACHE_BYTES = 192 << 20

Spawn = Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]]


@dataclass(frozen=True, slots=True)
class TileOrder:
    """What is wanted: the tiles, most urgent first, of one plane, shown so."""

    places: tuple[TilePlace, ...]
    plane: Plane
    displays: tuple[ChannelDisplay, ...]


class TileListener(Protocol):
    """Who shows the tiles; called on the event loop."""

    def tile_ready(
        self, place: TilePlace, plane: Plane, picture: npt.NDArray[np.uint8]
    ) -> None:
        """Show a tile; the picture has the shape (height, width, 4), RGB and 255."""

    def tile_failed(self, error: errors.TransferAppError) -> None:
        """Say that a tile could not be loaded; ``retry`` tries again."""

    def tiles_complete(self) -> None:
        """All tiles that were wanted are shown."""


class TileLoader:
    """Works through the latest order; every new order replaces the one before."""

    def __init__(
        self,
        source: TileSource,
        pixels: Pixels,
        listener: TileListener,
        spawn: Spawn = asyncio.ensure_future,
    ) -> None:
        """Start idle; ``spawn`` runs a coroutine on the event loop."""
        self._source = source
        self._pixels = pixels
        self._listener = listener
        self._spawn = spawn
        self._order = TileOrder((), Plane(), ())
        self._pending: list[TilePlace] = []
        self._running: dict[TilePlace, asyncio.Task[Any]] = {}
        self._shown: dict[TilePlace, tuple[ChannelDisplay, ...]] = {}
        self._failed = False
        self._planes: LRUCache[TileRegion, npt.NDArray[Any]] = LRUCache(
            CACHE_BYTES, getsizeof=lambda plane: plane.nbytes
        )

    def want(self, order: TileOrder) -> None:
        """Load what this order wants and is not shown yet; cancel what it does not want."""
        if order.plane != self._order.plane:
            self._shown.clear()
            self._cancel(list(self._running))
        self._order = order
        wanted = set(order.places)
        self._cancel([place for place in self._running if place not in wanted])
        self._shown = {place: how for place, how in self._shown.items() if place in wanted}
        self._queue()

    def retry(self) -> None:
        """Try what failed again."""
        self._queue()

    def close(self) -> None:
        """Cancel everything; nothing is delivered afterwards."""
        self._pending.clear()
        self._cancel(list(self._running))

    async def auto_windows(self, plane: Plane) -> list[tuple[float, float]]:
        """Return a good window for every channel, from the middle of the coarsest level."""
        places = tile_plan.coarse_places(self._pixels)
        windows = []
        for channel in range(self._pixels.size_c):
            planes = await asyncio.gather(
                *(self._plane(place, plane, channel) for place in places)
            )
            windows.append(await asyncio.to_thread(compositing.auto_window, planes))
        return windows

    def _queue(self) -> None:
        self._failed = False
        displays = self._order.displays
        self._pending = [
            place
            for place in self._order.places
            if self._shown.get(place) != displays and place not in self._running
        ]
        self._fill()

    def _fill(self) -> None:
        while self._pending and len(self._running) < PARALLEL_TILES:
            place = self._pending.pop(0)
            task = self._spawn(self._load(place))
            self._running[place] = task
        if not self._running and not self._failed:
            self._listener.tiles_complete()

    def _cancel(self, places: Sequence[TilePlace]) -> None:
        for place in places:
            self._running.pop(place).cancel()

    async def _load(self, place: TilePlace) -> None:
        mine = asyncio.current_task()
        try:
            await self._show(place)
        except errors.TransferAppError as error:
            self._failed = True
            self._listener.tile_failed(error)
        finally:
            # A cancelled task was already let go of, perhaps for a new one of the same place.
            if self._running.get(place) is mine:
                del self._running[place]
                self._fill()

    async def _show(self, place: TilePlace) -> None:
        while True:
            plane, displays = self._order.plane, self._order.displays
            picture = await self._picture(place, plane, displays)
            if displays == self._order.displays:
                break
            # A colour or window changed meanwhile; the planes are in the cache now.
        self._shown[place] = displays
        self._listener.tile_ready(place, plane, picture)

    async def _picture(
        self, place: TilePlace, plane: Plane, displays: tuple[ChannelDisplay, ...]
    ) -> npt.NDArray[np.uint8]:
        visible = [index for index, display in enumerate(displays) if display.visible]
        # With every channel off, a dark tile of the right shape is still wanted.
        planes = await asyncio.gather(
            *(self._plane(place, plane, index) for index in visible or [0])
        )
        shown = [displays[index] for index in visible] or [
            ChannelDisplay("", (0, 0, 0), 0.0, 1.0)
        ]
        return await asyncio.to_thread(compositing.compose, planes, shown)

    async def _plane(self, place: TilePlace, plane: Plane, channel: int) -> npt.NDArray[Any]:
        region = tile_plan.region(self._pixels, place, plane, channel)
        kept = self._planes.get(region)
        if kept is not None:
            return kept
        loaded = await self._source.tile(region)
        if loaded.nbytes <= CACHE_BYTES:
            self._planes[region] = loaded
        return loaded
