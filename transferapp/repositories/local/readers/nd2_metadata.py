"""What an ND2 says of its images: channels and colours, names, sizes, dates."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from transferapp.repositories.local.readers.colour import rgb_channels
from transferapp.repositories.local.readers.port import ChannelHint

if TYPE_CHECKING:
    from nd2 import ND2File
    from nd2.structures import Channel

#: The Julian day on which 1970 began.
_EPOCH_JULIAN_DAY = 2440587.5
_RGB, _RGBA = 3, 4


class Nd2Component(NamedTuple):
    """A channel of the image: which of a pixel's numbers in a frame it is."""

    place: int
    hint: ChannelHint


def position_names(file: ND2File) -> dict[int, str]:
    """Return the names of positions that have one."""
    for loop in file.experiment:
        if loop.type == "XYPosLoop":
            return {n: point.name or "" for n, point in enumerate(loop.parameters.points)}
    return {}


def components(file: ND2File) -> tuple[Nd2Component, ...]:
    """Return the channels; colours lie in a frame as blue, green, red (alpha).

    Files of before 2010 (JPEG 2000) have them as red, green, blue. The nd2 library (0.12)
    hands out what is stored. Source: vibbits/nis2pyr, compared with NIS-Elements there.
    """
    count = file.attributes.componentCount
    channels = _channels(file)
    if sum(channel.volume.componentCount for channel in channels) != count:
        return tuple(Nd2Component(index, ChannelHint()) for index in range(count))
    made: list[Nd2Component] = []
    for channel in channels:
        first, samples = len(made), channel.volume.componentCount
        if samples in {_RGB, _RGBA}:
            order = [0, 1, 2, 3] if file.is_legacy else [2, 1, 0, 3]
            hints = _colours(file, alpha=samples == _RGBA)
        else:
            order = list(range(samples))
            hints = (_hint(channel),) * samples
        made += [Nd2Component(first + n, h) for n, h in zip(order, hints, strict=False)]
    return tuple(made)


def _channels(file: ND2File) -> Sequence[Channel]:
    try:
        metadata = file.metadata
    # Names and colours are no reason to refuse pixels.
    except (KeyError, TypeError, ValueError):
        return ()
    return metadata.channels or ()


def _hint(channel: Channel) -> ChannelHint:
    name, color = channel.channel.name or "", channel.channel.color
    # Black is "none": nothing would be seen in it.
    rgb = f"{color.r:02X}{color.g:02X}{color.b:02X}" if any(color[:3]) else None
    return ChannelHint(name.strip(), rgb)


def _colours(file: ND2File, *, alpha: bool) -> tuple[ChannelHint, ...]:
    hints = rgb_channels(file.dtype, alpha=alpha)
    bits = file.attributes.bitsPerComponentSignificant
    # Cameras of 12 bits fill a sixteenth of the type's range.
    most = float(2**bits - 1)
    return tuple(replace(h, window=(0.0, most), shares_window=False) for h in hints)


def pixel_size_um(file: ND2File) -> tuple[float | None, float | None, float | None]:
    """Return physical pixel sizes in micrometres (z, y, x), as far as they are calibrated."""
    channels = _channels(file)
    if not channels:
        return None, None, None
    volume = channels[0].volume
    x, y, z = (
        size if calibrated and kind == "distance" and math.isfinite(size) and size > 0 else None
        for size, calibrated, kind in zip(
            volume.axesCalibration,
            volume.axesCalibrated,
            volume.axesInterpretation,
            strict=True,
        )
    )
    return z, y, x


def acquired_at(file: ND2File, index: int) -> datetime | None:
    """Return when a frame was taken: its Julian day, which is in UTC.

    The date in the file's text is local, in the order of the computer's language.
    """
    try:
        with warnings.catch_warnings():
            # Of files without frame times.
            warnings.simplefilter("ignore", UserWarning)
            metadata = file.frame_metadata(index)
        day = metadata.channels[0].time.absoluteJulianDayNumber  # type: ignore[union-attr]
        seconds = round((day - _EPOCH_JULIAN_DAY) * 86_400, 3)
        found = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    # The same, and those of before 2010, which keep no such number.
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
        return None
    return found if seconds > 0 else None
