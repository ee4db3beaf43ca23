"""Read PNG and JPEG pictures; light, grey and transparency become channels."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError
from typing_extensions import override

from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.model.jpeg_kinds import why_jpeg_not_shown
from transferapp.repositories.local.readers.colour import rgb_channels
from transferapp.repositories.local.readers.png import PngFormat
from transferapp.repositories.local.readers.port import ImageHeader, OpenFileset, ReadImage

FORMATS = ("PNG", "JPEG")
#: Decoding needs the whole picture in memory, so there is an end to it.
_MOST_PIXELS = 500_000_000
_MOST_BYTES = 2**31


def open_picture(path: Path) -> OpenFileset:
    """Open a picture; raises DamagedFile, UnsupportedFile."""
    return PictureFileset(PictureImage(path))


class PictureFileset(OpenFileset):
    """The one image of a picture file."""

    is_one_file = True

    def __init__(self, image: PictureImage) -> None:
        self._image = image
        self.images = [image]

    @override
    def close(self) -> None:
        """Forget the decoded pixels."""
        self._image.forget()


class PictureImage(ReadImage):
    """One picture; decoded whole at the first read and kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pixels: npt.NDArray[np.generic] | None = None
        self._png: PngFormat | None = None
        with _open(path) as picture:
            width, height = picture.size
            grey = picture.mode == "L"
            if picture.format == "PNG":
                # Pillow cuts 16-bit colours to 8 and stretches fewer bits.
                transparency = "transparency" in picture.info
                self._png = PngFormat.of(path, transparency=transparency)
        hints = () if grey else rgb_channels("uint8")
        dtype = "uint8"
        if self._png is not None:
            hints, dtype = self._png.channels, self._png.dtype
        self.header = ImageHeader(
            name="",
            size_t=1,
            size_c=max(1, len(hints)),
            size_z=1,
            dtype=dtype,
            levels=(Level(height, width),),
            channels=hints,
            random_access=False,
        )
        if height * width * self.header.size_c * np.dtype(dtype).itemsize > _MOST_BYTES:
            raise _too_large(path)

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Cut the region, (height, width), out of the decoded picture."""
        rows = slice(region.y, region.y + region.height)
        return self._decoded()[rows, region.x : region.x + region.width, region.c]

    @override
    def check(self) -> None:
        """Decode it all; raises DamagedFile."""
        self._decoded()

    def forget(self) -> None:
        """Let go of the decoded pixels."""
        self._pixels = None

    def _decoded(self) -> npt.NDArray[np.generic]:
        if self._pixels is None:
            if self._png is not None:
                self._pixels = self._png.decode(self._path)
            else:
                self._pixels = self._decoded_jpeg()
        return self._pixels

    def _decoded_jpeg(self) -> npt.NDArray[np.generic]:
        with _open(self._path) as picture:
            try:
                picture.load()
                mode = "L" if self.header.size_c == 1 else "RGB"
                pixels = np.asarray(picture if picture.mode == mode else picture.convert(mode))
            except (OSError, ValueError, SyntaxError) as error:
                raise DamagedFile(
                    f"'{self._path.name}' is damaged or incomplete ({error}). Copy it again,"
                    " then retry."
                ) from error
        return pixels.reshape(*pixels.shape[:2], -1)


def _open(path: Path) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Microscope pictures are large; our own limit follows.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(path, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_large(path) from error
    except (UnidentifiedImageError, SyntaxError, ValueError) as error:
        if why := _why_not_shown(path):
            raise UnsupportedFile(f"'{path.name}' {why}") from error
        raise DamagedFile(
            f"'{path.name}' begins like a picture but is damaged. Copy it again, then retry."
        ) from error
    if picture.width * picture.height > _MOST_PIXELS:
        picture.close()
        raise _too_large(path)
    return picture


def _why_not_shown(path: Path) -> str:
    with path.open("rb") as file:
        is_jpeg = file.read(2) == b"\xff\xd8"
        return why_jpeg_not_shown(file) if is_jpeg else ""


def _too_large(path: Path) -> UnsupportedFile:
    return UnsupportedFile(
        f"'{path.name}' is too large for a picture format. Export it as a tiled OME-TIFF."
    )


# Pillow refuses at twice this many; ``_MOST_PIXELS`` is what counts here.
Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
