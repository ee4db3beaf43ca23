"""The port to pixels, so that previews do not depend on a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from transferapp.model.images import Pixels, TileRegion


class PixelSource(Protocol):
    """Reads the pixels of the images that one person may see.

    Both methods raise ImageNotFound, PermissionDenied and RepositoryUnavailable, and never
    block the event loop.
    """

    async def pixels(self, image_id: int) -> Pixels:
        """Describe the pixel array of an image."""

    async def tile(self, image_id: int, region: TileRegion) -> npt.NDArray[np.generic]:
        """Return the region's pixels, shape (height, width)."""
