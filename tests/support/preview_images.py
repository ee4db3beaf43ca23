"""Sample and made images as a PixelSource, for tests of previews and viewers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from transferapp import errors
from transferapp.host.resources import resource
from transferapp.model.images import Channel, Level, Pixels, TileRegion


@dataclass
class ArraySource:
    """Images held as arrays, levels of shape (t, c, z, y, x); counts what is read."""

    images: dict[int, tuple[Pixels, list[npt.NDArray[Any]]]] = field(default_factory=dict)
    read: list[TileRegion] = field(default_factory=list)
    asked: int = 0
    delay_s: float = 0.0
    error: errors.TransferAppError | None = None

    def add(self, pixels: Pixels, levels: list[npt.NDArray[Any]]) -> None:
        self.images[pixels.image_id] = (pixels, levels)

    async def pixels(self, image_id: int) -> Pixels:
        self.asked += 1
        if image_id not in self.images:
            raise errors.ImageNotFound
        return self.images[image_id][0]

    async def tile(self, image_id: int, region: TileRegion) -> npt.NDArray[Any]:
        self.read.append(region)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.error is not None:
            raise self.error
        data = self.images[image_id][1][region.level]
        rows = slice(region.y, region.y + region.height)
        columns = slice(region.x, region.x + region.width)
        cut: npt.NDArray[Any] = data[region.t, region.c, region.z, rows, columns]
        return cut


def made_image(
    image_id: int = 1,
    shape: tuple[int, int, int, int, int] = (2, 3, 4, 700, 900),
    dtype: str = "uint16",
    tile_size: int = 256,
    levels: int = 3,
) -> tuple[Pixels, list[npt.NDArray[Any]]]:
    """A random image whose levels are every second pixel of the one before."""
    full = np.random.default_rng(7).integers(0, 200, shape).astype(dtype)
    arrays = [full]
    for _ in range(levels - 1):
        arrays.append(arrays[-1][..., ::2, ::2])
    colors = ("00FF00", "FF00FF", "0000FF")
    pixels = Pixels(
        image_id=image_id,
        name="made",
        size_t=shape[0],
        size_c=shape[1],
        size_z=shape[2],
        dtype=dtype,
        levels=tuple(Level(*array.shape[-2:]) for array in arrays),
        channels=tuple(
            Channel(f"Dye {index + 1}", colors[index % 3], 0.0, 200.0)
            for index in range(shape[1])
        ),
        tile_size=tile_size,
        pixel_size_um=(2.0, 0.5, 0.5),
    )
    return pixels, arrays


def pyramid_image(image_id: int = 10) -> tuple[Pixels, list[npt.NDArray[Any]]]:
    """The nuclei of the sample data's slide: 4000 x 5000, five levels."""
    path = resource("sample-data", "ome-tiff-pyramid", "slide.ome.tiff")
    with tifffile.TiffFile(path) as tiff:
        arrays = [level.asarray()[None, :1, None] for level in tiff.series[0].levels]
    window = np.percentile(arrays[-1], [0.1, 99.9])
    channel = Channel("DAPI", "3F7FFF", float(window[0]), float(window[1]))
    return _described(image_id, "slide DAPI", arrays, (channel,), 0.25), arrays


def organoid_image(image_id: int = 11) -> tuple[Pixels, list[npt.NDArray[Any]]]:
    """The organoid of the sample data: three channels, 512 x 512, one level."""
    path = resource("sample-data", "ome-tiff-multifile-organoid", "organoid_C0.ome.tif")
    arrays = [tifffile.imread(path)[None, :, None]]
    channels = (
        Channel("Hoechst", "00FFFF", 0.0, 255.0),
        Channel("E-cadherin", "FF00FF", 0.0, 255.0),
        Channel("Sox9", "FFFF00", 0.0, 255.0),
    )
    return _described(image_id, "organoid", arrays, channels, 0.48), arrays


def _described(
    image_id: int,
    name: str,
    arrays: list[npt.NDArray[Any]],
    channels: tuple[Channel, ...],
    um: float,
) -> Pixels:
    template, _ = made_image(image_id, (1, 1, 1, 1, 1), levels=1)
    return replace(
        template,
        name=name,
        size_c=len(channels),
        size_z=1,
        dtype=arrays[0].dtype.name,
        levels=tuple(Level(*array.shape[-2:]) for array in arrays),
        channels=channels,
        tile_size=512,
        pixel_size_um=(None, um, um),
    )
