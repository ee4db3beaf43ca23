"""The port to readers: an opened fileset gives images, an image gives regions of planes.

Readers are synchronous and not thread-safe; whoever opened one calls it from one thread at
a time. They raise UnsupportedFile, EmptyFile, DamagedFile and MissingCompanion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from transferapp.model.images import Level, TileRegion

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class ChannelHint:
    """What a file says of a channel; ``None`` where it is silent. Colour is ``RRGGBB``."""

    name: str = ""
    color: str | None = None
    window: tuple[float, float] | None = None
    #: False when it is not shown at first (transparency is no light).
    active: bool = True
    #: True when one window serves all channels that say so, and colours stay as they are.
    shares_window: bool = False
    #: Wavelengths in nanometres.
    excitation_nm: float | None = None
    emission_nm: float | None = None


@dataclass(frozen=True, slots=True)
class WellPosition:
    """Where on its plate an image was taken, all counted from 0.

    ``plate`` is the plate's place in ``OpenFileset.plates``.
    """

    row: int
    column: int
    field: int
    plate: int = 0


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """All that is known of an image without reading its pixels.

    ``name`` is the series' own; empty where the file gives none. The repository puts the
    file's name in front (``names.py``).
    """

    name: str
    size_t: int
    size_c: int
    size_z: int
    #: numpy's name, for example ``uint16``.
    dtype: str
    #: The levels in the file itself; level 0 is full size.
    levels: tuple[Level, ...]
    channels: tuple[ChannelHint, ...] = ()
    #: Physical pixel sizes in micrometres (z, y, x).
    pixel_size_um: tuple[float | None, float | None, float | None] = (None, None, None)
    acquired_at: datetime | None = None
    well: WellPosition | None = None
    #: False when even a small region costs the decoding of the whole plane.
    random_access: bool = True
    #: Seconds from one time point to the next.
    time_step_s: float | None = None
    description: str = ""


class ReadImage(Protocol):
    """One image of an opened fileset."""

    #: What is known without reading pixels.
    header: ImageHeader

    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Return the region's pixels, (height, width); it lies within the level.

        The numbers are those of the header's ``dtype``, in any byte order. Planes that were
        never acquired are zeros. Raises DamagedFile, MissingCompanion, UnsupportedFile.
        """

    def check(self) -> None:
        """Look whether the pixel data is all there; raises DamagedFile, MissingCompanion.

        Levels that not all planes have are left out of ``header``.
        """


class OpenFileset(Protocol):
    """The images that a fileset's files make."""

    #: The images, in the file's order.
    images: Sequence[ReadImage]
    #: Names of the plates that the images are on; empty when they are on none.
    plates: Sequence[str] = ()
    #: Its name, when another reader might open these files too and find other images.
    reader: str = ""
    #: True when the first file was opened and no other one looked for.
    is_one_file: bool = False

    def close(self) -> None:
        """Let go of the files."""
