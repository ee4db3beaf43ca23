"""An archive on this computer: its manifest, and what ``archive.jsonl`` says, line by line.

What is kept in memory of an image is where its line stands; ROIs and annotations are read when
they are needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from transferapp.archive.lines import (
    ARCHIVE_NAME,
    ArchiveLine,
    ContainerLine,
    ImageLine,
    Well,
)
from transferapp.archive.reading import archive_head, archive_lines
from transferapp.errors import Invalid, NoSuchFile
from transferapp.protocol.export_manifests import (
    ListedExport,
    ListedFile,
    ListedItem,
    read_manifest,
)

_MANIFEST = ".manifest.json"
_ORIGINALS = "originals"


@dataclass(frozen=True, slots=True)
class ArchivedImage:
    """What is known of an image without reading its line again."""

    id: int
    name: str
    item: str
    #: Its place among the images of its fileset; None where nobody said.
    place: int | None
    #: Datasets and plates that it lies in.
    containers: tuple[str, ...]
    well: Well | None
    #: x, y, z, c, t.
    sizes: tuple[int, int, int, int, int]
    without_originals: bool
    #: Why the archive says nothing else of it, or not all; empty where it says all.
    problem: str
    #: Where its line stands in the file, and how long it is (bytes).
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class ArchiveSource:
    """An archive that is whole."""

    manifest: Path
    listed: ListedExport
    path: Path
    head: ArchiveLine
    containers: dict[str, ContainerLine] = field(default_factory=dict)
    images: list[ArchivedImage] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The folder that the manifest's paths begin in."""
        return self.manifest.parent

    @property
    def stem(self) -> str:
        """What files about this archive begin with: ``NAME.xxxxxxxx``."""
        return self.manifest.name.removesuffix(_MANIFEST)

    def beside(self, ending: str) -> Path:
        """Return a file that belongs to this archive."""
        return self.manifest.with_name(f"{self.stem}.{ending}")

    def here(self, file: ListedFile) -> Path:
        """Return where a file of the manifest lies on this computer."""
        return self.folder.joinpath(*file.path.split("/"))

    def items(self) -> Iterator[ListedItem]:
        """Yield the items that are filesets: all but the archive's own description."""
        return (item for item in self.listed.items if not _is_description(item))

    def line(self, image: ArchivedImage) -> ImageLine:
        """Read all that is said of an image; raises OSError."""
        with self.path.open("rb") as file:
            file.seek(image.offset)
            return ImageLine.model_validate_json(file.read(image.length))


def read_archive(manifest: Path) -> ArchiveSource:
    """Read an archive by its manifest; raises NoSuchFile, Invalid for what is no archive or of
    a newer release, Corrupt for one that is not whole.
    """
    # The workstation service, which has another current folder, gets full paths.
    manifest = manifest.absolute()
    listed = read_manifest(manifest)
    described = [item for item in listed.items if _is_description(item)]
    if listed.form != _ORIGINALS or len(described) != 1:
        raise Invalid(
            f"'{manifest.name}' is the manifest of an export that is no archive. Give the one"
            " that 'transferapp archive make' wrote."
        )
    [item] = described
    if not item.files:
        raise NoSuchFile(f"'{ARCHIVE_NAME}' has not come with this archive. Export it again.")
    path = manifest.parent.joinpath(*item.files[0].path.split("/"))
    source = ArchiveSource(manifest, listed, path, archive_head(path))
    places = _lines_of_images(path)
    # One by one: with their ROIs they may be more than fits into memory.
    for line in archive_lines(path):
        if isinstance(line, ContainerLine):
            source.containers[line.ref] = line
        elif isinstance(line, ImageLine):
            source.images.append(_image(line, *next(places)))
    return source


def _is_description(item: ListedItem) -> bool:
    paths = [file.client_path for file in item.files]
    return item.name == ARCHIVE_NAME and paths in ([], [ARCHIVE_NAME])


def _lines_of_images(path: Path) -> Iterator[tuple[int, int]]:
    """Yield offset and length of the lines of images, once each has been checked."""
    offset = 0
    with path.open("rb") as file:
        for content in file:
            if json.loads(content).get("kind") == "image":
                yield offset, len(content)
            offset += len(content)


def _image(line: ImageLine, offset: int, length: int) -> ArchivedImage:
    x, y, z, c, t = (line.sizes.get(axis, 1) for axis in "xyzct")
    return ArchivedImage(
        id=line.id,
        name=line.name or f"Image {line.id}",
        item=line.item,
        place=line.series,
        containers=line.containers,
        well=line.well,
        sizes=(x, y, z, c, t),
        without_originals=line.without_originals,
        problem=line.problem,
        offset=offset,
        length=length,
    )
