"""Images in memory for tests of forms, as a repository would give them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from transferapp.conversion.cut_image import CutImage, TileReader, cut_image
from transferapp.model.export_specs import Cut
from transferapp.model.images import (
    Channel,
    ImageDetails,
    ImageSummary,
    Level,
    Pixels,
    TileRegion as Region,
)

CHANNELS = (
    Channel("DAPI", "0000FF", 10.0, 200.0, excitation_nm=358.0, emission_nm=461.5),
    Channel("GFP \u03b1", "#00ff00", 0.0, 100.5, active=False),
    Channel("Cy5", "FF0000", 5.0, 50.0),
)
PIXEL_SIZE_UM = (2.0, 0.5, 0.25)


def details_of(  # noqa: PLR0913 - each is something that a repository may know
    pixels: npt.NDArray[Any],
    *,
    name: str = "cells.tif",
    channels: tuple[Channel, ...] | None = None,
    pixel_size_um: tuple[float | None, float | None, float | None] = PIXEL_SIZE_UM,
    levels: tuple[Level, ...] = (),
    acquired_at: datetime | None = None,
    description: str = "",
    time_step_s: float | None = None,
) -> ImageDetails:
    """Return what a repository knows of the t, c, z, y, x array ``pixels``.

    ``levels`` are the smaller levels that it has too.
    """
    size_t, size_c, size_z, size_y, size_x = pixels.shape
    known = CHANNELS[:size_c] if channels is None else channels
    summary = ImageSummary(
        7, name, 1, "ada", 3, size_x, size_y, size_z, size_c, size_t, pixels.dtype.name,
        datetime(2026, 11, 1, tzinfo=UTC), acquired_at,
    )  # fmt: skip
    described = Pixels(
        7, name, size_t, size_c, size_z, pixels.dtype.name, (Level(size_y, size_x), *levels),
        known, 512, pixel_size_um, time_step_s,
    )  # fmt: skip
    return ImageDetails(summary, described, (), description=description)


class ArrayReader:
    """Reads tiles of an array, and remembers what was asked for."""

    def __init__(self, pixels: npt.NDArray[Any]) -> None:
        """Read the t, c, z, y, x array ``pixels``."""
        self.pixels = pixels
        self.regions: list[Region] = []

    async def __call__(self, region: Region) -> npt.NDArray[np.generic]:
        """Return a region's pixels; a smaller level is every second pixel."""
        self.regions.append(region)
        step = 2**region.level
        plane = self.pixels[region.t, region.c, region.z, ::step, ::step]
        rows = slice(region.y, region.y + region.height)
        tile: npt.NDArray[np.generic] = plane[rows, region.x : region.x + region.width].copy()
        return tile


def image_of(
    pixels: npt.NDArray[Any],
    *,
    cut: Cut | None = None,
    read: TileReader | None = None,
    **known: Any,
) -> CutImage:
    """Return the array (or a cut of it) as forms see it; ``known`` as for ``details_of``."""
    return cut_image(details_of(pixels, **known), cut, read or ArrayReader(pixels))


def noise(
    shape: tuple[int, int, int, int, int], dtype: str, *, seed: int = 1
) -> npt.NDArray[Any]:
    """Return pixels that differ everywhere, over the whole range of an integer type."""
    dice = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return dice.normal(0, 1000, shape).astype(kind)
    limits = np.iinfo(kind)
    return dice.integers(limits.min, limits.max, shape, kind, endpoint=True)
