"""Convert in a process of its own, by our code or by a plain script; run as a module.

``python -m transferapp.sandbox.bench.export.converting WHAT TARGET SOURCE...`` prints the
seconds as JSON. WHAT is ours or plain, and zarr or tiff, joined by a hyphen; ``-verified``
behind ours reads back too.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile
import zarr
from zarr.codecs import BloscCodec

from transferapp.conversion.cut_image import CutImage, cut_image
from transferapp.conversion.ome_tiff import OmeTiff
from transferapp.conversion.ome_zarr import OmeZarr
from transferapp.conversion.port import Form
from transferapp.model.images import (
    ImageDetails,
    ImageSummary,
    Level,
    Pixels,
    TileRegion,
)

CHUNK, SHARD, SMALLEST = 512, 2048, 512
_THREADS = min(4, os.cpu_count() or 1)
Array = npt.NDArray[Any]


def main() -> None:
    """Convert all sources; what follows the import of libraries is measured."""
    what, target, *sources = sys.argv[1:]
    whose, form, *more = what.split("-")
    began, cpu = time.perf_counter(), time.process_time()
    if whose == "ours":
        asyncio.run(_ours(form, Path(target), sources, verified=bool(more)))
    else:
        _plain(form, Path(target), sources)
    took = time.perf_counter() - began
    used = {"seconds": took, "cpu_s": time.process_time() - cpu}
    sys.stdout.write(json.dumps(used) + "\n")


async def _ours(form: str, target: Path, sources: list[str], *, verified: bool) -> None:
    """Convert two at a time, as a worker does."""
    waiting = list(enumerate(sources))

    async def work() -> None:
        while waiting:
            number, source = waiting.pop(0)
            folder = target / str(number)
            folder.mkdir(parents=True)
            image = _image_of(Path(source))
            made: Form = OmeZarr() if form == "zarr" else OmeTiff()
            await made.write(image, folder, _nothing)
            if verified:
                await made.verify(image, folder, _nothing)

    await asyncio.gather(work(), work())


def _nothing(_share: float) -> None:
    """Listen to nothing."""


def _image_of(path: Path) -> CutImage:
    """Return an image whose blocks are read from the mapped file, in threads."""
    pixels = tifffile.memmap(path, mode="r")
    size_c, size_y, size_x = pixels.shape
    summary = ImageSummary(
        1, path.name, 1, "ada", 1, size_x, size_y, 1, size_c, 1, pixels.dtype.name,
        datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    level = Level(size_y, size_x)
    known = Pixels(
        1, path.name, 1, size_c, 1, pixels.dtype.name, (level,), (), CHUNK, (None, None, None)
    )

    def read(region: TileRegion) -> Array:
        rows = slice(region.y, region.y + region.height)
        return np.array(pixels[region.c, rows, region.x : region.x + region.width])

    async def tile(region: TileRegion) -> Array:
        return await asyncio.to_thread(read, region)

    return cut_image(ImageDetails(summary, known, ()), None, tile)


def _plain(form: str, target: Path, sources: list[str]) -> None:
    """Convert as a script of a page would, with what libraries offer."""
    target.mkdir(parents=True)
    convert = _plain_zarr if form == "zarr" else _plain_tiff
    if len(sources) == 1:
        convert(sources[0], target / "0", _THREADS)
        return
    with ThreadPoolExecutor(_THREADS) as pool:
        jobs = [
            pool.submit(convert, source, target / str(number), 1)
            for number, source in enumerate(sources)
        ]
        for job in jobs:
            job.result()


def _halved(plane: Array) -> Array:
    """Return the means of 2 x 2, as integers."""
    y, x = plane.shape
    if y % 2 or x % 2:
        plane = np.pad(plane, [(0, y % 2), (0, x % 2)], "edge")
    total = plane[::2, ::2].astype(np.uint32)
    total += plane[1::2, ::2]
    total += plane[::2, 1::2]
    total += plane[1::2, 1::2]
    total += 2
    total >>= 2
    return total.astype(plane.dtype)


def _shapes(shape: tuple[int, ...]) -> list[tuple[int, int, int]]:
    shapes = [(shape[0], shape[1], shape[2])]
    while max(shapes[-1][1:]) > SMALLEST:
        c, y, x = shapes[-1]
        shapes.append((c, (y + 1) // 2, (x + 1) // 2))
    return shapes


def _plain_zarr(source: str, target: Path, threads: int) -> None:
    """Write shard by shard with zarr-python; each level is read back to make the next one."""
    del threads
    before: Any = tifffile.memmap(source, mode="r")
    group = zarr.create_group(str(target) + ".ome.zarr", zarr_format=3)
    codec = BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle", typesize=2)
    shapes = _shapes(before.shape)
    for level, shape in enumerate(shapes):
        chunk = tuple(min(CHUNK, size) for size in shape[1:])
        side = [min(SHARD, -(-s // c) * c) for s, c in zip(shape[1:], chunk, strict=True)]
        array = group.create_array(
            str(level), shape=shape, dtype=before.dtype, chunks=(1, *chunk),
            shards=(1, *side), compressors=codec,
        )  # fmt: skip
        for c, y, x in product(
            range(shape[0]), range(0, shape[1], side[0]), range(0, shape[2], side[1])
        ):
            y1, x1 = min(y + side[0], shape[1]), min(x + side[1], shape[2])
            if level:
                block = _halved(np.asarray(before[c, 2 * y : 2 * y1, 2 * x : 2 * x1]))
            else:
                block = before[c, y:y1, x:x1]
            array[c, y:y1, x:x1] = block
        before = array
    paths: list[Any] = [
        {"path": str(n), "coordinateTransformations": _scale(n)} for n in range(len(shapes))
    ]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": _AXES, "datasets": paths}]}


_AXES: list[Any] = [
    {"name": "c", "type": "channel"},
    {"name": "y", "type": "space"},
    {"name": "x", "type": "space"},
]


def _scale(level: int) -> list[dict[str, Any]]:
    return [{"type": "scale", "scale": [1, 2**level, 2**level]}]


def _plain_tiff(source: str, target: Path, threads: int) -> None:
    """Write with tifffile: levels as SubIFDs, halved in memory, tiles in its own threads."""
    level: Any = tifffile.memmap(source, mode="r")
    shapes = _shapes(level.shape)
    options: Any = {
        "tile": (CHUNK, CHUNK), "compression": "adobe_deflate",
        "compressionargs": {"level": 1}, "predictor": True, "photometric": "minisblack",
        "maxworkers": threads,
    }  # fmt: skip
    halved: Callable[[Any], Array] = _halved
    big = level.nbytes > 2**31
    with tifffile.TiffWriter(str(target) + ".ome.tif", bigtiff=big, ome=True) as out:
        meta = {"axes": "CYX"}
        out.write(level, subifds=len(shapes) - 1, metadata=meta, **options)
        for _ in shapes[1:]:
            level = np.stack([*map(partial(halved), level)])
            out.write(level, subfiletype=1, **options)


if __name__ == "__main__":
    main()
