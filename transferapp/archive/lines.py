"""The lines of ``archive.jsonl``: what an archive says of a person's containers and images.

Each line is one JSON object, told apart by its ``kind``; docs/archive.md explains every field.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

#: The newest version that is written, and read.
VERSION = 1
#: What the file is called.
ARCHIVE_NAME = "archive.jsonl"


class ArchivePart(BaseModel):
    """A part of a line; fields of newer releases are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Person(ArchivePart):
    """Whose data it is."""

    username: str
    full_name: str = ""


class Text(ArchivePart):
    """A tag or a comment."""

    value: str
    namespace: str = ""


class Pairs(ArchivePart):
    """A list of key-value pairs."""

    pairs: tuple[tuple[str, str], ...] = ()
    namespace: str = ""


class Annotations(ArchivePart):
    """What people wrote, as ``--with-annotations`` states it."""

    tags: tuple[Text, ...] = ()
    comments: tuple[Text, ...] = ()
    key_values: tuple[Pairs, ...] = ()


class ChannelName(ArchivePart):
    """A channel of an image: its name and display colour (``RRGGBB``)."""

    name: str = ""
    color: str = ""


class Length(ArchivePart):
    """A physical size."""

    value: float
    unit: str


class Well(ArchivePart):
    """In which field of which well an image is; all are counted from 0."""

    plate: str
    row: int
    column: int
    field: int = 0


class ArchiveLine(ArchivePart):
    """The first line: what it is an archive of."""

    kind: Literal["archive"] = "archive"
    version: int
    #: The id of the transfer that made it.
    id: str
    server: str = ""
    repository: str = ""
    owner: Person
    application: str = ""
    made_at: datetime | None = None


class ContainerLine(ArchivePart):
    """A project, dataset, screen or plate; ``ref`` and ``parents`` are like "Dataset:5".

    One that belongs to somebody else is here because an image of the person lies in it.
    """

    kind: Literal["container"] = "container"
    ref: str
    name: str = ""
    description: str = ""
    parents: tuple[str, ...] = ()
    owner: str = ""
    group: str = ""
    annotations: Annotations = Annotations()


class ImageLine(ArchivePart):
    """An image of the person."""

    kind: Literal["image"] = "image"
    id: int
    #: The item of the manifest that its files are in; empty where it has no original files.
    item: str = ""
    #: Its position among the images of its fileset, from 0, in the repository's own order.
    series: int | None = None
    name: str = ""
    description: str = ""
    #: The repository holds no original files of it: nothing but this line is in the archive.
    without_originals: bool = False
    #: Why nothing else is said of it, or less; empty where all is.
    problem: str = ""
    group: str = ""
    acquired_at: datetime | None = None
    #: Planes, channels, time points and pixels, by axis (t, c, z, y, x).
    sizes: dict[str, int] = Field(default_factory=dict)
    pixel_type: str = ""
    physical_sizes: dict[str, Length] = Field(default_factory=dict)
    channels: tuple[ChannelName, ...] = ()
    #: Every dataset or plate that it lies in.
    containers: tuple[str, ...] = ()
    well: Well | None = None
    annotations: Annotations = Annotations()
    #: As ``--with-annotations`` states them; ``archive.rois`` makes ROIs of them again.
    rois: tuple[dict[str, Any], ...] = ()
    #: ROIs, and shapes of others, that are not in ``rois``.
    rois_left_out: int = 0


class EndLine(ArchivePart):
    """The last line: how many lines of each kind came before, of how many items."""

    kind: Literal["end"] = "end"
    containers: int
    images: int
    items: int


Line = ArchiveLine | ContainerLine | ImageLine | EndLine
AnyLine = Annotated[Line, Field(discriminator="kind")]
