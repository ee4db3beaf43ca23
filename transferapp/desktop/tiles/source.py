"""Where the tiles of a picture come from: the server's virtual OME-Zarr, over HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from transferapp.client.problems import raise_for_problem, translated
from transferapp.preview import chunks
from transferapp.protocol import routes

if TYPE_CHECKING:
    import httpx
    import numpy.typing as npt

    from transferapp.model.images import Pixels, TileRegion


class TileSource(Protocol):
    """Gives the tiles of one image."""

    async def tile(self, region: TileRegion) -> npt.NDArray[Any]:
        """Return the pixels of a region that lies on the tile grid, shape (height, width).

        Raises ServerUnreachable, GrantRefused, ImageNotFound, Corrupt.
        """


class ZarrTiles:
    """Reads tiles as chunks of an image's virtual OME-Zarr."""

    def __init__(self, http: httpx.AsyncClient, pixels: Pixels) -> None:
        """Use a signed-in client whose base address is the server's."""
        self._http = http
        self._pixels = pixels
        self._root = routes.image_zarr(pixels.image_id)

    async def tile(self, region: TileRegion) -> npt.NDArray[Any]:
        """Fetch and decode the chunk that holds the region; returns the region, (height,
        width).
        """
        key = chunks.key_of(self._pixels, region)
        with translated():
            response = raise_for_problem(await self._http.get(f"{self._root}/{key}"))
        body = response.content
        chunk = await asyncio.to_thread(chunks.decode, self._pixels, region.level, body)
        return chunk[: region.height, : region.width]
