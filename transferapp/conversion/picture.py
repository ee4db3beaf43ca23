"""The forms PNG and JPEG: each plane as it is displayed, with a scale bar."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from typing_extensions import override

from transferapp.conversion.cut_image import Block, CutImage, renamed
from transferapp.conversion.disk_errors import disk_errors
from transferapp.conversion.names import SUFFIXES, file_name
from transferapp.conversion.port import Form, ShareListener
from transferapp.conversion.scale_bar_drawing import draw_scale_bar
from transferapp.conversion.threads import in_order, threads
from transferapp.display.composing import as_bytes, rgb, stretched
from transferapp.errors import ChecksumMismatch, UnsupportedFile
from transferapp.model.export_specs import ExportForm
from transferapp.model.images import Channel
from transferapp.model.plausible import plausible_um
from transferapp.ome.zarr_attributes import channel_at

#: What slides, browsers and printers take; and what fits into half a gigabyte of memory.
MOST_EDGE_PX = 16_384
MOST_PIXELS = 1 << 27
_BLOCK_EDGE_PX = 1024
#: Rectangles that are read while one is composed.
_AHEAD = 2
_JPEG_QUALITY = 92
_FEWEST_DIGITS = 3

_Plane = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class _Kind:
    suffix: str
    format: str
    options: dict[str, int]


_KINDS = {
    # zlib's level 3: noise is hardly smaller at 6, and takes twice as long.
    ExportForm.PNG: _Kind(SUFFIXES[ExportForm.PNG], "PNG", {"compress_level": 3}),
    # Colours as fine as brightness: channels are told apart by them.
    ExportForm.JPEG: _Kind(
        SUFFIXES[ExportForm.JPEG], "JPEG", {"quality": _JPEG_QUALITY, "subsampling": 0}
    ),
}


class Picture(Form):
    """Writes ``NAME.png``, or ``NAME_z001_t001.png`` and so on for several planes."""

    def __init__(self, form: ExportForm) -> None:
        """Make PNG or JPEG."""
        self._kind = _KINDS[form]

    @override
    async def write(self, image: CutImage, folder: Path, listener: ShareListener, /) -> None:
        _check_size(image)
        planes = list(self._planes(image, folder))
        each = 1 / len(planes)
        async with threads("picture", 1) as pool:
            loop = asyncio.get_running_loop()
            for number, (t, z, path) in enumerate(planes):
                composing = _Composing(image, t, z)
                reads = (composing.read(blocks) for blocks in composing.blocks())
                async with aclosing(in_order(reads, _AHEAD)) as found:
                    async for blocks, read in found:
                        await loop.run_in_executor(pool, composing.add, blocks, read)
                        listener((number + composing.share) * each)
                await loop.run_in_executor(pool, self._save, composing.picture, image, path)
        listener(1.0)

    @override
    def portions(self, _image: CutImage, _most_pixels: int) -> None:
        return None

    @override
    async def verify(self, image: CutImage, folder: Path, listener: ShareListener, /) -> None:
        planes = list(self._planes(image, folder))
        async with threads("picture", 1) as pool:
            loop = asyncio.get_running_loop()
            for number, (_t, _z, path) in enumerate(planes, 1):
                await loop.run_in_executor(pool, self._check, path, image)
                listener(number / len(planes))

    def _planes(self, image: CutImage, folder: Path) -> Iterator[tuple[int, int, Path]]:
        """Yield time point, z and file of each picture."""
        single, suffix = image.size_t == image.size_z == 1, self._kind.suffix
        # A suffix that the image's name has already stays the last thing of all.
        plain = renamed(image, file_name(image, suffix).removesuffix(suffix))
        for t, z in product(range(image.size_t), range(image.size_z)):
            number = f"_z{_digits(z, image.size_z)}_t{_digits(t, image.size_t)}"
            yield t, z, folder / file_name(plain, suffix if single else number + suffix)

    def _save(self, picture: Image.Image, image: CutImage, path: Path) -> None:
        draw_scale_bar(picture, plausible_um(image.pixel_size_um[2]))
        with disk_errors():
            picture.save(path, self._kind.format, **self._kind.options)

    def _check(self, path: Path, image: CutImage) -> None:
        try:
            with Image.open(path, formats=[self._kind.format]) as picture:
                picture.load()
                size = picture.size
        except (OSError, SyntaxError, ValueError) as error:
            raise ChecksumMismatch(_other(path, "it cannot be opened")) from error
        if size != (image.size_x, image.size_y):
            raise ChecksumMismatch(_other(path, f"it has {size[0]} x {size[1]} pixels"))


class _Composing:
    """One plane while its channels are laid over each other, block by block."""

    def __init__(self, image: CutImage, t: int, z: int) -> None:
        self._image, self._t, self._z = image, t, z
        self._channels = _shown(image)
        self._done = 0
        self.picture = Image.new("RGB", (image.size_x, image.size_y))

    @property
    def share(self) -> float:
        """How much of the plane is there, 0 to 1."""
        return self._done / (self._image.size_y * self._image.size_x)

    def blocks(self) -> Iterator[list[Block]]:
        """Yield each rectangle of the plane, once for each channel that is shown."""
        size_y, size_x, edge = self._image.size_y, self._image.size_x, _BLOCK_EDGE_PX
        for y, x in product(range(0, size_y, edge), range(0, size_x, edge)):
            height, width = min(edge, size_y - y), min(edge, size_x - x)
            yield [Block(self._t, c, self._z, y, x, height, width) for c, _ in self._channels]

    async def read(self, blocks: list[Block]) -> tuple[list[Block], list[_Plane]]:
        """Read a rectangle of all its channels."""
        return blocks, [await self._image.read(one) for one in blocks]

    def add(self, blocks: list[Block], read: list[_Plane]) -> None:
        """Compose a rectangle of all its channels."""
        at = blocks[0]
        light = np.zeros((at.height, at.width, 3), np.float32)
        for pixels, (_number, channel) in zip(read, self._channels, strict=True):
            light += stretched(pixels, channel)[..., None] * rgb(channel.color)
        self.picture.paste(Image.fromarray(as_bytes(light)), (at.x, at.y))
        self._done += at.height * at.width


def _shown(image: CutImage) -> list[tuple[int, Channel]]:
    """Return the channels that are displayed; all where none is, for somebody chose them."""
    every = [
        (number, channel_at(image.channels, number, image.size_c, image.dtype))
        for number in range(image.size_c)
    ]
    return [one for one in every if one[1].active] or every


def _check_size(image: CutImage) -> None:
    height, width = image.size_y, image.size_x
    if max(height, width) > MOST_EDGE_PX or height * width > MOST_PIXELS:
        raise UnsupportedFile(
            f"'{image.name}' has {width:,} x {height:,} pixels, too many for a picture (at most"
            f" {MOST_EDGE_PX:,} an edge and {MOST_PIXELS // 1_000_000} million in all). Choose"
            " a lower resolution level or a region, or export it as OME-TIFF."
        )


def _digits(number: int, count: int) -> str:
    return str(number + 1).zfill(max(_FEWEST_DIGITS, len(str(count))))


def _other(path: Path, why: str) -> str:
    return f"The picture '{path.name}' is not as it was written: {why}. It is made again."
