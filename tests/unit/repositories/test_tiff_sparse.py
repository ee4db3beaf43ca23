"""Strips and tiles that were never written (GDAL's SPARSE_OK: no place, no bytes) are zeros."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from tests.support.local_images import Opener, opener
from transferapp.errors import DamagedFile
from transferapp.model.images import TileRegion

__all__ = ["opener"]

HEIGHT, WIDTH, LACKING = 32, 48, 1
STRIPS: dict[str, Any] = {"rowsperstrip": 16}
TILES: dict[str, Any] = {"tile": (16, 48)}


def leave_out(path: Path, page: int, segments: list[int]) -> None:
    """Write zero as place and length of some strips or tiles of a page."""
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tif:
        tags = tif.pages[page].aspage().tags
        for name in ("StripOffsets", "StripByteCounts", "TileOffsets", "TileByteCounts"):
            tag = tags.get(name)
            if tag is None:
                continue
            form = "<H" if tag.dtype == 3 else "<I"
            for n in segments:
                at = tag.valueoffset + n * struct.calcsize(form)
                content[at : at + struct.calcsize(form)] = bytes(struct.calcsize(form))
    path.write_bytes(content)


@pytest.mark.parametrize("layout", [STRIPS, TILES])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("page", [0, 2])
def test_a_segment_that_was_never_written_is_zeros(
    opener: Opener, tmp_path: Path, layout: dict[str, Any], compression: Any, page: int
) -> None:
    pixels = np.random.default_rng(1).integers(1, 250, (4, HEIGHT, WIDTH)).astype(np.uint8)
    path = tmp_path / "a.tif"
    options = {"metadata": None, "contiguous": False, "compression": compression, **layout}
    with tifffile.TiffWriter(path) as out:
        for one in pixels:
            out.write(one, photometric="minisblack", **options)
    leave_out(path, page, [LACKING])
    pixels[page, 16:] = 0
    image = opener.only_image(path)
    for z, wanted in enumerate(pixels):
        plane = image.read(TileRegion(0, 0, 0, z, 0, 0, HEIGHT, WIDTH))
        np.testing.assert_array_equal(plane, wanted)
    np.testing.assert_array_equal(
        image.read(TileRegion(0, 0, 0, page, 10, 3, 12, 20)), pixels[page, 10:22, 3:23]
    )


def test_a_page_without_any_is_damaged(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as out:
        for n in range(3):
            out.write(np.full((32, 48), n, np.uint8), metadata=None, contiguous=False)
    leave_out(path, 1, [0])
    with pytest.raises(DamagedFile):
        opener.only_image(path).check()
