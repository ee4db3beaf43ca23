"""Open OME-Zarrs with the local repository's reader and read all their pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.support.local_images import Opener
from transferapp.model.images import TileRegion
from transferapp.repositories.local.readers.port import ReadImage

#: Two channels of pixels, none of them 0.
CYX = np.random.default_rng(5).integers(1, 200, (2, 6, 8)).astype(np.uint16)


def images(opener: Opener, folder: Path) -> list[ReadImage]:
    """Open a folder and check the pixels of its images."""
    first = next(p for name in ("zarr.json", ".zattrs") if (p := folder / name).is_file())
    found = list(opener(first, folder.parent).images)
    for image in found:
        image.check()
    return found


def only(opener: Opener, folder: Path) -> ReadImage:
    """Open a folder that is one image."""
    [image] = images(opener, folder)
    return image


def all_pixels(image: ReadImage, level: int = 0) -> npt.NDArray[Any]:
    """Return the pixels of a level, (t, c, z, y, x)."""
    header, size = image.header, image.header.levels[level]
    planes = [
        image.read(TileRegion(level, t, c, z, 0, 0, size.size_y, size.size_x))
        for t, c, z in np.ndindex(header.size_t, header.size_c, header.size_z)
    ]
    shape = (header.size_t, header.size_c, header.size_z, size.size_y, size.size_x)
    return np.stack(planes).reshape(shape)
