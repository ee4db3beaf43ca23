"""Images, their pixels, and the original files they were made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from transferapp.model.containers import ContainerRef


@dataclass(frozen=True, slots=True)
class ImageSummary:
    """One image as lists show it. Sizes are pixels, planes, channels, time points."""

    id: int
    name: str
    fileset_id: int
    owner: str
    group_id: int
    size_x: int
    size_y: int
    size_z: int
    size_c: int
    size_t: int
    dtype: str
    imported_at: datetime
    acquired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: its name, display colour (``RRGGBB``) and display window."""

    name: str
    color: str
    window_start: float
    window_end: float
    #: False when it is not shown at first (transparency is no light).
    active: bool = True
    #: Wavelengths in nanometres; None where unknown.
    excitation_nm: float | None = None
    emission_nm: float | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a pyramid: height and width in pixels."""

    size_y: int
    size_x: int


@dataclass(frozen=True, slots=True)
class Pixels:
    """The pixel array of an image: T, C, Z planes at several levels, level 0 is full size."""

    image_id: int
    name: str
    size_t: int
    size_c: int
    size_z: int
    dtype: str
    levels: tuple[Level, ...]
    channels: tuple[Channel, ...]
    #: Tile edge in pixels that the source serves best.
    tile_size: int = 512
    #: Physical pixel sizes in micrometres (z, y, x); None where unknown.
    pixel_size_um: tuple[float | None, float | None, float | None] = (None, None, None)
    #: Seconds from one time point to the next; None where unknown.
    time_step_s: float | None = None


@dataclass(frozen=True, slots=True)
class TileRegion:
    """A rectangle of one plane at one level; offsets and sizes in that level's pixels."""

    level: int
    t: int
    c: int
    z: int
    y: int
    x: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """Which images are meant: all that is given must hold; nothing given means all."""

    container: ContainerRef | None = None
    #: The id of a well.
    well: int | None = None
    #: All of a tag's text, on the image itself, whoever tagged it.
    tag: str = ""
    #: A part of the name, in letters of either case.
    text: str = ""
    #: The user name of whom it belongs to.
    owner: str = ""


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """A file as it was imported. ``client_path`` is relative to the fileset, '/'-separated."""

    id: int
    fileset_id: int
    client_path: str
    size_bytes: int
    hasher: str
    hash: str

    @property
    def name(self) -> str:
        """The last part of the client path."""
        return self.client_path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class OriginalPath:
    """Where an original file lies on a disk that this process sees."""

    file_id: int
    fileset_id: int
    path: str


@dataclass(frozen=True, slots=True)
class OriginalsSize:
    """What the original files of an image's fileset come to; its images share them."""

    image_id: int
    #: 0 where the image was made from no files.
    fileset_id: int
    file_count: int
    size_bytes: int
    #: Whether the repository gives the bytes to this person (a policy may keep them back).
    may_read: bool = True


class AnnotationKind(StrEnum):
    """The annotations we write and read."""

    TAG = "tag"
    COMMENT = "comment"
    KEY_VALUE = "key-value"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A tag or comment (``value``) or a list of pairs (``pairs``) on an image."""

    kind: AnnotationKind
    namespace: str = ""
    value: str = ""
    pairs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ImageDetails:
    """All that the details pane shows of an image."""

    summary: ImageSummary
    pixels: Pixels
    files: tuple[OriginalFile, ...]
    annotations: tuple[Annotation, ...] = ()
    container_names: tuple[str, ...] = ()
    #: What its file, or a person, says of it.
    description: str = ""
