"""The channels of a CZI image: its own, each colour of a colour channel for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from transferapp.errors import UnsupportedFile
from transferapp.repositories.local.readers.colour import rgb_channels
from transferapp.repositories.local.readers.czi_metadata import CziChannel, CziMetadata
from transferapp.repositories.local.readers.czi_planes import PlaneAxes
from transferapp.repositories.local.readers.czi_segments import Subblock
from transferapp.repositories.local.readers.port import ChannelHint


class PixelType(NamedTuple):
    """What libCZI hands out for a subblock."""

    #: libCZI's name.
    name: str
    #: numpy's name.
    dtype: str
    samples: int = 1


#: By the number in the file; libCZI 0.6 composes no others.
_PIXEL_TYPES = {
    0: PixelType("Gray8", "uint8"),
    1: PixelType("Gray16", "uint16"),
    2: PixelType("Gray32Float", "float32"),
    3: PixelType("Bgr24", "uint8", 3),
    4: PixelType("Bgr48", "uint16", 3),
    8: PixelType("Bgr96Float", "float32", 3),
}


class CziComponent(NamedTuple):
    """A channel of the image; ``coordinates`` are the CZI's own."""

    coordinates: dict[str, int]
    pixel_type: PixelType
    #: Of a colour channel: red is 0.
    sample: int
    hint: ChannelHint


def components(
    path: Path, full: Sequence[Subblock], axes: PlaneAxes, metadata: CziMetadata
) -> tuple[CziComponent, ...]:
    """Return the channels that full-size subblocks make; raises UnsupportedFile."""
    types: dict[int, PixelType] = {}
    for subblock in full:
        pixel_type = _pixel_type(path, subblock)
        if types.setdefault(subblock.at.get("C", 0), pixel_type) != pixel_type:
            raise UnsupportedFile(
                f"The planes of a channel of '{path.name}' are of several pixel types. Export"
                " the file from ZEN as OME-TIFF, then import that."
            )
    made = []
    for index in range(axes.size("C")):
        at = axes.coordinates("C", index)
        # A channel of which this scene has no plane at all is black in any type.
        pixel_type = types.get(at["C"], next(iter(types.values())))
        hints = _hints(at, pixel_type, axes, metadata)
        made += [
            CziComponent(at, pixel_type, sample, hint) for sample, hint in enumerate(hints)
        ]
    return tuple(made)


def _pixel_type(path: Path, subblock: Subblock) -> PixelType:
    found = _PIXEL_TYPES.get(subblock.pixel_type)
    if found is None:
        raise UnsupportedFile(
            f"'{path.name}' holds pixels of a type that cannot be read here (number"
            f" {subblock.pixel_type} of the CZI format). Export it from ZEN as OME-TIFF, then"
            " import that."
        )
    return found


def _hints(
    at: dict[str, int], pixel_type: PixelType, axes: PlaneAxes, metadata: CziMetadata
) -> tuple[ChannelHint, ...]:
    stated = _channel(at["C"], axes, metadata)
    window = _window(stated, pixel_type)
    if pixel_type.samples > 1:
        lights = rgb_channels(pixel_type.dtype)
        if window is None:
            return lights
        return tuple(replace(light, window=window, shares_window=False) for light in lights)
    _, illuminations = axes.span("I")
    name = stated.name
    if name and illuminations > 1:
        name = f"{name} (illumination {at['I'] + 1})"
    return (ChannelHint(name, stated.color, window),)


def _channel(number: int, axes: PlaneAxes, metadata: CziMetadata) -> CziChannel:
    first, size = axes.span("C")
    # A file that holds a part of an experiment may list that part's channels only.
    if len(metadata.channels) == size:
        number -= first
    listed = number < len(metadata.channels)
    return metadata.channels[number] if listed else CziChannel()


def _window(stated: CziChannel, pixel_type: PixelType) -> tuple[float, float] | None:
    dtype = np.dtype(pixel_type.dtype)
    if dtype.kind != "u":
        return None
    most = float(np.iinfo(dtype).max)
    if stated.window is not None:
        return stated.window[0] * most, stated.window[1] * most
    # Colours are shown over their whole range, and a camera's may be smaller than the type's.
    if pixel_type.samples > 1 and stated.bits is not None:
        return 0.0, min(most, 2.0**stated.bits - 1)
    return None
