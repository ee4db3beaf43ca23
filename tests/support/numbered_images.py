"""Images that say which they are: noise, with a number in blocks that survives any form.

Made in code, in several formats; the pixels of a number are the same wherever they are made.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image

from tests.support.installation import LONG_AGO
from tests.support.ome_zarrs import write_image, write_plate

Plane = npt.NDArray[Any]

#: Blocks of the number, one beside the other at the top left: dark, bright, then the bits.
_BITS = 10
_BLOCK = 16
#: No narrower image has room for the number.
LEAST_EDGE = _BLOCK * (_BITS + 2)
_DARK, _BRIGHT = 0, 4095
_WELLS = 24
_SERIES = 5


def plane(number: int, edge: int) -> npt.NDArray[np.uint16]:
    """Return the pixels of an image, ``edge`` pixels wide and high."""
    made = np.random.default_rng(number).integers(800, 3200, (edge, edge), np.uint16)
    bits = [0, 1, *(number >> bit & 1 for bit in range(_BITS))]
    for place, bit in enumerate(bits):
        columns = slice(place * _BLOCK, (place + 1) * _BLOCK)
        made[:_BLOCK, columns] = _BRIGHT if bit else _DARK
    return made


def number_of(pixels: Plane) -> int:
    """Return which image this is; ``pixels`` are y, x, or y, x and colours."""
    gray = pixels if pixels.ndim == 2 else pixels[..., :3].max(axis=-1)
    blocks = gray[:_BLOCK, :LEAST_EDGE].reshape(_BLOCK, _BITS + 2, _BLOCK)
    dark, bright, *bits = (float(part) for part in np.median(blocks, axis=(0, 2)))
    assert bright > dark, "no image of ours"
    return sum(1 << place for place, bit in enumerate(bits) if bit > (dark + bright) / 2)


def write_mixed(root: Path, count: int, edge: int) -> tuple[Path, Path, int]:
    """Write images 0, 1, … into two folders: images, and plates of 24 wells.

    A third are TIFFs, the others PNGs, OME-TIFFs of five, OME-Zarrs and wells. Returns the
    folders and how many images there are, ``count`` or a few less.
    """
    images, plates = root / "images", root / "plates"
    images.mkdir(parents=True)
    numbers = iter(range(count))
    for turn in range(count // 5 // _WELLS):
        wells = {f"{'ABCD'[n // 6]}/{n % 6 + 1}": [plane(next(numbers), edge)]
                 for n in range(_WELLS)}  # fmt: skip
        write_plate(plates / f"plate{turn}.ome.zarr", wells)
    left = list(numbers)
    while len(left) >= 3 * _SERIES:
        few, left = left[: 3 * _SERIES], left[3 * _SERIES :]
        _write_group(images, few, edge)
    for path in sorted(root.rglob("*")):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return images, plates, count - len(left)


def _write_group(folder: Path, numbers: list[int], edge: int) -> None:
    """Write five TIFFs, one OME-TIFF of five, two PNGs and three OME-Zarrs."""
    tiffs, series, others = (numbers[n : n + _SERIES] for n in (0, _SERIES, 2 * _SERIES))
    for number in tiffs:
        tifffile.imwrite(folder / f"field {number}.tif", plane(number, edge))
    with tifffile.TiffWriter(folder / f"positions {series[0]}.ome.tif", ome=True) as file:
        for number in series:
            name = {"axes": "YX", "Name": f"Position {number % _SERIES}"}
            file.write(plane(number, edge), metadata=name)
    for number in others[:2]:
        Image.fromarray(plane(number, edge)).save(folder / f"camera {number}.png")
    for number in others[2:]:
        write_image(folder / f"zarr {number}.ome.zarr", plane(number, edge))
