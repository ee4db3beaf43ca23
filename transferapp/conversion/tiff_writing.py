"""Write one OME-TIFF: pixels are read, encoded and written at the same time, in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, aclosing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy.typing as npt
import tifffile

from transferapp.conversion.cut_image import Block, CutImage
from transferapp.conversion.disk_errors import disk_errors
from transferapp.conversion.kept_level import KeptLevel
from transferapp.conversion.ome_xml import ome_xml
from transferapp.conversion.port import ShareListener
from transferapp.conversion.threads import encoder_threads, ended, in_order, threads
from transferapp.conversion.tiff_layout import (
    PyramidLayout,
    block_digest,
    encoded,
    halved,
    predictor,
)

BlockPixels = npt.NDArray[Any]


class TiffWriting:
    """One file while it is written, on the event loop that ``run`` is awaited on.

    The file has a thread of its own, which asks the loop for a few blocks ahead of the one it
    writes; each is read there and encoded in the pool.
    """

    def __init__(
        self,
        image: CutImage,
        layout: PyramidLayout,
        path: Path,
        pool: ThreadPoolExecutor,
        listener: ShareListener,
    ) -> None:
        """Prepare to write ``path``; tiles are encoded in ``pool``."""
        self._image, self._layout, self._path = image, layout, path
        self._pool, self._listener = pool, listener
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopped = False
        #: By the number of the full-size block; the share that is done is told by them.
        self._digests: dict[int, bytes] = {}
        self._all = layout.count_blocks()
        #: A small image's blocks.
        self._small: list[tuple[Block, BlockPixels]] = []

    async def run(self) -> list[bytes]:
        """Write the file, and return the BLAKE3 of each full-size block in order.

        Raises StorageFull, Unavailable, and what image and listener raise; by then nothing goes
        on any more.
        """
        small = self._layout.one_read(self._image.dtype)
        if small:
            await self._read_all()
        # A small image is encoded where it is written: others are made beside it. A thread of
        # its own would take longer to begin and end.
        file_thread = nullcontext() if small else threads("tiff-file", 1)
        async with file_thread as own:
            writing = self._loop.run_in_executor(own, self._write)
            try:
                await asyncio.shield(writing)
            except BaseException:
                self._stop()
                await ended(writing)
                raise
            finally:
                await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listener(1.0)
        return [self._digests[number] for number in range(self._all)]

    async def _read_all(self) -> None:
        """Read a small image at once: to go back and forth for each block takes longer."""
        blocks = list(self._layout.full_size_blocks(0, len(self._layout.planes)))
        reads = (self._image.read(block) for block in blocks)
        async with aclosing(in_order(reads, encoder_threads() + 1)) as found:
            async for pixels in found:
                self._small.append((blocks[len(self._small)], pixels))
                self._listener(len(self._small) / (self._all + 1))

    def _stop(self) -> None:
        self._stopped = True
        for task in self._tasks:
            task.cancel()

    def _write(self) -> None:
        layout = self._layout
        with (
            disk_errors(),
            self._path.open("wb") as opened,
            tifffile.TiffWriter(
                opened, bigtiff=layout.big, byteorder="<", ome=False, shaped=False
            ) as file,
        ):
            document, count = ome_xml(self._image), len(layout.planes)
            if len(layout.levels) == 1:
                tiles = self._full_size(0, count, None)
                self._write_pages(file, 0, tiles, pages=count, description=document)
                return
            for number in range(count):
                self._write_plane(file, number, None if number else document)

    def _write_plane(
        self, file: tifffile.TiffWriter, number: int, document: bytes | None
    ) -> None:
        """Write a plane and its smaller levels, so that no more is kept than one plane's."""
        layout = self._layout
        with ExitStack() as kept_levels:
            kept = kept_levels.enter_context(self._kept(1))
            tiles = self._full_size(number, number + 1, kept)
            smaller = len(layout.levels) - 1
            self._write_pages(file, 0, tiles, subifds=smaller, description=document)
            for level in range(1, smaller + 1):
                following = None
                if level < smaller:
                    following = kept_levels.enter_context(self._kept(level + 1))
                tiles = self._smaller(level, kept, following)
                self._write_pages(file, level, tiles, subfiletype=1)
                kept.close()
                kept = following or kept

    def _kept(self, level: int) -> KeptLevel:
        layout = self._layout
        size, piece = layout.levels[level], layout.halved_block
        return KeptLevel(size, self._image.dtype, piece, self._path.parent)

    def _write_pages(
        self,
        file: tifffile.TiffWriter,
        level: int,
        tiles: Iterator[bytes],
        *,
        pages: int = 1,
        **more: Any,
    ) -> None:
        size, dtype = self._layout.levels[level], self._image.dtype
        file.write(
            tiles,
            shape=(pages, size.size_y, size.size_x),
            dtype=dtype,
            tile=self._layout.tile,
            compression=str(self._layout.compression),
            predictor=predictor(dtype),
            photometric="minisblack",
            metadata=None,
            software=False,
            **more,
        )

    def _full_size(self, first: int, end: int, kept: KeptLevel | None) -> Iterator[bytes]:
        """Yield the tiles of planes ``first`` to ``end``; what is halved goes into ``kept``."""
        if self._small:
            return (
                tile
                for number, (block, pixels) in enumerate(self._small)
                for tile in self._encode_read(number, block, pixels, kept)
            )
        numbered = enumerate(self._layout.full_size_blocks(first, end), len(self._digests))
        return self._in_order(
            asyncio.run_coroutine_threadsafe(self._read(number, block, kept), self._loop)
            for number, block in numbered
        )

    def _smaller(
        self, level: int, kept: KeptLevel, following: KeptLevel | None
    ) -> Iterator[bytes]:
        return self._in_order(
            self._pool.submit(self._encode_kept, kept, place, following)
            for place in self._layout.blocks(level)
        )

    def _in_order(self, jobs: Iterator[Future[list[bytes]]]) -> Iterator[bytes]:
        """Yield what jobs return in their order; a few are begun ahead."""
        begun: deque[Future[list[bytes]]] = deque()
        for job in jobs:
            begun.append(job)
            if len(begun) > encoder_threads() + 1:
                yield from begun.popleft().result()
        while begun:
            yield from begun.popleft().result()

    async def _read(self, number: int, block: Block, kept: KeptLevel | None) -> list[bytes]:
        if self._stopped:
            raise asyncio.CancelledError
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        pixels = await self._image.read(block)
        encode = partial(self._encode_read, number, block, pixels, kept)
        tiles = await self._loop.run_in_executor(self._pool, encode)
        self._listener(len(self._digests) / self._all)
        return tiles

    def _encode_read(
        self, number: int, block: Block, pixels: BlockPixels, kept: KeptLevel | None
    ) -> list[bytes]:
        self._digests[number] = block_digest(pixels)
        if kept is not None:
            kept.put(block.y // 2, block.x // 2, halved(pixels))
        return self._tiles(pixels)

    def _encode_kept(
        self, kept: KeptLevel, place: tuple[int, int, int, int], following: KeptLevel | None
    ) -> list[bytes]:
        pixels = kept.get(*place)
        if following is not None:
            following.put(place[0] // 2, place[1] // 2, halved(pixels))
        return self._tiles(pixels)

    def _tiles(self, pixels: BlockPixels) -> list[bytes]:
        layout = self._layout
        return [
            encoded(pixels[rows, columns], layout)
            for rows, columns in layout.tiles_in(*pixels.shape)
        ]
