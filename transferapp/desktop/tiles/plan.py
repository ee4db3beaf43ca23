"""Decides which tiles a view needs and where they lie in the picture."""

from __future__ import annotations

from dataclasses import dataclass

from transferapp.model.images import Pixels, TileRegion
from transferapp.preview.zarr_metadata import chunk_shape

#: A level may be enlarged this much on the screen before the next sharper one is fetched.
ENLARGEMENT = 1.2


@dataclass(frozen=True, slots=True)
class View:
    """What a person sees: a rectangle in pixels of level 0; zoom is screen pixels for one."""

    x: float
    y: float
    width: float
    height: float
    zoom: float


@dataclass(frozen=True, slots=True)
class TilePlace:
    """One tile of the picture, for every plane: its level, row and column."""

    level: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Plane:
    """Which time point and depth are shown."""

    t: int = 0
    z: int = 0


def best_level(pixels: Pixels, zoom: float) -> int:
    """Return the coarsest level that still looks sharp at this zoom."""
    for level in range(len(pixels.levels) - 1, 0, -1):
        factor = pixels.levels[0].size_x / pixels.levels[level].size_x
        if factor * zoom <= ENLARGEMENT:
            return level
    return 0


def plan(pixels: Pixels, view: View) -> list[TilePlace]:
    """Return the tiles of a view: the coarsest level first, then the sharp one, each from
    the middle outwards.
    """
    coarsest = len(pixels.levels) - 1
    levels = dict.fromkeys((coarsest, best_level(pixels, view.zoom)))
    return [place for level in levels for place in _places(pixels, level, view)]


def coarse_places(pixels: Pixels, limit: int = 4) -> list[TilePlace]:
    """Return the middlemost tiles of the coarsest level, at most ``limit``."""
    size = pixels.levels[0]
    whole = View(0, 0, size.size_x, size.size_y, 1.0)
    return _places(pixels, len(pixels.levels) - 1, whole)[:limit]


def region(pixels: Pixels, place: TilePlace, plane: Plane, channel: int) -> TileRegion:
    """Return a tile's pixels of one channel, clipped to the level."""
    size = pixels.levels[place.level]
    height, width = chunk_shape(pixels, place.level)
    y, x = place.row * height, place.column * width
    return TileRegion(
        level=place.level,
        t=plane.t,
        c=channel,
        z=plane.z,
        y=y,
        x=x,
        height=min(height, size.size_y - y),
        width=min(width, size.size_x - x),
    )


def scale_of(pixels: Pixels, level: int) -> tuple[float, float]:
    """Return how many pixels of level 0 one pixel of this level covers: (x, y)."""
    full, size = pixels.levels[0], pixels.levels[level]
    return full.size_x / size.size_x, full.size_y / size.size_y


def _places(pixels: Pixels, level: int, view: View) -> list[TilePlace]:
    size = pixels.levels[level]
    height, width = chunk_shape(pixels, level)
    scale_x, scale_y = scale_of(pixels, level)
    rows = _span(view.y / scale_y, view.height / scale_y, height, size.size_y)
    columns = _span(view.x / scale_x, view.width / scale_x, width, size.size_x)
    middle_row = (view.y + view.height / 2) / scale_y / height - 0.5
    middle_column = (view.x + view.width / 2) / scale_x / width - 0.5
    places = [TilePlace(level, row, column) for row in rows for column in columns]
    places.sort(
        key=lambda place: (place.row - middle_row) ** 2 + (place.column - middle_column) ** 2
    )
    return places


def _span(start: float, length: float, step: int, size: int) -> range:
    first = max(0, int(start // step))
    last = min((size - 1) // step, int((start + length) // step))
    return range(first, last + 1) if start + length > 0 and start < size else range(0)
