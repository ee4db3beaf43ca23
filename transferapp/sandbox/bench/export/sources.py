"""The images that are converted: camera noise on a gradient, uncompressed OME-TIFF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

CHANNELS = 3
SMALL_EDGE = 512
#: A prime, so that no two tiles of an image are alike.
_BLOCK = 2039
_ROWS = 1024


def write_pyramid_source(path: Path, edge: int, seed: int = 1) -> Path:
    """Write CHANNELS planes of edge x edge uint16, plane by plane, row by row."""
    noise = np.random.default_rng(seed).standard_normal((_BLOCK, _BLOCK), np.float32) * 12
    across = -(-edge // _BLOCK)
    shape = (CHANNELS, edge, edge)
    meta = {"axes": "CYX"}
    image = tifffile.memmap(
        path, shape=shape, dtype=np.uint16, photometric="minisblack", ome=True, metadata=meta
    )
    for c in range(CHANNELS):
        for y in range(0, edge, _ROWS):
            height = min(_ROWS, edge - y)
            rows = np.roll(noise, (y * 7 + c * 131, c * 17), (0, 1))[np.arange(height) % _BLOCK]
            gradient = np.linspace(200, 600, edge, dtype=np.float32)
            image[c, y : y + height] = np.tile(rows, (1, across))[:, :edge] + gradient
    image.flush()
    return path


def write_small_sources(folder: Path, count: int) -> list[Path]:
    """Write ``count`` images of CHANNELS planes of 512 x 512."""
    folder.mkdir(parents=True)
    dice = np.random.default_rng(2)
    paths = []
    for number in range(count):
        noise = dice.standard_normal((CHANNELS, SMALL_EDGE, SMALL_EDGE), np.float32) * 12 + 400
        paths.append(folder / f"{number:04d}.ome.tif")
        tifffile.imwrite(
            paths[-1],
            noise.astype(np.uint16),
            ome=True,
            photometric="minisblack",
            metadata={"axes": "CYX"},
        )
    return paths


def image_bytes(edge: int) -> int:
    """Count the bytes of the pixels of one image."""
    return CHANNELS * edge * edge * 2
