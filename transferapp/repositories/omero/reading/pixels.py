"""Read pixels from OMERO: levels, tiles and thumbnails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from transferapp.errors import Invalid, RepositoryUnavailable
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.omero.catalogue.mapping import DTYPES
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.reading.tied import require_tied
from transferapp.repositories.omero.sessions.gateway import Gateway
from transferapp.repositories.omero.sessions.pixel_stores import PixelStore, closing

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class OmeroImagePlace:
    """What is needed to work on one image."""

    image_id: int
    pixels_id: int
    group_id: int
    dtype: str
    #: Sizes t, c, z, y, x.
    shape: tuple[int, int, int, int, int]


def read_levels(
    gateway: Gateway, pixels_id: int, group_id: int
) -> tuple[tuple[Level, ...], int]:
    """Return the levels, full size first, and the tile edge that OMERO serves best."""

    def read(store: PixelStore) -> tuple[tuple[Level, ...], int]:
        return store.levels(), max(64, min(store.proxy.getTileSize()))

    with translated():
        require_tied(gateway, pixels_id, group_id)
        return gateway.pixel_stores.read(group_id, pixels_id, read)


def read_tile(
    gateway: Gateway, place: OmeroImagePlace, region: TileRegion
) -> npt.NDArray[np.generic]:
    """Return the region, (height, width), clipped to its level; raises Invalid for what is not
    there.
    """
    size_t, size_c, size_z, _, _ = place.shape
    if (
        not (0 <= region.t < size_t and 0 <= region.c < size_c and 0 <= region.z < size_z)
        or min(region.y, region.x, region.height, region.width, region.level) < 0
    ):
        raise _no_such_plane()
    dtype = np.dtype(DTYPES.get(place.dtype, place.dtype))

    def read(store: PixelStore) -> npt.NDArray[np.generic] | None:
        return _read_region(store, region, dtype)

    require_tied(gateway, place.pixels_id, place.group_id)
    found = gateway.pixel_stores.read(place.group_id, place.pixels_id, read)
    if found is None:
        raise _no_such_plane()
    return found


def _read_region(
    store: PixelStore, region: TileRegion, dtype: np.dtype[np.generic]
) -> npt.NDArray[np.generic] | None:
    levels = store.levels()
    if region.level >= len(levels):
        return None
    level = levels[region.level]
    height = min(region.height, level.size_y - region.y)
    width = min(region.width, level.size_x - region.x)
    if height <= 0 or width <= 0:
        return np.zeros((max(0, height), max(0, width)), dtype)
    store.choose(region.level)
    where = (region.z, region.c, region.t, region.x, region.y, width, height)
    content = store.proxy.getTile(*where)
    # OMERO sends big-endian.
    pixels = np.frombuffer(content, dtype.newbyteorder(">")).reshape(height, width)
    return pixels.astype(dtype.newbyteorder("<"))


def read_thumbnail(gateway: Gateway, place: OmeroImagePlace, edge_px: int) -> bytes:
    """Return a JPEG whose longer edge is ``edge_px``, rendered by OMERO; raises
    RepositoryUnavailable while it has no settings for that.
    """
    with closing(gateway.thumbnail_store(place.group_id)) as store:
        if not store.setPixelsId(place.pixels_id):
            # Nobody has rendered it yet; the default settings are made now.
            store.resetDefaults()
            if not store.setPixelsId(place.pixels_id):
                raise RepositoryUnavailable("OMERO has no rendering settings for this image.")
        return bytes(store.getThumbnailByLongestSide(omero.rtypes.rint(edge_px)))


def _no_such_plane() -> Invalid:
    return Invalid("There is no such level or plane in this image.")
