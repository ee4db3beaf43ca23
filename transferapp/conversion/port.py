"""The port to the forms: each writes one image, and reads back what it has written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from transferapp.conversion.cut_image import CutImage

#: Called with the share (0 to 1) that is done; cheap to call often. May raise Cancelled.
ShareListener = Callable[[float], None]


class Form(Protocol):
    """Writes images in one form.

    Memory is bounded whatever the image's size: pixels are read in blocks, in order, a few at
    a time. Nothing blocks the event loop.
    """

    async def write(self, image: CutImage, folder: Path, listener: ShareListener, /) -> None:
        """Write an image into an empty folder, under a name of its own.

        Raises UnsupportedFile for an image that this form cannot hold (with what to choose
        instead), StorageFull, and what ``image`` raises.
        """

    async def verify(self, image: CutImage, folder: Path, listener: ShareListener, /) -> None:
        """Read back all that ``write`` made of this image, with a library that others read
        such files with, and compare its full-size pixels with the image's; raises
        ChecksumMismatch.
        """
