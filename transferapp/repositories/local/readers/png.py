"""Read PNG with the numbers it stores: 1 to 16 bits, grey, colour, palettes, transparency.

Source: PNG specification, third edition (2025), sections 11.2.1 and 11.3.1.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt

from transferapp.errors import DamagedFile
from transferapp.repositories.local.readers.colour import (
    MASK_WINDOW,
    WHITE,
    alpha_channel,
    rgb_channels,
)
from transferapp.repositories.local.readers.port import ChannelHint

_PALETTE = 3
_HAS_COLOUR, _HAS_ALPHA = 2, 4
#: Where the header says bits for each number, and the colour type.
_BITS_AT, _COLOUR_AT, _HEADER_LENGTH = 24, 25, 33
_BYTE = 8


@dataclass(frozen=True, slots=True)
class PngFormat:
    """What a PNG stores for each pixel."""

    bits: int
    colour_type: int
    #: A palette whose entries are not all opaque.
    clear_palette: bool = False

    @classmethod
    def of(cls, path: Path, *, transparency: bool) -> PngFormat:
        """Read the header; ``transparency`` says whether the file has the chunk tRNS."""
        with path.open("rb") as file:
            header = file.read(_HEADER_LENGTH)
        colour_type = header[_COLOUR_AT]
        return cls(header[_BITS_AT], colour_type, transparency and colour_type == _PALETTE)

    @property
    def dtype(self) -> str:
        """Return numpy's name of the pixel type."""
        return "uint16" if self.bits > _BYTE else "uint8"

    @property
    def channels(self) -> tuple[ChannelHint, ...]:
        """Return the channels; a palette's are the colours that it names."""
        alpha = bool(self.colour_type & _HAS_ALPHA) or self.clear_palette
        if self.colour_type & _HAS_COLOUR:
            return rgb_channels(self.dtype, alpha=alpha)
        if alpha:
            return ChannelHint(color=WHITE), alpha_channel(self.dtype)
        return (ChannelHint(window=MASK_WINDOW if self.bits == 1 else None),)

    def decode(self, path: Path) -> npt.NDArray[np.generic]:
        """Return the pixels, (height, width, channels); raises DamagedFile."""
        try:
            decoded: Any = imagecodecs.png_decode(path.read_bytes())
        except imagecodecs.PngError as error:
            raise DamagedFile(
                f"'{path.name}' is damaged or incomplete ({error}). Copy it again, then retry."
            ) from error
        pixels = decoded.reshape(*decoded.shape[:2], -1)
        # A colour that stands for "nothing here" comes as transparency: the numbers remain.
        return self._stored(pixels[..., : len(self.channels)])

    def _stored(self, pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """Undo the stretching of fewer than 8 bits to the whole range."""
        if self.bits >= _BYTE or self.colour_type == _PALETTE:
            return pixels
        step: Any = 255 // ((1 << self.bits) - 1)
        return np.asarray(pixels // step, pixels.dtype)
