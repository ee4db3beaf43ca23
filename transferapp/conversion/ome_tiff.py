"""The form OME-TIFF: one file of tiles, with a pyramid of smaller levels (docs/adr/0027)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TypeVar

from typing_extensions import override

from transferapp.conversion.cut_image import Block, CutImage
from transferapp.conversion.disk_errors import disk_errors
from transferapp.conversion.names import SUFFIXES, file_name
from transferapp.conversion.port import Form, ShareListener
from transferapp.conversion.threads import encoder_threads, in_order, threads
from transferapp.conversion.tiff_layout import (
    Compression,
    PyramidLayout,
    block_digest,
    tiff_layout,
)
from transferapp.conversion.tiff_reading import Place, TiffReading
from transferapp.conversion.tiff_writing import TiffWriting
from transferapp.errors import ChecksumMismatch
from transferapp.model.export_specs import ExportForm

T = TypeVar("T")

_SUFFIX = SUFFIXES[ExportForm.OME_TIFF]


class OmeTiff(Form):
    """Writes ``NAME.ome.tiff``."""

    def __init__(self, compression: Compression = Compression.DEFLATE) -> None:
        """Compress by a codec; every reader of TIFF has deflate."""
        self._compression = compression
        #: By the file: what was read from the image, so that it need not be read again.
        self._digests: dict[Path, list[bytes]] = {}

    @override
    async def write(self, image: CutImage, folder: Path, listener: ShareListener, /) -> None:
        path, layout = self._of(image, folder)
        async with threads("tiff-tiles", encoder_threads()) as pool:
            try:
                digests = await TiffWriting(image, layout, path, pool, listener).run()
            except BaseException:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
                raise
        self._digests[path] = digests

    @override
    def portions(self, _image: CutImage, _most_pixels: int) -> None:
        return None

    @override
    async def verify(self, image: CutImage, folder: Path, listener: ShareListener, /) -> None:
        path, layout = self._of(image, folder)
        digests = self._digests.pop(path, None)
        async with threads("tiff-check", encoder_threads()) as pool:
            with disk_errors():
                loop = asyncio.get_running_loop()
                reading = await loop.run_in_executor(pool, TiffReading, path, image, layout)
                with reading:
                    await _Check(image, layout, reading, pool, digests).run(listener)

    def _of(self, image: CutImage, folder: Path) -> tuple[Path, PyramidLayout]:
        return folder / file_name(image, _SUFFIX), tiff_layout(image, self._compression)


class _Check:
    """One file that is compared with its image."""

    def __init__(
        self,
        image: CutImage,
        layout: PyramidLayout,
        reading: TiffReading,
        pool: ThreadPoolExecutor,
        digests: Sequence[bytes] | None,
    ) -> None:
        self._image, self._layout, self._reading = image, layout, reading
        self._pool, self._digests = pool, digests

    async def run(self, listener: ShareListener, /) -> None:
        every = len(self._layout.planes)
        blocks = enumerate(self._layout.full_size_blocks(0, every))
        count, done = self._layout.count_blocks(), 0
        full_size = (self._compare(number, block) for number, block in blocks)
        async with aclosing(in_order(full_size, encoder_threads() + 1)) as compared:
            async for _ in compared:
                done += 1
                listener(done / count)
        smaller = (self._decode(*one) for one in self._smaller())
        async with aclosing(in_order(smaller, encoder_threads() + 1)) as decoded:
            async for _ in decoded:
                listener(1.0)

    async def _compare(self, number: int, block: Block) -> None:
        found = await self._in_thread(lambda: block_digest(self._reading.block(block)))
        if self._digests is not None:
            wanted = self._digests[number]
        else:
            pixels = await self._image.read(block)
            wanted = await self._in_thread(lambda: block_digest(pixels))
        if found != wanted:
            raise ChecksumMismatch(
                f"The pixels in the OME-TIFF of '{self._image.name}' are not the image's"
                f" (t {block.t}, c {block.c}, z {block.z}, y {block.y}, x {block.x}, counted"
                " from 0). It is made again."
            )

    def _smaller(self) -> Iterator[tuple[int, int, Place]]:
        for number in range(len(self._layout.planes)):
            for level in range(1, len(self._layout.levels)):
                for place in self._layout.blocks(level):
                    yield number, level, place

    async def _decode(self, number: int, level: int, place: Place) -> None:
        await self._in_thread(lambda: self._reading.pixels(number, level, place).size)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)
