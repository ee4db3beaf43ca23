"""The part of an image that is exported, read in blocks: what forms see of a repository."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from transferapp.conversion.cut_place import CutPlace, CutRois
from transferapp.errors import DamagedFile, Invalid
from transferapp.model.export_specs import Cut, Span
from transferapp.model.images import (
    Annotation,
    Channel,
    ImageDetails,
    OriginalFile,
    TileRegion,
)
from transferapp.model.pixel_types import shown_as

if TYPE_CHECKING:
    import numpy.typing as npt

#: Reads a region of the image, as ``ImageViews.tile`` does for one image.
TileReader = Callable[[TileRegion], Awaitable["npt.NDArray[np.generic]"]]

_OTHER_NAMES = {"float": "float32", "double": "float64"}


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of one plane of a cut, in its own pixels and planes."""

    t: int
    c: int
    z: int
    y: int
    x: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class CutImage:
    """An image as it is exported: its size and what is known of it, and its pixels by blocks.

    Sizes are those of the cut, at its level; ``pixel_size_um`` (z, y, x) is of its pixels.
    """

    image_id: int
    name: str
    size_t: int
    size_c: int
    size_z: int
    size_y: int
    size_x: int
    dtype: np.dtype[Any]
    channels: tuple[Channel, ...]
    pixel_size_um: tuple[float | None, float | None, float | None]
    annotations: tuple[Annotation, ...]
    files: tuple[OriginalFile, ...]
    place: CutPlace
    _read: TileReader = field(repr=False)
    #: Those of the part; None where they were not asked for.
    rois: CutRois | None = None
    #: Where the microscope's stage was (x, y) for the first pixel; None where unknown.
    position_um: tuple[float | None, float | None] = (None, None)
    #: A label image has no channels: it lies over all of them.
    has_channels: bool = True
    acquired_at: datetime | None = None
    description: str = ""
    #: Seconds from one time point to the next; None where unknown.
    time_step_s: float | None = None

    async def read(self, block: Block) -> npt.NDArray[np.generic]:
        """Return a block's pixels, shape (height, width), in ``dtype``.

        Raises what the repository raises: ImageNotFound, PermissionDenied, Unavailable,
        DamagedFile.
        """
        place = self.place
        region = TileRegion(
            level=place.level,
            t=place.t.first + block.t,
            c=place.channels[block.c],
            z=place.z.first + block.z,
            y=place.y.first + block.y,
            x=place.x.first + block.x,
            height=block.height,
            width=block.width,
        )
        pixels = await self._read(region)
        if pixels.shape != (block.height, block.width):
            raise DamagedFile(
                f"The repository holds fewer pixels of '{self.name}' than it should. Look at"
                " its original files."
            )
        return pixels.astype(self.dtype, copy=False)


def cut_image(details: ImageDetails, cut: Cut | None, read: TileReader) -> CutImage:
    """Return the part of an image that is asked for; raises Invalid for one that is not
    there.
    """
    pixels, cut = details.pixels, cut or Cut()
    if not 0 <= cut.level < len(pixels.levels):
        raise Invalid(
            f"'{pixels.name}' has {_counted(len(pixels.levels), 'resolution levels')},"
            " counted from 0."
            " Choose one of them."
        )
    level, full = pixels.levels[cut.level], pixels.levels[0]
    t = _span("time points", cut.t, pixels.size_t, pixels.name)
    z = _span("planes", cut.z, pixels.size_z, pixels.name)
    y = _at_level(_span("rows", cut.y, full.size_y, pixels.name), full.size_y, level.size_y)
    x = _at_level(_span("columns", cut.x, full.size_x, pixels.name), full.size_x, level.size_x)
    chosen = cut.channels or tuple(range(pixels.size_c))
    if not set(chosen) <= set(range(pixels.size_c)):
        raise Invalid(
            f"'{pixels.name}' has {_counted(pixels.size_c, 'channels')}. Choose of those."
        )
    z_um, y_um, x_um = pixels.pixel_size_um
    name = _OTHER_NAMES.get(pixels.dtype, pixels.dtype)
    known = dict(enumerate(pixels.channels))
    return CutImage(
        image_id=details.summary.id,
        name=pixels.name,
        size_t=t.count,
        size_c=len(chosen),
        size_z=z.count,
        size_y=y.count,
        size_x=x.count,
        dtype=np.dtype(shown_as(name)).newbyteorder("<"),
        channels=tuple(known[index] for index in chosen if index in known),
        pixel_size_um=(
            z_um,
            y_um and y_um * full.size_y / level.size_y,
            x_um and x_um * full.size_x / level.size_x,
        ),
        annotations=details.annotations,
        files=details.files,
        place=CutPlace(cut.level, t, z, y, x, chosen, full, level),
        _read=read,
        acquired_at=details.summary.acquired_at,
        description=details.description,
        time_step_s=pixels.time_step_s,
    )


def positioned(image: CutImage, x_um: float | None, y_um: float | None) -> CutImage:
    """Return an image that knows where the stage was for the whole of it. A part that begins
    elsewhere is so much further, where the size of its pixels is known.
    """
    _, y_size, x_size = image.pixel_size_um
    x = _moved(x_um, image.place.x.first, x_size)
    return replace(image, position_um=(x, _moved(y_um, image.place.y.first, y_size)))


def _moved(at_um: float | None, first: int, size_um: float | None) -> float | None:
    if at_um is None or not first:
        return at_um
    return None if size_um is None else at_um + first * size_um


def renamed(image: CutImage, name: str) -> CutImage:
    """Return the same image under another name."""
    return replace(image, name=name)


def _span(what: str, span: Span | None, size: int, name: str) -> Span:
    if span is None:
        return Span(0, size)
    if span.first < 0 or span.count < 1 or span.first + span.count > size:
        raise Invalid(
            f"'{name}' has {_counted(size, what)}; {span.count} from {span.first} on are not"
            " there."
            " Choose a part that lies inside the image."
        )
    return span


def _counted(count: int, what: str) -> str:
    return f"{count} {what.removesuffix('s') if count == 1 else what}"


def _at_level(span: Span, full: int, size: int) -> Span:
    """Return which pixels of a smaller level show these of the full one: at least one."""
    first = min(span.first * size // full, size - 1)
    last = -(-(span.first + span.count) * size // full)
    return Span(first, max(1, min(last, size) - first))
