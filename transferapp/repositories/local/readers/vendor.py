"""Read vendor formats through the bioio readers, an optional extra of the server."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from transferapp.errors import DamagedFile, TransferAppError, UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.readers.port import (
    ChannelHint,
    ImageHeader,
    OpenFileset,
    ReadImage,
)

#: The reader's package for each file ending.
MODULES = {".czi": "bioio_czi", ".nd2": "bioio_nd2"}
_AXES = "TCZYXS"


def open_vendor(path: Path) -> OpenFileset:
    """Open a vendor's file; raises UnsupportedFile naming the extra that is missing."""
    module = MODULES[path.suffix.lower()]
    try:
        reader = importlib.import_module(module).Reader
    except ImportError as error:
        raise UnsupportedFile(
            f"'{path.name}' needs a reader that this server does not have. Ask your"
            " administrator to install transferapp[readers], then retry; or export the file"
            " as OME-TIFF."
        ) from error
    with _vendor_failures(path):
        return VendorFileset(path, reader(path))


@contextmanager
def _vendor_failures(path: Path) -> Iterator[None]:
    try:
        yield
    except TransferAppError:
        raise
    # The vendors' libraries raise whatever they like on broken bytes; the cause is kept.
    except Exception as error:
        raise DamagedFile(
            f"'{path.name}' is damaged or incomplete ({error}). Copy or export it again from"
            " the microscope software, then retry."
        ) from error


class VendorFileset(OpenFileset):
    """The scenes of one file."""

    def __init__(self, path: Path, reader: Any) -> None:
        scenes = list(reader.scenes)
        self.images = [
            VendorImage(path, reader, scene, "" if len(scenes) == 1 else scene)
            for scene in scenes
        ]

    @override
    def close(self) -> None:
        """The readers open the file for each read only."""


class VendorImage(ReadImage):
    """One scene, read plane by plane through dask."""

    def __init__(self, path: Path, reader: Any, scene: str, name: str) -> None:
        self._path = path
        reader.set_scene(scene)
        self._planes = reader.get_image_dask_data(_AXES)
        size = dict(zip(_AXES, self._planes.shape, strict=True))
        # A fourth sample is transparency, not a channel.
        self._samples = min(size["S"], 3)
        names = [str(n) for n in reader.channel_names or []] if self._samples == 1 else []
        sizes = reader.physical_pixel_sizes
        self.header = ImageHeader(
            name=name,
            size_t=size["T"],
            size_c=size["C"] * self._samples,
            size_z=size["Z"],
            dtype=np.dtype(self._planes.dtype).name,
            levels=(Level(size["Y"], size["X"]),),
            channels=tuple(ChannelHint(n) for n in names),
            pixel_size_um=(sizes.Z, sizes.Y, sizes.X),
            random_access=False,
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Read the plane and cut the region out."""
        channel, sample = divmod(region.c, self._samples)
        rows = slice(region.y, region.y + region.height)
        columns = slice(region.x, region.x + region.width)
        lazy = self._planes[region.t, channel, region.z, rows, columns, sample]
        with _vendor_failures(self._path):
            return np.asarray(lazy.compute(scheduler="synchronous"))

    @override
    def check(self) -> None:
        """Read the last plane, which a file that was cut short does not have."""
        header = self.header
        last = TileRegion(
            0, header.size_t - 1, header.size_c - 1, header.size_z - 1, 0, 0, 1, 1
        )
        self.read(last)
