"""How the samples of a TIFF page become channels: light, inks, brightness and transparency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from tifffile import TIFF, TiffPage

from transferapp.repositories.local.readers.colour import (
    MASK_WINDOW,
    WHITE,
    alpha_channel,
    ramp_color,
    rgb_channels,
)
from transferapp.repositories.local.readers.port import ChannelHint
from transferapp.repositories.local.readers.tiff_ycbcr import YCbCr

Plane = npt.NDArray[np.generic]

#: TIFF 6.0, tag 262.
_WHITE_IS_ZERO, _RGB, _PALETTE, _SEPARATED, _YCBCR = 0, 2, 3, 5, 6
#: TIFF 6.0, tag 338: associated and unassociated alpha; 0 is a channel like any other.
_ALPHA = frozenset({1, 2})
#: Aperio's JPEG 2000 whose components are YCbCr, whatever the page says (as OpenSlide 4 reads).
_APERIO_YCBCR = 33003
_INK_SET, _CMYK = 332, 1


class _Kind(StrEnum):
    STORED = "stored"
    INVERTED = "inverted"
    LIGHT = "light"
    CMYK = "cmyk"
    YCBCR = "ycbcr"


#: How many samples hold the colour, before the extra ones.
_COLOUR_SAMPLES = {_Kind.LIGHT: 3, _Kind.CMYK: 4, _Kind.YCBCR: 3}


@dataclass(frozen=True, slots=True)
class PageColour:
    """The channels of a page, and which stored samples each is made of."""

    _key: TiffPage
    _kind: _Kind

    @property
    def is_colour(self) -> bool:
        """Tell whether the first three channels are red, green and blue."""
        return self._kind in _COLOUR_SAMPLES

    @property
    def hints(self) -> tuple[ChannelHint, ...]:
        """Return what the page says of each channel."""
        key = self._key
        extra = _extra_hints(key, int(key.samplesperpixel) - _COLOUR_SAMPLES.get(self._kind, 1))
        first = rgb_channels(_dtype(key)) if self.is_colour else (_first_hint(key, extra),)
        return (*first, *extra)

    def samples_for(self, channel: int) -> tuple[int, ...]:
        """Return the stored samples that ``shown`` needs for a channel."""
        if self._kind is _Kind.CMYK:
            return (channel, 3) if channel < 3 else (channel + 1,)  # noqa: PLR2004 - R, G, B
        if self._kind is _Kind.YCBCR and channel < 3:  # noqa: PLR2004
            return (0, 1, 2)
        return (channel,)

    def shown(self, channel: int, stored: Sequence[Plane]) -> Plane:
        """Turn the samples of ``samples_for`` into the channel: larger is brighter.

        Each of ``stored`` has the shape (height, width), and so has the result.
        """
        first = stored[0]
        if self._kind is _Kind.INVERTED and channel == 0:
            return _inverted(first, _largest(self._key))
        if len(stored) == 1:
            return first
        if self._kind is _Kind.CMYK:
            return _without_ink(first, stored[1], _largest(self._key))
        return YCbCr.of(self._key, _largest(self._key)).light(channel, stored)


def colour_of(page: TiffPage) -> PageColour:
    """Read how a page keeps colour; what it says nothing of are channels as they are stored."""
    key = page.keyframe
    return PageColour(key, _kind(key))


def _largest(key: TiffPage) -> int:
    """Return the brightest number that the page's bits can hold."""
    # A tuple where the samples differ (5, 6, 5 bits); tifffile stretches them.
    bits: Any = key.bitspersample
    return (1 << (bits if isinstance(bits, int) else _dtype(key).itemsize * 8)) - 1


def _dtype(key: TiffPage) -> np.dtype[Any]:
    return np.dtype(key.dtype)


def _kind(key: TiffPage) -> _Kind:
    # The samples of an LSM are channels with names, though it says RGB.
    if key.parent.is_lsm:
        return _Kind.STORED
    if key.photometric == _WHITE_IS_ZERO and _dtype(key).kind in "uib":
        return _Kind.INVERTED
    kind = _colour_kind(key)
    return kind if key.samplesperpixel >= _COLOUR_SAMPLES.get(kind, 1) else _Kind.STORED


def _colour_kind(key: TiffPage) -> _Kind:
    if key.compression == _APERIO_YCBCR:
        return _Kind.YCBCR
    if key.photometric == _SEPARATED and _dtype(key).kind == "u":
        return _Kind.CMYK if key.tags.valueof(_INK_SET, _CMYK) == _CMYK else _Kind.STORED
    if key.photometric == _YCBCR:
        # Codecs of pictures hand out light; planes that were packed apart stay as they are.
        converted = key.compression in TIFF.IMAGE_COMPRESSIONS and key.planarconfig == 1
        return _Kind.LIGHT if converted else _Kind.YCBCR
    return _Kind.LIGHT if key.photometric == _RGB else _Kind.STORED


def _extra_hints(key: TiffPage, count: int) -> tuple[ChannelHint, ...]:
    stated = [int(kind) for kind in key.extrasamples][-count:] if count > 0 else []
    kinds = stated + [0] * (count - len(stated))
    return tuple(
        alpha_channel(_dtype(key)) if kind in _ALPHA else ChannelHint() for kind in kinds
    )


def _first_hint(key: TiffPage, extra: Sequence[ChannelHint]) -> ChannelHint:
    if key.photometric == _PALETTE and key.colormap is not None:
        return ChannelHint(color=ramp_color(np.asarray(key.colormap)))
    # Grey with transparency is one channel of light: white, as grey alone is.
    alone = bool(extra) and not any(hint.active for hint in extra)
    window = MASK_WINDOW if _dtype(key).kind == "b" else None
    return ChannelHint(color=WHITE if alone else None, window=window)


def _inverted(plane: Plane, largest: int) -> Plane:
    if plane.dtype.kind == "i":
        return np.invert(plane)
    numbers: Any = plane
    return np.asarray(largest - numbers, plane.dtype)


def _without_ink(ink: Plane, black: Plane, largest: int) -> Plane:
    """Return the light that is left: each ink and black take their share of white."""
    left = (largest - ink.astype(np.float64)) * (largest - black.astype(np.float64)) / largest
    return np.asarray(np.rint(left), ink.dtype)
