"""Thumbnails of registered images, kept on disk in the sizes that are asked for often."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from transferapp.model.images import Channel, Level
from transferapp.repositories.local.catalogue.records import image_pixels
from transferapp.repositories.local.pixels.regions import ImagePlace
from transferapp.repositories.local.pixels.rendering import (
    Reader,
    level_for,
    middle_plane,
    render_thumbnail,
    shown_channels,
)
from transferapp.repositories.local.storage.derived_paths import part_beside

if TYPE_CHECKING:
    from transferapp.repositories.local.store import LocalRepositoryStore

#: Made at import.
USUAL_EDGES_PX = (96, 256)
#: Kept once made; any other size is made anew each time.
_KEPT_EDGES_PX = frozenset({32, 48, 64, 96, 128, 160, 192, 256, 384, 512})


def stored_thumbnail(
    local_store: LocalRepositoryStore, row: sa.Row[Any], place: ImagePlace, edge_px: int
) -> bytes:
    """Return the JPEG of an image from disk, or make it."""
    path = local_store.derived.thumbnail(place.fileset_id, place.series, edge_px)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    pixels = image_pixels(row)
    channels = shown_channels(pixels.channels)
    number = level_for(place.levels, edge_px)
    size = place.levels[number]
    regions = [middle_plane(number, size, c, pixels.size_z) for c in range(len(channels))]
    planes = local_store.pixels.read_all(place, regions)
    made = render_thumbnail(planes, channels, edge_px)
    if edge_px in _KEPT_EDGES_PX:
        write_whole(path, made)
    return made


def make_thumbnail(
    levels: tuple[Level, ...], channels: tuple[Channel, ...], size_z: int, read: Reader
) -> dict[int, bytes]:
    """Return the usual thumbnails of an image that is just being imported, by edge."""
    made = {}
    for edge in USUAL_EDGES_PX:
        number = level_for(levels, edge)
        shown = shown_channels(channels)
        planes = [
            read(middle_plane(number, levels[number], c, size_z)) for c in range(len(shown))
        ]
        made[edge] = render_thumbnail(planes, shown, edge)
    return made


def write_whole(path: Path, content: bytes) -> None:
    """Write a file all or nothing."""
    part = part_beside(path)
    part.write_bytes(content)
    part.replace(path)
