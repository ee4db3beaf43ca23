"""All pixels of an image, through a reader."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tests.support.local_images import whole_plane
from transferapp.repositories.local.readers.port import ReadImage


def planes_of(image: ReadImage) -> npt.NDArray[Any]:
    """Check an image and return all planes, (t, c, z, y, x)."""
    image.check()
    header = image.header
    sizes = range(header.size_t), range(header.size_c), range(header.size_z)
    return np.array(
        [[[whole_plane(image, c, t, z) for z in sizes[2]] for c in sizes[1]] for t in sizes[0]]
    )
