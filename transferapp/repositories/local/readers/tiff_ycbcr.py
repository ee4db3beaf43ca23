"""YCbCr pages that no codec turns into light: coefficients, ranges and shared chroma.

Source: TIFF 6.0, section 21 (tags 529, 530 and 532).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt
from tifffile import TIFF, TiffPage

from transferapp.errors import UnsupportedFile

Plane = npt.NDArray[np.generic]

#: Compressions whose codec spreads chroma and hands out light.
JPEG = frozenset({6, 7, 34892, 33007})
_COEFFICIENTS, _REFERENCE = 529, 532
_BT_601 = (0.299, 0.587, 0.114)
_BYTE = 8


@dataclass(frozen=True, slots=True)
class YCbCr:
    """How one page's luma and chroma become red, green and blue."""

    luma: tuple[float, ...]
    #: Black and white of Y, Cb and Cr, as stored.
    reference: tuple[float, ...]
    largest: int

    @classmethod
    def of(cls, key: TiffPage, largest: int) -> YCbCr:
        """Read a page's tags; where they say nothing, the full range and ITU-R BT.601."""
        middle = (largest + 1) // 2
        full = (0, largest, middle, largest, middle, largest)
        luma, reference = _ratios(key, _COEFFICIENTS, 3), _ratios(key, _REFERENCE, 6)
        return cls(luma or _BT_601, reference or full, largest)

    def light(self, channel: int, stored: Sequence[Plane]) -> Plane:
        """Return red, green or blue (``channel`` 0, 1, 2) of ``stored``: the planes Y, Cb and
        Cr, each of the shape (height, width), as is the result.
        """
        black, white = self.reference[::2], self.reference[1::2]
        # Chroma counts from its middle to its end, luma over the whole range.
        ranges = (self.largest, self.largest // 2, self.largest // 2)
        y, cb, cr = (
            (plane.astype(np.float64) - black[i]) * ranges[i] / ((white[i] - black[i]) or 1.0)
            for i, plane in enumerate(stored)
        )
        red, green, blue = self.luma
        r = y + cr * (2 - 2 * red)
        b = y + cb * (2 - 2 * blue)
        found = (r, (y - blue * b - red * r) / (green or 1.0), b)[channel]
        return np.asarray(np.clip(np.rint(found), 0, self.largest), stored[0].dtype)


def shares_chroma(key: TiffPage) -> bool:
    """Tell whether the page says that pixels share chroma, and tifffile reads no such page."""
    return bool(key.is_subsampled) and key.compression not in JPEG


def require_spreadable(key: TiffPage) -> None:
    """Raise UnsupportedFile for shared chroma that ``spread`` cannot read."""
    if key.planarconfig != 1 or key.bitspersample != _BYTE or key.predictor != 1:
        raise UnsupportedFile(
            "Its colours are kept in a way that cannot be read. Export it as OME-TIFF."
        )


def spread(key: TiffPage, data: bytes, rows: int, width: int) -> Plane:
    """Unpack a strip or tile into Y, Cb, Cr for each pixel, shape (rows, width, 3).

    What a codec of pictures unpacks has chroma for every pixel already.
    """
    if key.compression != 1:
        decompress: Any = TIFF.DECOMPRESSORS[key.compression]
        data = decompress(data)
    if key.compression in TIFF.IMAGE_COMPRESSIONS:
        return np.asarray(data).reshape(-1, width, key.samplesperpixel)[:rows]
    # Writers that leave the tag out mean full chroma more often than the default of (2, 2).
    full = len(data) >= rows * width * 3
    across_px, down_px = key.subsampling or ((1, 1) if full else (2, 2))
    luma = across_px * down_px
    down, across = ceil(rows / down_px), ceil(width / across_px)
    units = np.frombuffer(data, np.uint8, down * across * (luma + 2))
    units = units.reshape(down, across, luma + 2)
    brightness = units[..., :luma].reshape(down, across, down_px, across_px)
    out = np.empty((down * down_px, across * across_px, 3), np.uint8)
    out[..., 0] = brightness.transpose(0, 2, 1, 3).reshape(out.shape[:2])
    out[..., 1:] = units[..., luma:].repeat(down_px, 0).repeat(across_px, 1)
    return out[:rows, :width]


def _ratios(key: TiffPage, code: int, count: int) -> tuple[float, ...]:
    """Return a tag's fractions; empty when it is not there or makes no sense."""
    value = key.tags.valueof(code)
    if not isinstance(value, tuple) or len(value) != 2 * count or 0 in value[1::2]:
        return ()
    return tuple(above / below for above, below in zip(value[::2], value[1::2], strict=True))
