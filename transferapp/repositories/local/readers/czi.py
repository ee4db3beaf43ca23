"""Read Zeiss CZI: scenes, mosaics stitched by Zeiss's own library, levels of pyramids.

The library (libCZI through pylibCZIrw) is LGPL-3, an optional extra, and met here only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from transferapp.errors import UnsupportedFile
from transferapp.model.images import TileRegion
from transferapp.repositories.local.readers.czi_channels import CziComponent, components
from transferapp.repositories.local.readers.czi_metadata import CziMetadata, parse_metadata
from transferapp.repositories.local.readers.czi_planes import (
    IMAGE_AXES,
    ImageKey,
    PlaneAxes,
    box_of,
    coarse_planes,
    is_nonsense,
    levels_of,
    plane_key,
    split_images,
    times_smaller,
)
from transferapp.repositories.local.readers.czi_segments import (
    CziLayout,
    Subblock,
    check_subblocks,
    read_layout,
)
from transferapp.repositories.local.readers.port import ImageHeader, OpenFileset, ReadImage
from transferapp.repositories.local.readers.vendor import damaged, vendor_failures

#: Compressed tiles that are kept decoded: the next region often lies in the same one.
_CACHE_BYTES = 64 * 1024 * 1024
#: A region costs the decoding of the tiles that it touches; cheap up to this size of a tile.
_CHEAP_TILE_PX = 4096 * 4096


def open_czi(path: Path) -> OpenFileset:
    """Open a CZI; raises DamagedFile and UnsupportedFile."""
    from pylibCZIrw import czi  # noqa: PLC0415 - extra 'readers'

    stack = ExitStack()
    try:
        with vendor_failures(path):
            layout = read_layout(path)
            cache = czi.CacheOptions(max_memory_usage=_CACHE_BYTES)
            reader = stack.enter_context(czi.open_czi(str(path), cache_options=cache))
            return CziFileset(_Source(path, layout, reader), stack)
    except BaseException:
        stack.close()
        raise


class _Source(NamedTuple):
    path: Path
    layout: CziLayout
    #: pylibCZIrw's CziReader.
    reader: Any


class _Place(NamedTuple):
    """A rectangle within an image, in pixels of some level."""

    y: int
    x: int
    height: int
    width: int


class CziFileset(OpenFileset):
    """The images of one file."""

    is_one_file = True

    def __init__(self, source: _Source, stack: ExitStack) -> None:
        """Read through ``source.reader``, which ``stack`` closes."""
        self._stack = stack
        metadata = parse_metadata(source.layout.xml)
        if not source.layout.subblocks:
            raise damaged(source.path, "it holds no image")
        found = split_images(source.layout.subblocks)
        if not found:
            raise UnsupportedFile(
                f"'{source.path.name}' holds smaller versions of its images only. Open it in"
                " ZEN and save it at full size, then import that."
            )
        names = _names(list(found), metadata)
        self.images = [
            CziImage(source, subblocks, metadata, name)
            for subblocks, name in zip(found.values(), names, strict=True)
        ]

    @override
    def close(self) -> None:
        """Close the file."""
        self._stack.close()


class CziImage(ReadImage):
    """One scene: planes put together from their tiles, those with a higher M index on top."""

    def __init__(
        self, source: _Source, subblocks: Sequence[Subblock], metadata: CziMetadata, name: str
    ) -> None:
        self._source, self._subblocks = source, subblocks
        full = [s for s in subblocks if s.is_full_size]
        if is_nonsense(full):
            raise damaged(source.path, "its directory makes no sense")
        self._at = {axis: full[0].at[axis] for axis in IMAGE_AXES if axis in full[0].at}
        coarse = coarse_planes(subblocks)
        self._factors = {key: times_smaller(blocks[0]) for key, blocks in coarse.items()}
        shown = [*full, *chain.from_iterable(coarse.values())]
        self._box = box_of(shown)
        self._axes = PlaneAxes(shown)
        self._components = components(source.path, shown, self._axes, metadata)
        largest = max(s.stored_height * s.stored_width for s in full)
        self.header = ImageHeader(
            name=name,
            size_t=self._axes.size("T"),
            size_c=len(self._components),
            size_z=self._axes.size("Z"),
            # Channels of 8 and 16 bit together: a type that holds all their numbers.
            dtype=np.result_type(*(c.pixel_type.dtype for c in self._components)).name,
            levels=levels_of(subblocks, self._box),
            channels=tuple(c.hint for c in self._components),
            pixel_size_um=metadata.pixel_size_um,
            acquired_at=metadata.acquired_at,
            random_access=largest <= _CHEAP_TILE_PX,
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Have the library put the region together, (height, width); what was never acquired is
        black, and what was only kept smaller is made larger.
        """
        component = self._components[region.c]
        scale = 2**region.level
        plane = {
            **self._at,
            **self._axes.coordinates("T", region.t),
            **self._axes.coordinates("Z", region.z),
            **component.coordinates,
        }
        factor = self._factors.get(plane_key(plane), 1)
        if factor <= scale:
            top_left = _Place(region.y, region.x, region.height, region.width)
            pixels = self._compose(component, plane, top_left, scale)
        else:
            rows = np.arange(region.y, region.y + region.height) * scale // factor
            columns = np.arange(region.x, region.x + region.width) * scale // factor
            y, x = int(rows[0]), int(columns[0])
            small = _Place(y, x, int(rows[-1]) - y + 1, int(columns[-1]) - x + 1)
            pixels = self._compose(component, plane, small, factor)
            pixels = pixels[rows - y][:, columns - x]
        return np.array(pixels, self.header.dtype)

    def _compose(
        self, component: CziComponent, plane: Mapping[str, int], place: _Place, scale: int
    ) -> npt.NDArray[np.generic]:
        """Return a place of a plane, ``scale`` times smaller, from blocks of that size."""
        height, width = place.height, place.width
        if scale > 1:
            # libCZI scales by fractions of what is asked for; where these are not exact,
            # a pixel of the neighbour shows at the seam of two tiles.
            height, width = _power_of_two(height), _power_of_two(width)
        y, x = self._box.y + place.y * scale, self._box.x + place.x * scale
        with vendor_failures(self._source.path):
            pixels = self._source.reader.read(
                roi=(x, y, width * scale, height * scale),
                scene=plane.get("S"),
                plane={axis: at for axis, at in plane.items() if axis != "S"},
                zoom=1 / scale,
                pixel_type=component.pixel_type.name,
                background_pixel=(0.0, 0.0, 0.0),
            )
        # The library hands out blue, green, red.
        sample = component.pixel_type.samples - 1 - component.sample
        found: npt.NDArray[np.generic] = pixels[: place.height, : place.width, sample]
        return found

    @override
    def check(self) -> None:
        """Look whether every subblock is there."""
        with vendor_failures(self._source.path):
            check_subblocks(self._source.path, self._source.layout.file_part, self._subblocks)


def _power_of_two(size: int) -> int:
    """Return the smallest that is not below ``size``."""
    return 1 << (size - 1).bit_length()


def _names(keys: Sequence[ImageKey], metadata: CziMetadata) -> list[str]:
    """Name each image by its scene, its block and its view where there are several."""
    several = [len({key[n] for key in keys}) > 1 for n in range(len(IMAGE_AXES))]
    names = []
    for scene, block, view in keys:
        parts = [metadata.scenes.get(scene, "")]
        parts += [f"block {block + 1}"] if several[1] else []
        parts += [f"view {view + 1}"] if several[2] else []
        names.append(" ".join(parts).strip())
    return names
