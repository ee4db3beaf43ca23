"""Read Nikon ND2 through the nd2 library (BSD-3), an optional extra."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from transferapp.errors import UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.readers.nd2_chunks import check_frames
from transferapp.repositories.local.readers.nd2_metadata import (
    Nd2Component,
    acquired_at,
    components,
    pixel_size_um,
    position_names,
)
from transferapp.repositories.local.readers.port import (
    ImageHeader,
    OpenFileset,
    ReadImage,
)
from transferapp.repositories.local.readers.vendor import damaged, vendor_failures

if TYPE_CHECKING:
    from nd2 import ND2File

#: The number in the file of each frame that was recorded, by (t, z).
_Frames = dict[tuple[int, int], int]


def open_nd2(path: Path) -> OpenFileset:
    """Open an ND2; raises DamagedFile and UnsupportedFile."""
    import nd2  # noqa: PLC0415 - extra 'readers'

    with vendor_failures(path):
        file = nd2.ND2File(path)
        try:
            return Nd2Fileset(path, file)
        except BaseException:
            file.close()
            raise


class Nd2Fileset(OpenFileset):
    """The positions of one file, each an image."""

    is_one_file = True

    def __init__(self, path: Path, file: ND2File) -> None:
        if file.attributes.compressionType == "lossy":
            # The library would take the compressed bytes for pixels.
            raise UnsupportedFile(
                f"'{path.name}' is compressed with loss, which cannot be read here. Save it in"
                " NIS-Elements without compression or export it as OME-TIFF."
            )
        self._file = file
        channels = components(file)
        names = position_names(file)
        # Once for all images; files of before 2010 have no such map.
        check = cache(partial(check_frames, path)) if not file.is_legacy else None
        source = _Source(path, file, check)
        self.images = [
            Nd2Image(source, frames, channels, names.get(position, ""))
            for position, frames in sorted(_positions(file).items())
        ]
        if not self.images:
            raise damaged(path, "it holds no image")

    @override
    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Source(NamedTuple):
    path: Path
    file: ND2File
    #: Looks whether all frames are whole.
    check: Callable[[], None] | None


class Nd2Image(ReadImage):
    """One position; its frames hold all channels of a plane."""

    def __init__(
        self, source: _Source, frames: _Frames, channels: Sequence[Nd2Component], name: str
    ) -> None:
        self._source, self._frames, self._channels = source, frames, channels
        file = source.file
        attributes = file.attributes
        height, width = attributes.heightPx, attributes.widthPx or 1
        planes = attributes.channelCount or 1
        self._shape = planes, height, width, attributes.componentCount // planes
        self.header = ImageHeader(
            name=name,
            size_t=1 + max(t for t, _ in frames),
            size_c=len(channels),
            size_z=1 + max(z for _, z in frames),
            dtype=np.dtype(file.dtype).name,
            levels=(Level(height, width),),
            channels=tuple(channel.hint for channel in channels),
            pixel_size_um=pixel_size_um(file),
            acquired_at=acquired_at(file, min(frames.values())),
            # Frames that are not compressed are mapped into memory.
            random_access=attributes.compressionType in {None, "none"},
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Cut the region, (height, width), out of its frame; one that was never recorded is
        black. Raises DamagedFile.
        """
        index = self._frames.get((region.t, region.z))
        if index is None:
            return np.zeros((region.height, region.width), self.header.dtype)
        rows = slice(region.y, region.y + region.height)
        columns = slice(region.x, region.x + region.width)
        plane, sample = divmod(self._channels[region.c].place, self._shape[-1])
        with vendor_failures(self._source.path):
            frame = self._source.file.read_frame(index).reshape(self._shape)
            return np.array(frame[plane, rows, columns, sample], self.header.dtype)

    @override
    def check(self) -> None:
        """Look whether all frames are there, and read the last one."""
        if self._source.check is not None:
            with vendor_failures(self._source.path):
                self._source.check()
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
