"""The port to the forms: each writes one image, and reads back what it has written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from transferapp.conversion.cut_image import CutImage

#: Called with the share (0 to 1) that is done; cheap to call often. May raise Cancelled.
ShareListener = Callable[[float], None]


def portion_of(listener: ShareListener, first: float, end: float) -> ShareListener:
    """Return a listener for what is done between two shares of the whole."""
    return lambda share: listener(first + share * (end - first))


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file that is durable; ``sha1`` in hex."""

    size_bytes: int
    sha1: str


class Portions(Protocol):
    """One image that is made in portions, each by itself and in any order.

    ``files`` is the folder of what is made. ``notes`` is a folder beside it, on the same file
    system, for what they hand on; both are the same for all portions and last until ``finish``
    has ended. What is interrupted is done once more.
    """

    @property
    def count(self) -> int:
        """How many there are."""

    async def begin(self, files: Path, /) -> None:
        """Write what every portion needs."""

    async def write(
        self, number: int, files: Path, notes: Path, listener: ShareListener, /
    ) -> Mapping[str, MadeFile]:
        """Write a portion (counted from 0) and read it back; returns its files by their
        '/'-separated place below ``files``. Raises as ``Form.write`` and ``Form.verify``.
        """

    async def finish(self, files: Path, notes: Path, listener: ShareListener, /) -> None:
        """Write and read back what is made of all portions; raises the same."""


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

    def portions(self, image: CutImage, most_pixels: int, /) -> Portions | None:
        """Divide an image into portions of at most about so many pixels; None where this form
        writes images only as a whole.
        """

    async def verify(self, image: CutImage, folder: Path, listener: ShareListener, /) -> None:
        """Read back all that ``write`` made of this image, with a library that others read
        such files with, and compare its full-size pixels with the image's; raises
        ChecksumMismatch.
        """
