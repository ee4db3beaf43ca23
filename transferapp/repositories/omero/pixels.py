"""Read pixels from OMERO: levels, tiles and thumbnails; stores are closed at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from transferapp.errors import Invalid, RepositoryUnavailable, TransferAppError
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.foreign import omero
from transferapp.repositories.omero.gateway import Gateway
from transferapp.repositories.omero.mapping import DTYPES

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """What is needed to work on one image."""

    image_id: int
    pixels_id: int
    group_id: int
    dtype: str
    #: Sizes t, c, z, y, x.
    shape: tuple[int, int, int, int, int]


@contextmanager
def closing(store: Any) -> Iterator[Any]:
    """Close a stateful service afterwards, whatever happens."""
    try:
        yield store
    finally:
        # The read is over; a store that cannot be closed ends with the session.
        with suppress(TransferAppError), translated():
            store.close()


def read_levels(
    gateway: Gateway, pixels_id: int, group_id: int
) -> tuple[tuple[Level, ...], int]:
    """Return the levels, full size first, and the tile edge that OMERO serves best."""
    with translated(), closing(gateway.pixels_store(group_id)) as store:
        store.setPixelsId(pixels_id, False)  # noqa: FBT003 - a foreign signature
        levels = tuple(Level(one.sizeY, one.sizeX) for one in store.getResolutionDescriptions())
        return levels, max(64, min(store.getTileSize()))


def read_tile(
    gateway: Gateway, place: ImagePlace, region: TileRegion
) -> npt.NDArray[np.generic]:
    """Return the region clipped to its level; raises Invalid for what is not there."""
    size_t, size_c, size_z, _, _ = place.shape
    if (
        not (0 <= region.t < size_t and 0 <= region.c < size_c and 0 <= region.z < size_z)
        or min(region.y, region.x, region.height, region.width, region.level) < 0
    ):
        raise _no_such_plane()
    dtype = np.dtype(DTYPES.get(place.dtype, place.dtype))
    with closing(gateway.pixels_store(place.group_id)) as store:
        store.setPixelsId(place.pixels_id, False)  # noqa: FBT003 - a foreign signature
        level = _choose_level(store, place, region.level)
        height = min(region.height, level.size_y - region.y)
        width = min(region.width, level.size_x - region.x)
        if height <= 0 or width <= 0:
            return np.zeros((max(0, height), max(0, width)), dtype)
        where = (region.z, region.c, region.t, region.x, region.y, width, height)
        content = store.getTile(*where)
    # OMERO sends big-endian.
    pixels = np.frombuffer(content, dtype.newbyteorder(">")).reshape(height, width)
    return pixels.astype(dtype.newbyteorder("<"))


def read_thumbnail(gateway: Gateway, place: ImagePlace, edge_px: int) -> bytes:
    """Return a JPEG with this longer edge, rendered by OMERO."""
    with closing(gateway.thumbnail_store(place.group_id)) as store:
        if not store.setPixelsId(place.pixels_id):
            # Nobody has rendered it yet; the default settings are made now.
            store.resetDefaults()
            if not store.setPixelsId(place.pixels_id):
                raise RepositoryUnavailable("OMERO has no rendering settings for this image.")
        return bytes(store.getThumbnailByLongestSide(omero.rtypes.rint(edge_px)))


def _choose_level(store: Any, place: ImagePlace, number: int) -> Level:
    if number == 0 and not store.requiresPixelsPyramid():
        return Level(place.shape[3], place.shape[4])
    sizes = store.getResolutionDescriptions()
    if number >= len(sizes):
        raise _no_such_plane()
    if len(sizes) > 1:
        # The descriptions begin with full size, the numbers with the smallest.
        store.setResolutionLevel(len(sizes) - 1 - number)
    return Level(sizes[number].sizeY, sizes[number].sizeX)


def _no_such_plane() -> Invalid:
    return Invalid("There is no such level or plane in this image.")
