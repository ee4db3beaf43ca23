"""What an OME-XML document says, as plain records: images, where planes lie, and plates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from transferapp.errors import UnsupportedFile


@dataclass(frozen=True, slots=True)
class PlaneBlock:
    """A TiffData element: ``count`` planes in consecutive pages from ``page``.

    ``first`` counts z, c and t from 0. ``count`` is None for all pages of the file.
    ``file_name`` and ``uuid`` are empty when the planes are in the file that was read.
    """

    first: tuple[int, int, int]
    page: int
    count: int | None
    file_name: str = ""
    uuid: str = ""


@dataclass(frozen=True, slots=True)
class OmeChannel:
    """A Channel element; ``color`` is ``RRGGBB``, None where none is said."""

    name: str
    color: str | None
    samples: int
    #: Wavelengths in nanometres; None where they are not said.
    excitation_nm: float | None = None
    emission_nm: float | None = None


@dataclass(frozen=True, slots=True)
class OmeImage:
    """An Image element. ``has_pixels`` is False for a field that was not acquired."""

    id: str
    name: str
    order: str
    sizes: dict[str, int]
    dtype: str
    channels: tuple[OmeChannel, ...]
    pixel_size_um: tuple[float | None, float | None, float | None]
    acquired_at: datetime | None
    blocks: tuple[PlaneBlock, ...]
    has_pixels: bool
    #: BinData elements: the planes are in the XML itself.
    bin_data: int = 0
    #: How these are compressed, "none" where they are not.
    packings: frozenset[str] = frozenset()
    #: Seconds from one time point to the next; None where they are not said.
    time_step_s: float | None = None
    description: str = ""

    @property
    def samples(self) -> int:
        """Samples of each pixel, by what the channels say; colours share one page."""
        return max((channel.samples for channel in self.channels), default=1)

    def layout(self, samples: int) -> Layout:
        """Return how planes follow each other; raises UnsupportedFile."""
        channels, rest = divmod(self.sizes["C"], samples)
        if rest:
            raise UnsupportedFile(
                f"The image '{self.name or self.id}' has {self.sizes['C']} channels by its"
                f" OME-XML, but each of its pages holds {samples}. Export it again."
            )
        return Layout(self.order, self.sizes["Z"], channels, self.sizes["T"])


@dataclass(frozen=True, slots=True)
class Layout:
    """The planes of one image: how many in z, c and t, and in which order they are counted."""

    order: str
    size_z: int
    size_c: int
    size_t: int

    @property
    def planes(self) -> int:
        """How many planes there are."""
        return self.size_z * self.size_c * self.size_t

    def number(self, z: int, c: int, t: int) -> int | None:
        """Return a plane's number from 0; None when it is not within the image."""
        at = {"Z": (z, self.size_z), "C": (c, self.size_c), "T": (t, self.size_t)}
        number = 0
        for axis in reversed(self.order[2:]):
            index, size = at[axis]
            if index >= size:
                return None
            number = number * size + index
        return number


@dataclass(frozen=True, slots=True)
class WellPlace:
    """Where on which plate an image was taken, all counted from 0."""

    plate: int
    row: int
    column: int
    field: int


@dataclass(frozen=True, slots=True)
class OmeDocument:
    """An OME element. ``metadata_file`` names the file that holds the real one (BinaryOnly)."""

    uuid: str
    metadata_file: str = ""
    images: tuple[OmeImage, ...] = ()
    #: Names of the plates, in the document's order.
    plates: tuple[str, ...] = ()
    #: Where images were taken, by image id.
    wells: dict[str, WellPlace] = field(default_factory=dict)

    @property
    def blocks(self) -> Iterator[PlaneBlock]:
        """The blocks of all images."""
        return (block for image in self.images for block in image.blocks)
