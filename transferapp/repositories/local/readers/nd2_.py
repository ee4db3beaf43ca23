"""Read Nikon ND2 through the nd2 library, an optional extra that is met here only."""

from __future__ import annotations

import math
import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from transferapp.errors import UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.readers.colour import rgb_channels
from transferapp.repositories.local.readers.port import (
    ChannelHint,
    ImageHeader,
    OpenFileset,
    ReadImage,
)
from transferapp.repositories.local.readers.vendor import (
    damaged,
    missing_reader,
    vendor_failures,
)

if TYPE_CHECKING:
    from nd2 import ND2File
    from nd2.structures import Channel

#: The Julian day on which 1970 began.
_EPOCH_JULIAN_DAY = 2440587.5
_RGB, _RGBA = 3, 4

#: The number in the file of each frame that was recorded, by (t, z).
_Frames = dict[tuple[int, int], int]


def open_nd2(path: Path) -> OpenFileset:
    """Open an ND2; raises DamagedFile, and UnsupportedFile naming the extra that is missing."""
    try:
        import nd2  # noqa: PLC0415 - extra 'readers'
    except ImportError as error:
        raise missing_reader(path) from error
    with vendor_failures(path):
        file = nd2.ND2File(path)
        try:
            return Nd2Fileset(path, file)
        except BaseException:
            file.close()
            raise


class Nd2Fileset(OpenFileset):
    """The positions of one file, each an image."""

    def __init__(self, path: Path, file: ND2File) -> None:
        if file.attributes.compressionType == "lossy":
            # The library would take the compressed bytes for pixels.
            raise UnsupportedFile(
                f"'{path.name}' is compressed with loss, which cannot be read here. Save it in"
                " NIS-Elements without compression or export it as OME-TIFF."
            )
        self._file = file
        components = _components(file)
        names = _position_names(file)
        self.images = [
            Nd2Image(path, file, frames, components, names.get(position, ""))
            for position, frames in sorted(_positions(file).items())
        ]
        if not self.images:
            raise damaged(path, "it holds no image")

    @override
    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Component(NamedTuple):
    """A channel of the image: which of a pixel's numbers in a frame it is."""

    place: int
    hint: ChannelHint


class Nd2Image(ReadImage):
    """One position; its frames hold all channels of a plane."""

    def __init__(
        self,
        path: Path,
        file: ND2File,
        frames: _Frames,
        components: Sequence[_Component],
        name: str,
    ) -> None:
        self._path, self._file = path, file
        self._frames, self._components = frames, components
        attributes = file.attributes
        height, width = attributes.heightPx, attributes.widthPx or 1
        channels = attributes.channelCount or 1
        self._shape = channels, height, width, attributes.componentCount // channels
        self.header = ImageHeader(
            name=name,
            size_t=1 + max(t for t, _ in frames),
            size_c=len(components),
            size_z=1 + max(z for _, z in frames),
            dtype=np.dtype(file.dtype).name,
            levels=(Level(height, width),),
            channels=tuple(component.hint for component in components),
            pixel_size_um=_pixel_size_um(file),
            acquired_at=_acquired_at(file, min(frames.values())),
            # Frames that are not compressed are mapped into memory.
            random_access=attributes.compressionType in {None, "none"},
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Cut the region out of its frame; one that was never recorded is black."""
        index = self._frames.get((region.t, region.z))
        if index is None:
            return np.zeros((region.height, region.width), self.header.dtype)
        rows = slice(region.y, region.y + region.height)
        columns = slice(region.x, region.x + region.width)
        channel, sample = divmod(self._components[region.c].place, self._shape[-1])
        with vendor_failures(self._path):
            frame = self._file.read_frame(index).reshape(self._shape)
            return np.array(frame[channel, rows, columns, sample], self.header.dtype)

    @override
    def check(self) -> None:
        """Read the last frame; the map of all frames, at the end of the file, was read."""
        size = self.header.levels[0]
        t, z = max(self._frames, key=self._frames.__getitem__)
        self.read(TileRegion(0, t, 0, z, 0, 0, size.size_y, size.size_x))


def _positions(file: ND2File) -> dict[int, _Frames]:
    """Return the frames of each position; what was stopped early has fewer."""
    recorded = file.attributes.sequenceCount
    loops = file.experiment
    if not loops:
        return {0: {(n, 0): n for n in range(recorded)}} if recorded else {}
    found: dict[int, _Frames] = defaultdict(dict)
    for index, at in enumerate(product(*(range(loop.count) for loop in loops))):
        if index >= recorded:
            break
        numbers = {"XYPosLoop": 0, "ZStackLoop": 0, "": 0}
        for loop, number in zip(loops, at, strict=True):
            # Whatever is neither a position nor z follows in time.
            kind = loop.type if loop.type in numbers else ""
            numbers[kind] = numbers[kind] * loop.count + number
        found[numbers["XYPosLoop"]][numbers[""], numbers["ZStackLoop"]] = index
    return found


def _position_names(file: ND2File) -> dict[int, str]:
    for loop in file.experiment:
        if loop.type == "XYPosLoop":
            return {n: point.name or "" for n, point in enumerate(loop.parameters.points)}
    return {}


def _components(file: ND2File) -> tuple[_Component, ...]:
    """Return the channels; colours lie in a frame as blue, green, red (alpha).

    Files of before 2010 (JPEG 2000) have them as red, green, blue. The nd2 library (0.12)
    hands out what is stored. Source: vibbits/nis2pyr, compared with NIS-Elements there.
    """
    count = file.attributes.componentCount
    channels = _channels(file)
    if sum(channel.volume.componentCount for channel in channels) != count:
        return tuple(_Component(index, ChannelHint()) for index in range(count))
    made: list[_Component] = []
    for channel in channels:
        first, samples = len(made), channel.volume.componentCount
        if samples in {_RGB, _RGBA}:
            order = [0, 1, 2, 3] if file.is_legacy else [2, 1, 0, 3]
            hints = _colours(file, alpha=samples == _RGBA)
        else:
            order = list(range(samples))
            hints = (_hint(channel),) * samples
        made += [_Component(first + n, h) for n, h in zip(order, hints, strict=False)]
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
    return tuple(h if h.window is None else replace(h, window=(0.0, most)) for h in hints)


def _pixel_size_um(file: ND2File) -> tuple[float | None, float | None, float | None]:
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


def _acquired_at(file: ND2File, index: int) -> datetime | None:
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
